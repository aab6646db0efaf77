"""How many epochs a trial may take: a few as it stands, more where somebody asks for more."""

from __future__ import annotations

from search_spaces.space import SpaceContext, TrialLike


def epochs_range(context: SpaceContext, low: int, high: int) -> tuple[int, int]:
    """From `low` to `high`, and as far as the number that all trials were asked to take.

    So that `--set epochs=100` is no error on a machine that can afford it.
    """
    asked = int(context.defaults.get("epochs") or high)
    return min(low, asked), max(high, asked)


def suggest_epochs(trial: TrialLike, context: SpaceContext, low: int, high: int) -> int:
    """Epochs of this trial; each doubling counts the same."""
    return trial.suggest_int("epochs", *epochs_range(context, low, high), log=True)
