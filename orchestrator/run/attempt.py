"""One attempt at one trial, where it runs: drives the generator of reports and leaves its files.

The same code serves a Ray worker and `--local`. Knows neither the study nor Ray.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import traceback
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.study.messages import Assignment, Failure, Message
from search_spaces.errors import InfeasibleTrial, OrchestratorError, TrialFailed, UsageError

_RECORD = "error.json"
_TRACEBACK = "error.txt"


class Attempt:
    """Iterate over it for `Message`s, the last one `final`; close it to end it early.

    An exception of the trial leaves a record in the trial's folder (see `read_failure`) and is
    raised again; a worker that is killed leaves none, which is how the two are told apart.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._folder = Path(assignment.folder)
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._messages = self._run()

    def __iter__(self) -> Attempt:
        return self

    def __next__(self) -> Message:
        return replace(next(self._messages), worker=self._worker)

    def close(self) -> None:
        """End the trial where it stands; what it wrote so far stays."""
        self._messages.close()

    def _run(self) -> Generator[Message, None, None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (_RECORD, _TRACEBACK):
            (self._folder / name).unlink(missing_ok=True)
        try:
            yield from self._reports()
        except Exception as error:
            self._leave_record(error)
            raise

    def _reports(self) -> Generator[Message, None, None]:
        from trainables.config import TrialConfig
        from trainables.record import append_history, write_config, write_report
        from trainables.reports import EpochReport, Progress

        config = TrialConfig.model_validate(self._assignment.config)
        write_config(config, self._folder)
        for report in load_trainable(self._assignment.trainable)(config):
            if isinstance(report, Progress):
                yield Message("progress", stage=report.stage, done=report.done, total=report.total)
            elif isinstance(report, EpochReport):
                append_history(self._folder, report)
                yield Message("epoch", epoch=report.epoch, metrics=dict(report.metrics))
            else:
                write_report(report, config, self._folder)
                yield Message("final", metrics=dict(report.metrics))
                return
        raise TrialFailed("the trial ended without a final report")

    def _leave_record(self, error: Exception) -> None:
        record = {"failure": _classify(error), "reason": _reason(error)}
        (self._folder / _TRACEBACK).write_text(traceback.format_exc())
        (self._folder / _RECORD).write_text(json.dumps(record))


def load_trainable(place: str) -> Any:
    """The generator function at `module:function`.

    Raises:
        UsageError: there is none.
    """
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError("A trainable is named package.module:function.", got=place) from error


def read_failure(folder: str) -> tuple[Failure, str]:
    """What a failed attempt left in its folder; no record means that its worker was lost."""
    try:
        record: Mapping[str, Any] = json.loads((Path(folder) / _RECORD).read_text())
        return record["failure"], record["reason"]
    except (OSError, ValueError, KeyError):
        return "lost", "its worker went away without a word"


def _classify(error: Exception) -> Failure:
    if isinstance(error, InfeasibleTrial):
        return "infeasible"
    return "failed" if isinstance(error, OrchestratorError) else "bug"


def _reason(error: Exception) -> str:
    if isinstance(error, OrchestratorError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
