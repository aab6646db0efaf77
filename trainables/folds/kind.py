"""How a trial is validated, as `--validation` takes it: `split`, or `kfold:FOLDSxREPEATS`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from search_spaces.errors import UsageError

SPLIT = "split"
_WRITTEN = re.compile(r"kfold:(\d{1,6})(?:x(\d{1,6}))?")
_EXAMPLE = "kfold:5x4 is 5 folds, drawn anew 4 times."


@dataclass(frozen=True)
class KFold:
    """Stratified k-fold cross-validation over the labelled images, repeated with fresh folds."""

    folds: int
    repeats: int

    def __str__(self) -> str:
        """As it is typed."""
        return f"kfold:{self.folds}x{self.repeats}"

    @property
    def trainings(self) -> int:
        """Models that are trained beside the one that is kept."""
        return self.folds * self.repeats

    @property
    def overlap(self) -> float:
        """Share of the labelled images in a fold: Nadeau and Bengio's correlation of two folds."""
        return 1 / self.folds


def parse_validation(text: str) -> KFold | None:
    """`kfold:5x4`, or `kfold:5` for one repeat; None for `split`.

    Raises:
        UsageError: anything else, fewer than 2 folds, no repeat.
    """
    if text == SPLIT:
        return None
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        rule = f"Validation is by {SPLIT}, or by kfold:FOLDSxREPEATS."
        raise UsageError(rule, got=text, hint=_EXAMPLE)
    kfold = KFold(int(found[1]), int(found[2] or 1))
    if kfold.folds < 2 or kfold.repeats < 1:
        rule = "Cross-validation needs 2 folds and 1 repeat at least."
        nearest = KFold(max(2, kfold.folds), max(1, kfold.repeats))
        raise UsageError(rule, got=text, hint=f"The nearest is {nearest}.")
    return kfold


def as_typed(text: str) -> str:
    """The one way of writing what `text` means."""
    return str(parse_validation(text) or SPLIT)
