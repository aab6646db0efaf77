"""May two robustness figures be compared? Only if they were measured in the same way.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from search_spaces.errors import UsageError

# What a figure does not depend on, or only by rounding; and what is about the model, not about how
# it was measured. Whatever else stands in the provenance must be equal.
NOT_COMPARED = frozenset(
    {
        "forward_images", "backward_images", "seconds", "torch", "orchestrator", "library",
        "zero_gradient_share", "alarms", "warnings", "masking", "chosen", "count_asked",
        "input_size", "resize", "transferred",
    }
)  # fmt: skip
# What an older provenance does not say, and what it was then.
_UNSAID = {"attack_version": 1, "norm": "linf"}

_WORDS = {
    "attack": "the attack",
    "attack_version": "the attack's version",
    "norm": "the norm",
    "eps_255": "the epsilons, in 1/255",
    "resolution": "the resolution, in pixels",
    "sample_digest": "the attacked images",
    "count": "the number of attacked images",
    "step_255": "the length of a step, in 1/255",
    "seed": "the seed",
    "precision": "the arithmetic",
    "robust_size": "the number of attacked images",
    "union": "the nets whose perturbations were tried",
}


def differences(
    a: Mapping[str, Any], b: Mapping[str, Any], *, ignoring: Collection[str] = ()
) -> dict[str, tuple[Any, Any]]:
    """What makes two figures incomparable: by its name in the provenance, in `a` and in `b`.

    Args:
        a, b: of `RobustnessCurve.provenance`.
        ignoring: names that may differ, such as `seed` and `sample_digest` where each is the mean
            over several draws.
    """
    left_out = NOT_COMPARED | set(ignoring)
    names = [name for name in {**a, **b} if name not in left_out]
    pairs = {name: (_value(a, name), _value(b, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def comparable(
    a: Mapping[str, Any], b: Mapping[str, Any], *, ignoring: Collection[str] = ()
) -> None:
    """Does nothing where two figures may be compared; see `differences`.

    Raises:
        UsageError: they were measured differently; names every difference.
    """
    found = differences(a, b, ignoring=ignoring)
    if found:
        raise UsageError(
            f"Robustness figures can be compared only if they were measured alike. Not alike: "
            f"{told(found)}.",
            hint="Measure one of them again as the other was.",
        )


def told(found: Mapping[str, tuple[Any, Any]]) -> str:
    """Differences in words: `steps: 2 and 3; the seed: 0 and 1`; "" for none."""
    return "; ".join(
        f"{_WORDS.get(name, name)}: {_told(one)} and {_told(other)}"
        for name, (one, other) in found.items()
    )


def _value(provenance: Mapping[str, Any], name: str) -> Any:
    value = provenance.get(name, _UNSAID.get(name))
    return list(value) if isinstance(value, tuple) else value


def _told(value: Any) -> str:
    if value is None:
        return "not said"
    if isinstance(value, list | tuple) and all(isinstance(each, int | float) for each in value):
        return ", ".join(f"{each:g}" for each in value)
    return str(value)
