"""A study's trials as they would stand if none had ever been interrupted.

A trial whose driver went silent is told FAIL, and a successor with its parameters is enqueued; a
failed one may be run again (`facts.py`, `origin`). Samplers and pruners must see one trial there,
at the place of the first: else the order of trials, their numbers and the values at a rung would
tell an interrupted search from one that was not, and it would go another way.

| trials of the study | place | shown |
| --- | --- | --- |
| 0 finished | 0 | 0 |
| 1 failed, 3 its successor | 1 | 3, as number 1 |
| 2 finished | 2 | 2 |
| 4 running | 3 | 4, as number 3 |
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from optuna.trial import FrozenTrial

_FIXED = "fixed_params"  # Optuna's own name for the parameters of an enqueued trial
_STANDS_FOR = ("successor", "retry")


class Succession:
    """Which trial stands where; looks at each trial of one study once.

    A trial's origin is set when it is made and never changes, so what was noted stays true.
    """

    def __init__(self) -> None:
        self.merged = 0  # trials that another one stands for
        self._place: list[int] = []  # by number
        self._newest: list[int] = []  # by place: the number that stands there now
        self._draws: list[int] = []  # by place: how many before it the sampler drew
        self._is_drawn: list[bool] = []  # by place
        self._copies: dict[int, FrozenTrial] = {}

    @property
    def drawn(self) -> int:
        """How many trials the sampler has drawn, each counted once."""
        return sum(self._is_drawn[-1:]) + sum(self._draws[-1:])

    @property
    def noted(self) -> int:
        """How many trials it knows."""
        return len(self._place)

    def note(self, trials: Sequence[FrozenTrial]) -> None:
        """Take in `trials`: all of the study's, by number."""
        for trial in trials[len(self._place) :]:
            before = self._stands_for(trial)
            if before is not None:
                self.merged += 1
                self._place.append(self._place[before])
                self._newest[self._place[before]] = trial.number
                continue
            self._draws.append(self.drawn)
            self._place.append(len(self._newest))
            self._newest.append(trial.number)
            self._is_drawn.append(is_drawn(trial))

    def place(self, number: int) -> int:
        """The number that trial `number` would have had."""
        return self._place[number]

    def draw(self, number: int) -> int | None:
        """Which of the sampler's draws trial `number` is, 0 for the first; None if it is none."""
        place = self._place[number]
        return self._draws[place] if self._is_drawn[place] else None

    def draws_before(self, number: int) -> int:
        """How many trials at earlier places the sampler drew."""
        return self._draws[self._place[number]]

    def standing(self) -> list[int]:
        """The number of the trial that stands at each place now."""
        return self._newest

    def shown(self, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        """`trials` (all of the study's, by number), one a place, numbered by place."""
        self.note(trials)
        if not self.merged:
            return list(trials)
        return [self.placed(trials[number]) for number in self._newest]

    def placed(self, trial: FrozenTrial) -> FrozenTrial:
        """`trial` with its place for a number; a copy where they differ."""
        place = self._place[trial.number]
        if place == trial.number:
            return trial
        known = self._copies.get(trial.number)
        if known is not None:
            return known
        made = copy.copy(trial)
        made.number = place
        if trial.state.is_finished():
            self._copies[trial.number] = made
        return made

    def _stands_for(self, trial: FrozenTrial) -> int | None:
        origin = trial.user_attrs.get("origin", {})
        of = str(origin.get("of", ""))
        if origin.get("kind") not in _STANDS_FOR or not of.isdigit():
            return None
        return int(of) if int(of) < trial.number else None


def is_drawn(trial: FrozenTrial) -> bool:
    """Whether the sampler drew it: neither enqueued nor taken from another study."""
    return _FIXED not in trial.system_attrs and "origin" not in trial.user_attrs
