"""Configs that the study has finished already, by their digest."""

from __future__ import annotations

import optuna
from optuna.trial import FrozenTrial, TrialState

_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
TIRED_REPEATS = 3  # in a row: then points are drawn at random until a new one is found
MOST_REPEATS = 25  # in a row: then there is nothing new left in the space, or next to nothing


class Finished:
    """Finds the trial that has finished with the same config; looks at each trial once.

    Args:
        study: whose trials it reads, all of them at first.
        alone: no other driver adds to them: what ends from now on is `note`d.
    """

    def __init__(self, study: optuna.Study, *, alone: bool) -> None:
        self._study, self._alone = study, alone
        self._by_digest: dict[str, int] = {}
        self._seen: set[int] = set()
        self._read()

    def note(self, digest: str, number: int) -> None:
        """A trial has ended here, finished or stopped early."""
        self._by_digest.setdefault(digest, number)

    def find(self, digest: str) -> FrozenTrial | None:
        """The first trial of this digest that ran to its end here, or was stopped early."""
        if not self._alone:
            self._read()
        number = self._by_digest.get(digest)
        return None if number is None else self._study.get_trials(deepcopy=False)[number]

    def _read(self) -> None:
        for trial in self._study.get_trials(deepcopy=False, states=_ENDED):
            if trial.number not in self._seen:
                self._seen.add(trial.number)
                held = trial.user_attrs.get("start", {}).get("digest")
                if held and "repeat_of" not in trial.user_attrs.get("end", {}):
                    self.note(held, trial.number)


def trailing_repeats(study: optuna.Study) -> int:
    """Answered trials since the last one that was not: a search that goes on counts them too."""
    count = 0
    for trial in reversed(study.get_trials(deepcopy=False)):
        if "repeat_of" not in trial.user_attrs.get("end", {}):
            break
        count += 1
    return count
