"""Which of several trackers sends a trial, where several drivers share a study.

Each sends the trials of its own driver. What a driver left that is dead falls to whoever can read
its files; and at the end, to everybody: two that send the same trial send the same rows.
"""

from __future__ import annotations

import socket

import psutil

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.files import is_here
from orchestrator.tracking.records import StudyRecord


class Whose:
    """Tells the trials of one driver from those of others.

    Args:
        driver: the beginning of the driver's name: host and process id; "" for somebody who sends
            for all of them (`orchestrator sync`).
    """

    def __init__(self, driver: str = "") -> None:
        self._mine = f"{driver}:" if driver else ""
        self._host = socket.gethostname()
        self._alive: dict[str, bool] = {}

    def look(self, study: StudyRecord) -> bool:
        """See who lives; whether others, too, may be sending this study."""
        started: dict[str, float] = {}
        for trial in study.trials:
            if trial.driver and not self._is_mine(trial):
                started[trial.driver] = max(started.get(trial.driver, 0.0), trial.started or 0.0)
        self._alive = {name: self._lives(name, began) for name, began in started.items()}
        return any(self._alive.values())

    def falls_to_me(self, trial: TrialFacts, *, last: bool) -> bool:
        """Whether to send it now.

        Args:
            last: what another machine may yet send is sent too, with or without its files.
        """
        if not self._mine:
            return last or _host(trial.driver) in ("", self._host) or is_here(trial)
        if not trial.driver or self._is_mine(trial):
            return True
        if _host(trial.driver) == self._host:
            return not self._alive.get(trial.driver, False)
        return last

    def _is_mine(self, trial: TrialFacts) -> bool:
        return bool(self._mine) and trial.driver.startswith(self._mine)

    def _lives(self, driver: str, began: float) -> bool:
        """Whether that driver runs; one on another machine is taken to.

        A process that is younger than the trial only got the number of its driver.
        """
        host, _, rest = driver.partition(":")
        if host != self._host:
            return True
        try:
            pid = int(rest.partition(":")[0])
            return bool(psutil.Process(pid).create_time() <= began + 1)
        except (ValueError, psutil.Error):
            return False


def _host(driver: str) -> str:
    return driver.partition(":")[0]
