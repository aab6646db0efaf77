"""Which trials are attacked: those that lead the study, put together again on the same images."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.attacking.request import AttackRequest
from orchestrator.evaluating.choice import chosen_trial
from orchestrator.evaluating.source import Source, find_source
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.pareto import feasible
from search_spaces.errors import OrchestratorError, UsageError
from trainables.attacks.provenance import sample_digest
from trainables.config import TrialConfig
from trainables.evaluating import prepare_again
from trainables.reports import Progress, RobustnessCurve
from trainables.setup import TrialSetup

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class FrontRunner:
    """A trial whose net is here again.

    Args:
        curve: of its own attack in the search; None where it had none.
    """

    trial: TrialResult
    source: Source
    setup: TrialSetup
    curve: RobustnessCurve | None

    @property
    def name(self) -> str:
        """`trial 7`."""
        return f"trial {self.trial.number}"

    @property
    def attacked_N(self) -> np.ndarray:
        """Its robustness sample: places in the data's training images."""
        return self.setup.splits.robust

    @property
    def config(self) -> TrialConfig:
        """What was tried."""
        assert self.source.record is not None
        assert isinstance(self.source.record.config, TrialConfig)  # `prepare_again` refuses others
        return self.source.record.config

    def model(self) -> nn.Module:
        """From pixels to logits, in the arithmetic of the trial."""
        from trainables.trial_model import trial_model

        assert self.source.record is not None
        return trial_model(self.config, self.setup, self.source.record.report.weights)


@dataclass(frozen=True)
class LeftOut:
    """A trial that leads, and cannot be attacked beside the others."""

    trial: int
    reason: str


def front_runners(
    result: SearchResult, request: AttackRequest
) -> Generator[Progress, None, tuple[tuple[FrontRunner, ...], tuple[LeftOut, ...]]]:
    """The trials, best first; and those that cannot be attacked on the same images, with reasons.

    Raises:
        UsageError: there is no such trial, or no finished one, or none has attacked images.
        UnavailableError: none of them can be put together again.
    """
    chosen = _chosen(result, request)
    found: list[FrontRunner] = []
    left_out: list[LeftOut] = []
    first: OrchestratorError | None = None
    digest = ""
    for trial in chosen:
        yield Progress(f"loading trial {trial.number}")
        try:
            runner = _again(result, trial, request)
        except OrchestratorError as error:
            first = first or error
            left_out.append(LeftOut(trial.number, str(error)))
            continue
        own = _digest(runner)
        if digest and own != digest:
            reason = (
                f"its validation images are others than those of trial {found[0].trial.number}, "
                "which it may have been trained on"
            )
            left_out.append(LeftOut(trial.number, reason))
            continue
        digest = own
        found.append(runner)
    if not found:
        assert first is not None
        raise first
    return tuple(found), tuple(left_out)


def _chosen(result: SearchResult, request: AttackRequest) -> list[TrialResult]:
    spec = result.spec
    if not spec.has_images:
        rule = "Only nets can be attacked; a trainable of one's own leaves none."
        raise UsageError(rule, got=spec.trainable)
    if request.trials:
        return [chosen_trial(result.results, spec, number) for number in request.trials]
    known = [trial for trial in result.ranked if feasible(trial, spec)]
    if len(spec.objectives) > 1:
        front = {trial.number for trial in result.front}
        known = [trial for trial in known if trial.number in front]
        known.sort(key=lambda trial: -_score(trial))
    if not known:
        rule = f"{result.study} has no finished trial that holds all constraints."
        raise UsageError(rule, hint="Name some: --trials 3,7")
    return known[: request.top]


def _score(trial: TrialResult) -> float:
    score = trial.metrics.get("robust_score", math.nan)
    return score if math.isfinite(score) else -math.inf


def _again(result: SearchResult, trial: TrialResult, request: AttackRequest) -> FrontRunner:
    name = f"{result.study}/{trial.number}"
    source = find_source(name, storage=request.storage, tracking=request.tracking_uri)
    assert source.record is not None
    setup = prepare_again(source.record, device=request.device)
    if not len(setup.splits.robust):
        raise UsageError(f"Trial {trial.number} has no validation images that could be attacked.")
    return FrontRunner(trial, source, setup, source.record.report.robustness)


def _digest(runner: FrontRunner) -> str:
    data, rows = runner.setup.data, runner.attacked_N
    return sample_digest(data.images_NHWC[rows], np.asarray(data.labels_N[rows]))
