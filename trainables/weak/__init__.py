"""What unlabelled images are worth: methods of weak supervision by name.

To add one: a `WeakMethod` in a file of its own, and a line here. Importing this imports no torch.
"""

from search_spaces.options import read_options, split_name, with_defaults
from search_spaces.registry import Registry
from trainables.weak.kind import UNLABELLED, Labelling, PseudoLabels, WeakMethod
from trainables.weak.learning import WeakHead, WeakSpec, learn

_HERE = "trainables.weak"

ALONE = "none"  # what `TrialConfig.weak` takes for training on the labels alone

WEAK: Registry[WeakMethod] = Registry(
    "weak supervision",
    {
        "none": f"{_HERE}.none:NONE",
        "pseudo_label": f"{_HERE}.pseudo_label:PSEUDO_LABEL",
        "label_spreading": f"{_HERE}.label_spreading:LABEL_SPREADING",
        "cluster_then_label": f"{_HERE}.cluster_then_label:CLUSTER_THEN_LABEL",
        "fixmatch": f"{_HERE}.fixmatch:FIXMATCH",
        "teacher": f"{_HERE}.teacher:TEACHER",
    },
    group="orchestrator.weak_supervision",
)


def parse_weak(text: str) -> WeakSpec:
    """`pseudo_label` or `pseudo_label:threshold=0.9,rounds=3`, with every option resolved.

    Raises:
        UsageError: an unknown name or option, or a value out of range; names the nearest.
    """
    name, options = split_name(text)
    method = WEAK.get(name)
    given = read_options(f"{WEAK.kind} {name}", method.options, options)
    return WeakSpec(method, with_defaults(method.options, given))


def weak_as_typed(text: str) -> str:
    """`text` in the one way of writing it: options in order, none that is at its default.

    Raises:
        UsageError: as `parse_weak`.
    """
    return str(parse_weak(text))


__all__ = [
    "ALONE",
    "UNLABELLED",
    "WEAK",
    "Labelling",
    "PseudoLabels",
    "WeakHead",
    "WeakMethod",
    "WeakSpec",
    "learn",
    "parse_weak",
    "weak_as_typed",
]
