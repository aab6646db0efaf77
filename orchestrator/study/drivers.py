"""Several drivers at one study: each shows that it lives, and takes over from those that do not.

The study's database keeps the time of each running trial's last sign of life by its own clock, so
that two machines' clocks need not agree (Optuna's table of heartbeats). The trial of a driver that
went silent is failed and a successor enqueued that names it, in one turn of `claims.turn`; a driver
that comes back from the dead finds its trial ended and cannot tell it any more.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Container
from contextlib import suppress
from functools import cache

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.study.facts import read_facts
from orchestrator.study.queue import enqueue, known_params

BEAT_SECONDS = float(os.environ.get("ORCHESTRATOR_BEAT_SECONDS", "5"))
# A driver that was silent for longer is taken for dead. All drivers of a study want the same.
GRACE_SECONDS = float(os.environ.get("ORCHESTRATOR_GRACE_SECONDS", "60"))
SILENT = "its driver went silent"


@cache
def driver_name() -> str:
    """Host, process id and a random part: another process that gets this id is not this one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Heartbeat:
    """Signs of life for the running trials of this driver, from a thread of its own.

    Args:
        study: in a database that several drivers share.
        beat: seconds between two signs.
        grace: seconds of silence after which `reap` gives a trial away.
    """

    def __init__(
        self, study: optuna.Study, *, beat: float = BEAT_SECONDS, grace: float = GRACE_SECONDS
    ) -> None:
        self._study, self._beat = study, beat
        self._storage = _backend(study)
        # Read by Optuna's own query for stale trials; `optimize` alone would set them.
        self._storage.heartbeat_interval = max(1, round(beat))
        self._storage.grace_period = max(1, round(grace))
        self._grace = grace
        self._watched: dict[int, int] = {}
        self._first_seen: dict[int, float] = {}  # trials without a sign of life, by our own clock
        self._reaped = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> Heartbeat:
        """Start beating."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop beating."""
        self._over.set()
        self._thread.join()

    def watch(self, number: int, trial_id: int) -> None:
        """Beat for this trial, now and from now on."""
        self._storage.record_heartbeat(trial_id)
        self._watched[number] = trial_id

    def unwatch(self, number: int) -> None:
        """It has ended, or is no longer ours."""
        self._watched.pop(number, None)

    def keep(self, running: Container[int]) -> None:
        """Beat for these only: a claim that failed half-way, its turn was lost, is given away."""
        for number in [number for number in self._watched if number not in running]:
            self.unwatch(number)

    def reap(self) -> list[int]:
        """Take over from silent drivers; call it within `claims.turn`. Their trials' numbers."""
        if time.monotonic() - self._reaped < self._beat:
            return []
        self._reaped = time.monotonic()
        trials = self._study.get_trials(deepcopy=False)
        silent = [trial for trial in self._silent(trials) if trial.number not in self._watched]
        for trial in silent:
            self._fail(trial)
        followed = {trial.user_attrs.get("origin", {}).get("of") for trial in trials}
        for trial in [*silent, *_unfollowed(trials)]:
            if str(trial.number) not in followed:  # else its reaper died in between
                params, of = known_params(trial), str(trial.number)
                enqueue(self._study, params, "successor", of=of, more=trial.system_attrs)
        return [trial.number for trial in silent]

    def _silent(self, trials: list[FrozenTrial]) -> list[FrozenTrial]:
        stale = set(self._storage._get_stale_trial_ids(self._study._study_id))
        running = [trial for trial in trials if trial.state == TrialState.RUNNING]
        now = time.monotonic()
        mute = set()
        for trial in running:
            # A driver that died between its claim and its first beat left no time to be stale.
            first = self._first_seen.setdefault(trial.number, now)
            if not trial.user_attrs.get("start") and now - first > self._grace:
                mute.add(trial.number)
        return [trial for trial in running if trial._trial_id in stale or trial.number in mute]

    def _fail(self, trial: FrozenTrial) -> None:
        facts = read_facts(trial)
        now = time.time()
        end = {"state": "lost", "reason": f"{SILENT}; a successor goes on", "ended": now}
        seconds = max(0.0, now - (facts.started or now))
        with suppress(optuna.exceptions.UpdateFinishedTrialError):  # it came back and told it
            storage = self._storage
            storage.set_trial_user_attr(trial._trial_id, "end", {**end, "seconds": seconds})
            storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)

    def _run(self) -> None:
        while not self._over.wait(self._beat):
            for number, trial_id in list(self._watched.items()):
                with suppress(optuna.exceptions.OptunaError, SQLAlchemyError):
                    if number in self._watched:
                        self._storage.record_heartbeat(trial_id)


def _unfollowed(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Trials that were failed for silence; those among them without a successor need one."""
    return [
        trial
        for trial in trials
        if trial.state == TrialState.FAIL
        and str(trial.user_attrs.get("end", {}).get("reason", "")).startswith(SILENT)
    ]


def _backend(study: optuna.Study) -> RDBStorage:
    storage = study._storage
    backend = getattr(storage, "_backend", storage)
    assert isinstance(backend, RDBStorage)
    return backend
