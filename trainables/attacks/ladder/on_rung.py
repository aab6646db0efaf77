"""One rung: attack image after image, on all nets in the race, until its decision is settled.

Shapes: M nets, N images of the sample, B of them in one look.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np

from trainables.attacks.base import Attack
from trainables.attacks.ladder.contender import Contender
from trainables.attacks.ladder.kept import Perturbations
from trainables.attacks.ladder.race import Race
from trainables.attacks.ladder.rungs import LadderBudget, Rung
from trainables.attacks.ladder.verdict import AboveGate
from trainables.reports import Progress


@dataclass
class OnRung:
    """The state of one rung.

    Args:
        nets: that came so far.
        order_N: rows of the sample, in the order in which they are attacked.
        gates: by net; empty where none is asked for.
        budget: of this rung.
        look: images between two looks at the verdicts.
        found: perturbations that broke a net, by its name.
    """

    rung: Rung
    attack: Attack
    nets: Sequence[Contender]
    order_N: np.ndarray
    race: Race
    gates: Sequence[AboveGate]
    budget: LadderBudget
    look: int
    found: dict[str, list[Perturbations]] = field(default_factory=dict)
    ended: str = ""

    def __post_init__(self) -> None:
        self.before_MN = np.stack([net.standing_N for net in self.nets])
        self.reached_MN = np.zeros_like(self.before_MN)  # attacked on this rung
        self._passes = [net.passes for net in self.nets]
        self._seconds = [net.seconds for net in self.nets]
        self._began = time.monotonic()

    def run(self) -> Generator[Progress, None, None]:
        """Look after look; `ended` says why it ended."""
        waiting, done = self.order_N, 0
        while True:
            active = self._active()
            if not active:
                self.ended = "its decision is settled"
                return
            matters = self.before_MN[active][:, waiting].any(axis=0)
            waiting = waiting[matters]
            if not len(waiting):
                self.ended = "the whole sample was attacked"
                return
            size = self._affordable(active, waiting[: self.look], done)
            if size == 0:
                return
            self._attack(active, waiting[:size])
            waiting, done = waiting[size:], done + size
            yield Progress(f"{self.rung.name} on {len(active)} nets", done, done + len(waiting))

    @property
    def settled(self) -> bool:
        """Whether the decision is that of the attack on the whole sample, as far as bounds go."""
        told = not self.race.undecided and all(gate.verdict.settled for gate in self.gates)
        decides = len(self.nets) > 1 or bool(self.gates)
        whole = bool((self.reached_MN | ~self.before_MN).all())
        return told if decides else whole

    def passes_of(self, m: int) -> int:
        """Of a net, on this rung."""
        return self.nets[m].passes - self._passes[m]

    def seconds_of(self, m: int) -> float:
        """Of a net, on this rung."""
        return self.nets[m].seconds - self._seconds[m]

    def _active(self) -> list[int]:
        """Nets whose outcome something still hangs on."""
        if len(self.nets) == 1 and not self.gates:
            return [0]  # there is no decision: its accuracy is all that can be asked for
        going = set(self.race.undecided)
        if self.rung.whole:
            going = set(range(len(self.nets))) - set(self.race.outside)
        going |= {m for m, gate in enumerate(self.gates) if not gate.verdict.settled}
        return sorted(going)

    def _attack(self, active: Sequence[int], rows_B: np.ndarray) -> None:
        for m in active:
            net = self.nets[m]
            self.found.setdefault(net.name, []).append(net.attack(self.attack, rows_B))
            self.reached_MN[m, rows_B] = True
            if self.gates:
                self.gates[m].hear(rows_B, net.standing_N[rows_B])
        self.race.hear(rows_B, {m: self.nets[m].standing_N[rows_B] for m in active})

    def _affordable(self, active: Sequence[int], rows_B: np.ndarray, done: int) -> int:
        """How many of these images the budget has room for; 0 also says why, in `ended`.

        At what images have cost on this rung so far; before the first, at the most that they can.
        """
        passes = sum(self.passes_of(m) for m in range(len(self.nets)))
        seconds = time.monotonic() - self._began
        each = (passes / done, seconds / done) if done else self._at_most(active, rows_B)
        words = (f"{self.budget.passes or 0:,} passes", f"{self.budget.seconds or 0:.3g} s")
        limits = (self.budget.passes, self.budget.seconds)
        fits = len(rows_B)
        for limit, spent, cost, said in zip(limits, (passes, seconds), each, words, strict=True):
            if limit is None or cost <= 0:
                continue
            # The first image is always attacked: a rung that found nothing out is of no use.
            room = max(int((limit - spent) / cost), 0 if done else 1)
            if room == 0:
                self.ended = f"its {said} were spent"
            fits = min(fits, room)
        return fits

    def _at_most(self, active: Sequence[int], rows_B: np.ndarray) -> tuple[float, float]:
        """Passes and seconds that an image can cost, on all nets together."""
        passes = seconds = 0.0
        for m in active:
            net = self.nets[m]
            known = self.attack.most_passes(net.classes) or (0, 0)
            standing = float(self.before_MN[m, rows_B].mean())
            passes += standing * sum(known)
            seconds += standing * sum(known) * net.seconds / max(1, net.passes)
        return passes, seconds
