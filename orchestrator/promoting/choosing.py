"""Which finalist, and which of its trainings, is put forward: decided on validation images alone.

The configuration is the one with the best mean over the repeats. Its weights are those of the
repeat that did best on its own validation images: each repeat was trained by the same recipe on
as many labels as a trial of the search, none has seen a test image, and the test figure is that of
these very weights. That its validation figure is the best of a few flatters it, so the mean over
the repeats is what is said of the configuration. Nothing is trained on the validation labels, too:
a net that no held-out image has ever judged could not be told from one that went wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from orchestrator.comparing import check_repeats, read_comparison
from orchestrator.comparing.comparison import ArmResult
from orchestrator.promoting.candidate import Candidate, Finalist
from orchestrator.promoting.finalists import ROBUST
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.spec import ComparisonSpec
from orchestrator.views.numbers import percent
from search_spaces.errors import TrialFailed


def choose_candidate(result: SearchResult, *, min_robust: float | None = None) -> Candidate:
    """Of a study of finalists whose repeats have run.

    Args:
        min_robust: bound on the mean robust score over the repeats, as far as it was measured.

    Raises:
        TrialFailed: no finalist has two finished repeats, or none reaches the bound.
        UsageError: they are chosen by a figure under attack, and were not attacked alike.
    """
    spec, held = result.spec, result.spec.comparison
    assert held is not None
    check_repeats(result.results, spec)
    metric, maximize = spec.objectives[0].metric, spec.objectives[0].direction == "maximize"
    runs = _runs(result.results, held)
    rows = _finalists(read_comparison(result.results, spec).arms, held, runs, min_robust)
    able = [row for row in rows if not row.reason]
    if not able:
        told = "; ".join(f"trial {row.trial}: {row.reason}" for row in rows) or "none has finished"
        raise TrialFailed(f"Refused: no finalist of {held.source} can be put forward: {told}.")
    first = able[0]
    sign = 1 if maximize else -1
    trial = max(runs[first.trial], key=lambda run: (sign * run.metrics[metric], -run.number))
    return _candidate(result, held, rows, first, trial)


def _runs(trials: Sequence[TrialResult], held: ComparisonSpec) -> dict[int, list[TrialResult]]:
    """Finished repeats by the number of their configuration's trial."""
    found: dict[int, list[TrialResult]] = {arm.of: [] for arm in held.arms.values()}
    for trial in trials:
        arm = held.arms.get(str(trial.params.get("arm")))
        if trial.state == "finished" and arm is not None and not trial.repeat:
            found[arm.of].append(trial)
    return found


def _finalists(
    arms: Sequence[ArmResult],
    held: ComparisonSpec,
    runs: Mapping[int, Sequence[TrialResult]],
    min_robust: float | None,
) -> tuple[Finalist, ...]:
    rows = []
    for arm in arms:
        of = held.arms[arm.name].of
        mean = arm.mean
        reason = _too_weak(runs[of], min_robust)
        if mean.repeats < min(2, held.repeats):
            reason = f"{mean.repeats} of its {held.repeats} repeats finished"
        rows.append(Finalist(of, arm.label, arm.values, mean.mean, mean.low, mean.high, reason))
    return tuple(rows)


def _too_weak(runs: Sequence[TrialResult], least: float | None) -> str:
    scores = [run.metrics.get(ROBUST, math.nan) for run in runs]
    known = [score for score in scores if math.isfinite(score)]
    if least is None or not known:
        return ""
    mean = sum(known) / len(known)
    if mean >= least:
        return ""
    return f"a mean robust score of {percent(mean)} % on validation, below {percent(least)} %"


def _candidate(
    result: SearchResult,
    held: ComparisonSpec,
    rows: tuple[Finalist, ...],
    first: Finalist,
    trial: TrialResult,
) -> Candidate:
    spec = result.spec
    return Candidate(
        study=held.source,
        trial=first.trial,
        label=first.label,
        repeats_study=spec.name,
        repeats_trial=trial.number,
        repeat=int(trial.params["repeat"]) + 1,
        run_id=trial.run_id or "",
        metric=spec.objectives[0].metric,
        finalists=rows,
        data=spec.data.name,
        data_digest=spec.data.digest,
        split_digest="",
        seed=int(trial.config["seed"]),
        split_seed=int(trial.config["split_seed"]),
        seeds=tuple(held.first_seed + repeat for repeat in range(held.repeats)),
        metrics=dict(trial.metrics),
    )
