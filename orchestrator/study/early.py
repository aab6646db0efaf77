"""Stops trials early by the study's pruner, for any number of objectives and drivers.

Everything the pruner goes by lies in the study: values by step, and the rungs that a trial has
reached, which are system attributes of it. So it survives a restart and is shared by all drivers.

| edge | what happens |
| --- | --- |
| not finite | not kept, never stops; divergence is somebody else's to notice |
| the same step told twice | the first value stays, and the answer is the same |
| no trial there before | goes on |
| equal values | as Optuna has it: on a par with the last one that goes on, it goes on |
| a trial told to stop that goes on all the same (exempt) | its later values count as any other's |
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import optuna
from optuna.trial import FrozenTrial

from orchestrator.study.gate import GATE, gate_study
from orchestrator.study.spec import ObjectiveSpec


@dataclass(frozen=True)
class StopDecision:
    """Whether to stop a trial now, and why, in words for a person; no reason where not."""

    stop: bool
    reason: str = ""


class EarlyStopper:
    """Asks the pruner at each report of a trial.

    Args:
        study: the study itself.
        pruner: an Optuna pruner; a `StatedPruner` is asked only where it may stop a trial, and
            says why it did.
        gate: the metric that it looks at.
        native: whether the gate is the study's single objective. Then values are kept as Optuna
            keeps them, where its dashboard and its samplers find them; else in the trial's
            attribute `gate`: Optuna takes none with several objectives, and would mistake those of
            another metric for the objective.
    """

    def __init__(
        self,
        study: optuna.Study,
        pruner: optuna.pruners.BasePruner,
        gate: ObjectiveSpec,
        *,
        native: bool,
    ) -> None:
        self._pruner, self._gate, self._native = pruner, gate, native
        self._view, self._storage = gate_study(study, gate.direction, native=native)
        self._last: dict[int, tuple[int, StopDecision]] = {}  # by trial: its last step's answer

    def report(self, trial: optuna.Trial, step: int, value: float) -> StopDecision:
        """Keep the gate's value at `step` (an epoch, 1 for the first), and decide."""
        if not math.isfinite(value):
            return StopDecision(False)
        held = self._values(trial)
        if step in held:
            return self._again(trial, step, max(held))
        before = max(held, default=None)
        self.keep(trial, step, value)
        asked = self._may_stop(before, step)
        decision = self._decide(trial, step) if asked else StopDecision(False)
        self._last[trial.number] = step, decision
        return decision

    def keep(self, trial: optuna.Trial, step: int, value: float) -> None:
        """Keep the value without a decision; the first one at a step stays."""
        held = self._values(trial)
        if step in held or not math.isfinite(value):
            return
        if self._native:
            trial.report(value, step)
        else:
            kept = {str(key): each for key, each in {**held, step: float(value)}.items()}
            trial.set_user_attr(GATE, kept)

    def _again(self, trial: optuna.Trial, step: int, last: int) -> StopDecision:
        """The answer at a step that was told before; worked out anew where a restart lost it."""
        known = self._last.get(trial.number)
        if known is not None and known[0] == step:
            return known[1]
        return self._decide(trial, step) if step == last else StopDecision(False)

    def _decide(self, trial: optuna.Trial, step: int) -> StopDecision:
        frozen = self._storage.as_seen(trial._get_latest_trial())
        if frozen.last_step != step or not self._pruner.prune(self._view, frozen):
            return StopDecision(False)  # a report that was overtaken decides nothing
        return StopDecision(True, f"stopped early at epoch {step}: {self._why(frozen, step)}")

    def _values(self, trial: optuna.Trial) -> dict[int, float]:
        return self._storage.values(trial._get_latest_trial())

    def _may_stop(self, before: int | None, step: int) -> bool:
        asked = getattr(self._pruner, "may_stop", None)
        return True if asked is None else bool(asked(before, step))

    def _why(self, frozen: FrozenTrial, step: int) -> str:
        figure = f"{self._gate.metric} {frozen.intermediate_values[step]:.4g}"
        asked = getattr(self._pruner, "why", None)
        if asked is None:
            return f"{figure} was too little for {type(self._pruner).__name__}"
        return f"{figure} {asked(self._view, frozen)}"


def is_exempt(seed: int, key: str, share: float) -> bool:
    """Whether the trial `key` (its config's digest, say) is never stopped early.

    A draw by hash: the same after a restart and on every driver, and independent of the sampler's.
    """
    digest = hashlib.sha256(f"exempt/{seed}/{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
