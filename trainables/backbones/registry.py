"""The backbones by name. To add one: a `Backbone` value in a file of its own, and a line here."""

from __future__ import annotations

from search_spaces.errors import UnknownNameError, UsageError
from search_spaces.registry import Registry
from trainables.backbones.spec import Backbone

_TORCHVISION = "trainables.backbones.torchvision_nets"
_LITE = "trainables.backbones.lite"
_SCRATCH = "trainables.backbones.scratch_nets"

BACKBONES: Registry[Backbone] = Registry(
    "backbone",
    {
        "vgg16": f"{_TORCHVISION}:VGG16",
        "vgg13_bn": f"{_TORCHVISION}:VGG13_BN",
        "vgg19": f"{_TORCHVISION}:VGG19",
        "vgg19_bn": f"{_TORCHVISION}:VGG19_BN",
        "alexnet": f"{_TORCHVISION}:ALEXNET",
        "densenet161": f"{_TORCHVISION}:DENSENET161",
        "resnet18": f"{_TORCHVISION}:RESNET18",
        "mobilenet_v2": f"{_TORCHVISION}:MOBILENET_V2",
        "tf_efficientnet_lite0": f"{_LITE}:TF_EFFICIENTNET_LITE0",
        "tf_efficientnet_lite1": f"{_LITE}:TF_EFFICIENTNET_LITE1",
        "tf_efficientnet_lite2": f"{_LITE}:TF_EFFICIENTNET_LITE2",
        "resnet9": f"{_SCRATCH}:RESNET9",
        "resnet18_cifar": f"{_SCRATCH}:RESNET18_CIFAR",
        "mini_vgg": f"{_SCRATCH}:MINI_VGG",
        "mlp": f"{_SCRATCH}:MLP",
    },
    group="orchestrator.backbones",
)

TIMM_PREFIX = "timm:"


def get_backbone(name: str) -> Backbone:
    """A registered backbone, or any net of timm as `timm:NAME` (which imports torch).

    Raises:
        UnknownNameError: not registered; names the valid choices and the nearest.
        UsageError: timm has no such net; names the nearest.
    """
    if name.startswith(TIMM_PREFIX):
        from trainables.backbones.timm_nets import describe

        return describe(name.removeprefix(TIMM_PREFIX))
    if name not in BACKBONES:
        hint = "Any other net of timm is called timm:NAME."
        raise UnknownNameError(BACKBONES.kind, name, BACKBONES.names(), hint=hint)
    return BACKBONES.get(name)


def pretrained_backbones() -> tuple[str, ...]:
    """The registered ones that have weights: what a search tries where none is named."""
    return tuple(name for name in BACKBONES.names() if BACKBONES.get(name).pretrained)


def check_input_size(backbone: Backbone | str, size: int) -> None:
    """Lets a size pass that the backbone can take.

    Raises:
        UsageError: names the nearest size that works.
    """
    spec = get_backbone(backbone) if isinstance(backbone, str) else backbone
    if spec.fixed_size and size != spec.natural_size:
        raise UsageError(
            f"{spec.name} takes images of {spec.natural_size} px only.",
            got=size,
            hint=f"The nearest size that works is {spec.natural_size}.",
        )
    if size < spec.smallest_size:
        raise UsageError(
            f"{spec.name} needs images of at least {spec.smallest_size} px.",
            got=size,
            hint=f"The nearest size that works is {spec.smallest_size}.",
        )
