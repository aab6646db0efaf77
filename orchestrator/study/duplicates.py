"""Configs that the study has finished already, by their digest."""

from __future__ import annotations

import optuna
from optuna.trial import FrozenTrial, TrialState

_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
MOST_REPEATS = 25  # in a row: then there is nothing new left in the space, or next to nothing


class Finished:
    """Finds the trial that has finished with the same config; looks at each trial once.

    Args:
        study: whose trials it reads.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._by_digest: dict[str, FrozenTrial] = {}
        self._seen: set[int] = set()

    def find(self, digest: str) -> FrozenTrial | None:
        """The first trial of this digest that ran to its end here, or was stopped early."""
        for trial in self._study.get_trials(deepcopy=False, states=_ENDED):
            if trial.number not in self._seen:
                self._seen.add(trial.number)
                held = trial.user_attrs.get("start", {}).get("digest")
                if held and "repeat_of" not in trial.user_attrs.get("end", {}):
                    self._by_digest.setdefault(held, trial)
        return self._by_digest.get(digest)
