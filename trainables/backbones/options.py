"""A net's depth, width and dropout, for those that have them. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.errors import UsageError
from trainables.backbones.spec import Backbone

_NO_WEIGHTS = frozenset({"body_dropout"})  # options that no weight depends on


def check_options(spec: Backbone, options: Mapping[str, Any]) -> None:
    """Lets options pass that `spec.build` takes.

    Raises:
        UsageError: one that this net does not have; names those it has.
    """
    unknown = sorted(set(options) - set(spec.options))
    if unknown:
        rule = f"{spec.name} has no option {unknown[0]}."
        raise UsageError(rule, hint=f"It has: {', '.join(spec.options) or 'none'}.")


def feature_count(spec: Backbone, options: Mapping[str, Any] | None = None) -> int:
    """F, the length of the feature vector of `spec` built with `options`.

    Built without memory (on the meta device) where depth or width are other than the net's own.

    Raises:
        UsageError: an option, or a value of it, that this net does not take.
    """
    shape = {name: value for name, value in (options or {}).items() if name not in _NO_WEIGHTS}
    if not shape:
        return spec.features
    import torch

    check_options(spec, shape)
    size = spec.natural_size
    with torch.device("meta"), torch.no_grad():
        return int(spec.build(**shape).eval()(torch.zeros(1, 3, size, size)).shape[1])


def random_digest(seed: int, options: Mapping[str, Any] | None = None) -> str:
    """What stands for a weights file's digest: `random-<seed>`, and depth and width where given."""
    shape = sorted((set(options or {})) - _NO_WEIGHTS)
    return "-".join([f"random-{seed}", *(f"{name}{(options or {})[name]}" for name in shape)])
