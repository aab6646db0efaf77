"""What a study holds of one trial: written by the conductor, read by everybody else.

The attributes of an Optuna trial are few and fat, since each of them is a transaction:

| attribute | when | what |
| --- | --- | --- |
| `origin` | when it is enqueued | `kind`, `of`; none of a trial that the sampler drew |
| `label`, `config` | at its start | what was tried, in a line and in full |
| `start` | at each start | `digest`, `folder`, `started`, `attempt` and when it `began`, ... |
| `gate` | with each report | value by step, only where the gate metric is not the one objective |
| `metrics` | at its end | final figures by their public names |
| `end` | at each end | `state`, `reason`, `ended`, `seconds`, `worker`, `stopped_at`, `repeat_of` |
| | where the fault was its own | also `failure`, as in `messages.py` |

A trial that was stopped, or whose worker was lost, waits under its own number (WAITING) and goes on
as its next attempt, in a folder of its own. Only where several drivers share a study is the trial
of a driver that went silent failed, and a successor enqueued that names it: a driver that comes
back from the dead cannot tell a trial that the study holds as ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.names import trial_label

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


@dataclass(frozen=True)
class TrialFacts:
    """One trial as the study holds it.

    Args:
        state: `waiting`, `running`, `finished`, `pruned`, `failed` or `stopped`. The study knows
            WAITING only for one that was stopped and waits to go on: that is `stopped`.
        reason: why it is in that state, in words; empty when it simply finished.
        origin: `sampled`, `baseline`, `try`, `successor`, `retry` or `warm_start`.
        of: the trial that a successor, a retry or a repeat stands for (its number), or
            `STUDY/NUMBER` of a warm start.
        repeat: answered from trial `of`, since its config was the same; nothing was run.
        attempt: 1 for the first; each start after a stop or a loss is the next.
        losses: workers lost in a row without a new epoch.
        folder: of the newest attempt.
        started, ended: Unix seconds; `seconds` are those of all attempts together.
        exempt: the pruner's word was noted but not followed, for the fidelity report.
        stopped_at: the step at which the pruner stopped it, or would have stopped an exempt one.
        steps: value of the gate metric by step.
        ended_by: how its last attempt ended: `finished`, `pruned`, `failed`, `stopped`, `lost` or
            `memory`; empty while the first one runs.
        driver: who ran it: host, process id and a random part.
        worker: host and process id of the process that ran it.
        counts: whether it is one of the trials that `--trials` asks for.
    """

    number: int
    state: str
    label: str
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    values: tuple[float, ...] = ()
    digest: str = ""
    folder: str = ""
    attempt: int = 1
    losses: int = 0
    origin: str = "sampled"
    of: str = ""
    repeat: bool = False
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    ended_by: str = ""
    driver: str = ""
    worker: str = ""
    exempt: bool = False
    stopped_at: int | None = None
    steps: Mapping[int, float] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Finished or pruned here, by a run of its own."""
        ended = self.state in ("finished", "pruned")
        return ended and not self.repeat and self.origin != "warm_start"


def read_facts(trial: FrozenTrial) -> TrialFacts:
    """The facts of one trial; what is missing (a trial that was only enqueued) is left empty."""
    held = trial.user_attrs
    origin, start, end = held.get("origin", {}), held.get("start", {}), held.get("end", {})
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    config = held.get("config", {})
    stopped = trial.state == TrialState.WAITING and bool(end)
    return TrialFacts(
        number=trial.number,
        state="stopped" if stopped else STATES[trial.state],
        label=held.get("label") or trial_label(params, config),
        reason=end.get("reason", ""),
        params=params,
        config=config,
        metrics=held.get("metrics", {}),
        values=tuple(trial.values or ()),
        digest=start.get("digest", ""),
        folder=start.get("folder", ""),
        attempt=int(start.get("attempt", 1)),
        losses=int(start.get("losses", 0)),
        origin=origin.get("kind", "sampled"),
        of=str(end.get("repeat_of", origin.get("of", ""))),
        repeat="repeat_of" in end,
        started=start.get("started") or _seconds(trial.datetime_start),
        ended=end.get("ended") or _seconds(trial.datetime_complete),
        seconds=end.get("seconds"),
        ended_by=end.get("state", ""),
        driver=start.get("driver", ""),
        worker=end.get("worker", ""),
        exempt=bool(start.get("exempt", False)),
        stopped_at=end.get("stopped_at"),
        steps=gate_values(trial),
    )


def gate_values(trial: FrozenTrial) -> dict[int, float]:
    """Values of the gate metric by step, ascending, wherever the study keeps them."""
    beside = trial.user_attrs.get("gate")
    held = {int(step): value for step, value in beside.items()} if beside else {}
    return dict(sorted((held or trial.intermediate_values).items()))


def _seconds(moment: Any) -> float | None:
    return None if moment is None else float(moment.timestamp())
