"""`timm:NAME`: any net of timm, described from timm's own pretrained_cfg. Imports torch."""

from __future__ import annotations

import difflib
from functools import cache, partial
from pathlib import PurePosixPath
from typing import Any, cast
from urllib.parse import urlsplit

import timm
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones.download import TimmHub, UrlHub
from trainables.backbones.spec import Backbone, Hub, StateDict, WeightsSource
from trainables.backbones.stages import last_stage_by_timm

SIZES = (64, 96, 128, 160, 192, 224)
STRIDE = 32  # of nearly every net that has no smallest size of its own


@cache
def describe(name: str) -> Backbone:
    """The backbone `timm:<name>`; `name` may carry a tag (`resnet50.a1_in1k`).

    Raises:
        UsageError: timm has no such net or tag (names the nearest), or it is not for RGB images.
    """
    config = _config(name)
    channels, natural_size, _ = config.input_size
    if channels != 3:
        raise UsageError(f"A backbone takes RGB images, timm:{name} takes {channels} channels.")
    parameters, features = _measure(name)
    smallest_size = min(natural_size, (config.min_input_size or (3, STRIDE, STRIDE))[-1])
    fixed = bool(config.fixed_input_size)
    sensible = {size for size in SIZES if smallest_size <= size < natural_size}
    return Backbone(
        name=f"timm:{name}",
        library="timm",
        features=features,
        parameters=parameters,
        natural_size=natural_size,
        smallest_size=natural_size if fixed else smallest_size,
        sizes=(natural_size,) if fixed else (*sorted(sensible), natural_size),
        mean=tuple(config.mean),
        std=tuple(config.std),
        interpolation=config.interpolation,
        build=partial(_build, name),
        weights=_source(config),
        body_state=partial(_body_state, name),
        fixed_size=fixed,
        last_stage=last_stage_by_timm,
    )


def _config(name: str) -> Any:
    """timm's PretrainedCfg (untyped there)."""
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3, cutoff=0.5)
        hint = f"The nearest: {', '.join(near)}." if near else "timm.list_models() lists them."
        raise UsageError("timm:NAME takes a net that timm has.", got=name, hint=hint)
    try:
        config = timm.models.get_pretrained_cfg(name)
    except RuntimeError as error:  # an unknown tag
        tags = ", ".join(timm.list_pretrained(f"{name.partition('.')[0]}.*"))
        raise UsageError(f"{error}", hint=f"There are: {tags}.") from None
    if config is None:
        raise UsageError("timm:NAME takes a net with a pretrained_cfg.", got=name)
    return config


def _measure(name: str) -> tuple[int, int]:
    """(parameters of the whole net, length of its feature vector), without drawing weights."""
    try:
        with torch.device("meta"):
            net = timm.create_model(name)
    except (RuntimeError, NotImplementedError):  # it reads a value while it is built
        net = timm.create_model(name)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    # Not num_features: mobilenetv3 and ghostnet widen once more before their classifier.
    features = getattr(net, "head_hidden_size", None) or net.num_features
    return parameters, cast(int, features)


def _build(name: str) -> nn.Module:
    return timm.create_model(name, pretrained=False, num_classes=0)


def _body_state(name: str, state: StateDict) -> StateDict:
    """Through timm's own loader, strictly: it knows how each net's file is to be renamed."""
    overlay = {"state_dict": dict(state)}
    net = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)
    cast(Any, net).reset_classifier(0)
    return net.state_dict()


def _source(config: Any) -> WeightsSource:
    """Where timm says the weights are; nowhere for nets that were never published."""
    url_file = PurePosixPath(urlsplit(config.url or "").path).name
    hub: Hub | None = None
    if config.hf_hub_id:
        hub = TimmHub(config.hf_hub_id, config.hf_hub_filename)
    elif url_file:
        hub = UrlHub("timm", url_file, partial(str, config.url))
    # A file for another framework (.npz) is left to timm's hub, which has it converted.
    readable = url_file.endswith((".pth", ".pt", ".safetensors"))
    return WeightsSource(files=(url_file,) if readable else (), hub=hub)
