"""`asha:first_rung=2,reduction=4`: a pruner and its options, as people type them."""

from __future__ import annotations

from orchestrator.study.pruners.kind import PrunerKind
from orchestrator.study.spec import PrunerSpec
from search_spaces import options as typed


def read_options(kind: PrunerKind, text: str) -> PrunerSpec:
    """The pruner with the options in `text` (`first_rung=2,reduction=4`), the others by default.

    Raises:
        UsageError: an option it does not have, one twice, or a value out of range.
    """
    given = typed.read_options(f"pruner {kind.name}", kind.options, text)
    return PrunerSpec(name=kind.name, options=typed.with_defaults(kind.options, given))
