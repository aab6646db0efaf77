"""The candidate against the present champion on the test split: from two nets to `Evidence`.

Each comparison opens the test split once, for both, and is counted. The candidate's own showing
is kept: where somebody else's champion takes the place meanwhile, only that one is new. Each is
attacked by itself, then both are scored under the union (`union.py`).

Shapes: N test images, H W C an image.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from orchestrator.evaluating.openings import count_openings, note_opening
from orchestrator.evaluating.source import Source
from orchestrator.promoting.candidate_net import candidate_net, latency_p95_ms, pixels_to_logits
from orchestrator.promoting.champion import load_champion
from orchestrator.promoting.evidence import Evidence, Showing, Survival
from orchestrator.promoting.measuring import (
    TestImages,
    open_test_images,
    right_on,
    survival_on,
    with_masking,
)
from orchestrator.promoting.request import PromoteRequest
from orchestrator.promoting.strongest import ChosenAttack, choose_attack
from orchestrator.promoting.union import Attacked, score_together
from orchestrator.tracking.registry import Version
from search_spaces.errors import UsageError
from trainables.attacks import NO_ATTACK
from trainables.attacks.transfer import Transferable
from trainables.evaluating import prepare_again
from trainables.record import TrialRecord
from trainables.reports import Progress
from trainables.setup import TrialSetup

MASKING_SECONDS = 60.0
"""About so long to look for signs of masked gradients on each of the two, at the most."""
GRIDS = {
    "linf": (0.0, 0.5, 1.0, 2.0, 4.0, 8.0),
    "l2": (0.0, 8.0, 16.0, 32.0, 64.0, 128.0),
}
"""Epsilons of every promotion in 1/255, by norm: up to where a robust score is counted."""


@dataclass
class Contest:
    """One candidate, put together again.

    Args:
        record: of the training whose weights it has.
        source: the study whose openings of the test split are counted.
    """

    record: TrialRecord
    source: Source
    request: PromoteRequest
    setup: TrialSetup
    _attack: ChosenAttack | None = None
    _shown: Attacked | None = None
    _test: TestImages | None = None
    openings: int = field(default=0, init=False)

    @classmethod
    def begin(cls, record: TrialRecord, source: Source, request: PromoteRequest) -> Contest:
        """Finds the data and weights again, the same as when it was trained.

        Raises:
            UsageError: data, split or weights have changed since, or there is no test split.
            UnavailableError: they cannot be had here.
        """
        setup = prepare_again(record, device="cpu")
        if not setup.data.test_count:
            rule = "A promotion is decided on test images, and this data has none."
            raise UsageError(rule, got=setup.data.name)
        return cls(record, source, request, setup)

    def against(
        self, champion: Version | None, tracking_uri: str
    ) -> Generator[Progress, None, Evidence]:
        """What both show on the test images.

        Raises:
            UsageError: the champion tells other classes apart.
            UnavailableError: the champion's files are not to be had, or the opening cannot be
                written down.
        """
        yield Progress("loading the candidate and the champion")
        net = candidate_net(self.record)
        own, other = pixels_to_logits(net), None
        if champion is not None:
            other = load_champion(champion, tracking_uri, self.setup.data.classes)
        yield from self._choose_attack([own, *([other] if other is not None else [])])
        latency = None
        if self.request.max_latency_ms is not None and self._shown is None:
            yield Progress("measuring the latency")
            latency = latency_p95_ms(net, np.asarray(self.setup.data.images_NHWC[:2]))
        self._open(champion)
        if self._shown is None:
            self._shown = yield from self._show("the candidate", own, latency)
        if champion is None or other is None:
            return Evidence(self._shown.showing)
        against = yield from self._show(f"version {champion.number}", other, None)
        assert self._test is not None
        # From its own attack each time: an earlier champion's perturbations met that one alone.
        shown = yield from score_together(self._shown, against, self._test)
        return Evidence(*shown, champion.number)

    def _choose_attack(self, nets: list[nn.Module]) -> Generator[Progress, None, None]:
        """Once: in a second comparison the attack is the same as in the first."""
        if self._attack is not None or self.request.attack == NO_ATTACK:
            return
        # Without images set aside (validation=kfold:...) the attack is chosen on training images.
        rows_V = self.setup.splits.val if len(self.setup.splits.val) else self.setup.splits.train
        self._attack = yield from choose_attack(
            self.request.attack,
            nets,
            self.setup.data.images_NHWC[rows_V],
            np.asarray(self.setup.data.labels_N)[rows_V],
            GRIDS["linf"],
            count=min(self.request.attack_images, self.setup.data.test_count),
            seconds=self.request.attack_seconds,
        )

    def _open(self, champion: Version | None) -> None:
        who = f" against version {champion.number} of {champion.name}" if champion else ""
        note_opening(self.source)
        self._test = open_test_images(
            self.setup.data,
            purpose=f"{self.source.name}{who}",
            attacked=self.request.attack_images,
        )
        self.openings = count_openings(self.source, self.setup.data)[0]

    def _show(
        self, name: str, net: nn.Module, latency: float | None
    ) -> Generator[Progress, None, Attacked]:
        assert self._test is not None
        right_N = yield from right_on(net, self._test)
        survival: Survival | None = None
        broke: Transferable | None = None
        if self._attack is not None:
            grid = GRIDS[self._attack.attack.norm]
            height, width, channels = self._test.images_NHWC.shape[1:]
            broke = Transferable((channels, height, width))
            survival = yield from survival_on(net, self._test, self._attack, grid, broke=broke)
            seconds = min(MASKING_SECONDS, self.request.attack_seconds)
            survival = yield from with_masking(net, self._test, survival, seconds)
        return Attacked(name, net, Showing(right_N, survival, latency), broke)
