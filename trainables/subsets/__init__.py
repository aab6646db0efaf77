"""Which images to label: strategies by name. Importing this imports no torch.

To add one: a `SubsetStrategy` in a file of its own, and a line here.
"""

from search_spaces.options import Option, read_options, split_name, with_defaults
from search_spaces.registry import Registry
from trainables.subsets.choosing import Choice, candidates, choose
from trainables.subsets.hidden import HiddenLabelRead, HiddenLabels
from trainables.subsets.kind import Choosing, SubsetStrategy
from trainables.subsets.options import SubsetSpec
from trainables.subsets.oracle import LabelOracle, LabelRefused

_HERE = "trainables.subsets"

SUBSETS: Registry[SubsetStrategy] = Registry(
    "subset strategy",
    {
        "stratified": f"{_HERE}.stratified_draw:STRATIFIED",
        "random": f"{_HERE}.random_draw:RANDOM",
        "first": f"{_HERE}.first:FIRST",
        "margin": f"{_HERE}.margin:MARGIN",
        "entropy": f"{_HERE}.entropy:ENTROPY",
        "least_confidence": f"{_HERE}.least_confidence:LEAST_CONFIDENCE",
        "margin_class": f"{_HERE}.margin_class:MARGIN_CLASS",
        "coreset": f"{_HERE}.coreset:CORESET",
        "typiclust": f"{_HERE}.typiclust:TYPICLUST",
        "herding": f"{_HERE}.herding:HERDING",
        "tomek": f"{_HERE}.tomek:TOMEK",
        "tomek_links": f"{_HERE}.tomek_links:TOMEK_LINKS",
        "class_distance": f"{_HERE}.class_distance:CLASS_DISTANCE",
    },
    group="orchestrator.subset_strategies",
)


def parse_subset(text: str) -> SubsetSpec:
    """`margin` or `margin:start=750,batch=50`, with every option resolved.

    Raises:
        UsageError: an unknown name or option, or a value out of range; names the nearest.
    """
    name, options = split_name(text)
    strategy = SUBSETS.get(name)
    given = read_options(f"{SUBSETS.kind} {name}", strategy.options, options)
    return SubsetSpec(strategy, with_defaults(strategy.options, given))


__all__ = [
    "SUBSETS",
    "Choice",
    "Choosing",
    "HiddenLabelRead",
    "HiddenLabels",
    "LabelOracle",
    "LabelRefused",
    "Option",
    "SubsetSpec",
    "SubsetStrategy",
    "candidates",
    "choose",
    "parse_subset",
]
