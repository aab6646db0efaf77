"""On what terms a ladder decides."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.errors import UsageError
from trainables.attacks.ladder.verdict import ALPHA, MARGIN


@dataclass(frozen=True)
class Terms:
    """What the decisions of all rungs share.

    Args:
        margin: nets within this share of the sample of each other are alike.
        alpha: probability that any verdict of a rung is wrong.
        gate: accuracy that the last rung tells each of its nets to hold or not; None: no gate.
        attack_seed: of the attacks' random starts.
        look: images between two looks at the verdicts.

    Raises:
        UsageError: one of them is out of its range.
    """

    margin: float = MARGIN
    alpha: float = ALPHA
    gate: float | None = None
    attack_seed: int = 0
    look: int = 16

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 1:
            raise UsageError("A margin is a share from 0 to 1, such as 0.02.", got=self.margin)
        if not 0 < self.alpha < 0.5:
            rule = "A level is between 0 and 0.5, such as 0.05."
            raise UsageError(rule, got=self.alpha)
        if self.gate is not None and not 0 < self.gate <= 1:
            hint = f"{self.gate:g} % is {self.gate / 100:g}." if 1 < self.gate <= 100 else ""
            raise UsageError("A gate is a share above 0, up to 1.", got=self.gate, hint=hint)
        if self.look < 1:
            raise UsageError("A look is at one image or more.", got=self.look)
