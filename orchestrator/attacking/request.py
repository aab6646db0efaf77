"""`AttackRequest`: what a person asked for, before anything is looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from search_spaces.errors import UsageError
from trainables.attacks.ladder.rungs import RUNGS, Rung
from trainables.attacks.ladder.verdict import MARGIN

TOP = 5
SECONDS = 600.0


@dataclass(frozen=True)
class AttackRequest:
    """One call of `orchestrator attack`, or of `orchestrator.attack()`.

    Args:
        study: that was searched (default: the newest).
        top: trials that are attacked, best first; of a study with several objectives those on its
            Pareto front with the highest `robust_score`.
        trials: by number, instead of the best.
        eps_255: epsilon in 1/255 (default: the largest of the study's own up to 8, in L2 128, at
            which one of the trials still had a fifth of the images right).
        seconds, passes: for all rungs together; None: no limit.
        gate: accuracy under attack that each finalist is to be told to hold or not.
        margin: trials within this share of the images of each other are alike.
        seed: of the attacks' random starts.
        rungs: the attacks in turn, cheapest first.
        device: cpu, cuda or cuda:N (default: a GPU if there is one).

    Raises:
        UsageError: something that cannot be.
    """

    study: str | None = None
    top: int = TOP
    trials: tuple[int, ...] = ()
    eps_255: float | None = None
    seconds: float | None = SECONDS
    passes: int | None = None
    gate: float | None = None
    margin: float = MARGIN
    seed: int = 0
    rungs: tuple[Rung, ...] = RUNGS
    device: str = "auto"
    storage: str | None = None
    tracking_uri: str | None = None

    def __post_init__(self) -> None:
        if self.top < 1:
            raise UsageError("--top is at least 1.", got=self.top)
        if len(set(self.trials)) < len(self.trials):
            raise UsageError("--trials names each trial once.", got=list(self.trials))
        eps = self.eps_255
        if eps is not None and not (math.isfinite(eps) and eps > 0):
            raise UsageError("--eps is above 0, in units of 1/255, such as 8.", got=eps)
        if eps is not None and eps < 0.01:
            hint = f"Did you mean --eps {255 * eps:.3g}?"
            raise UsageError("--eps is in units of 1/255, such as 8.", got=eps, hint=hint)
        if not self.rungs:
            raise UsageError("A ladder has one rung or more.", got=0)
        if self.seed < 0:
            raise UsageError("--seed is 0 or more.", got=self.seed)
        for flag, share in (("--gate", self.gate), ("--margin", self.margin)):
            if share is not None and not 0 <= share < 1:
                hint = f"{share:g} % is {flag} {share / 100:g}." if 1 <= share <= 100 else ""
                raise UsageError(f"{flag} is a share below 1.", got=share, hint=hint)
        if self.gate is not None and self.gate == 0:
            raise UsageError("--gate is a share above 0.", got=0, hint="Leave it away for none.")
