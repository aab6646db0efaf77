"""What a trainable yields, brought into one form: reports whose figures are finite floats.

A trainable may yield plain mappings: each is one epoch's figures (its "epoch", else 1, 2, 3, ...),
and the mapping that it returns, or else the last one, is its result.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from numbers import Real
from typing import Any

from search_spaces.errors import Diverged, TrialFailed
from trainables.checkpoint import Checkpoint
from trainables.reports import EpochReport, Progress, Report, TrialReport


def read_reports(
    given: Generator[Any, None, Any], checkpoint: Checkpoint
) -> Generator[Report, None, None]:
    """`Progress*`, `EpochReport*` with epochs ascending, one `TrialReport` last; closes `given`.

    Raises:
        Diverged: a figure is not finite; names it and its epoch.
        TrialFailed: what is yielded is no report, or there is none.
    """
    reader = _Reader(checkpoint)
    with closing(given):
        final = yield from _until_final(given, reader, checkpoint)
    yield final


def _until_final(
    given: Generator[Any, None, Any], reader: _Reader, checkpoint: Checkpoint
) -> Generator[Report, None, TrialReport]:
    while True:
        try:
            report = reader.read(next(given))
        except StopIteration as end:
            return reader.result(end.value)
        except SystemExit as error:
            raise TrialFailed(f"The trial called sys.exit({error.code!r}).") from error
        if note := checkpoint.take_note():
            yield Progress(note)
        if isinstance(report, TrialReport):
            return report
        yield report


class _Reader:
    """Turns what is yielded into reports; knows the epoch, and the figures of the last mapping."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._epoch = -1  # the last one that this run of the trainable reported
        self._last: Mapping[str, float] | None = None

    def read(self, given: Any) -> Report:
        """The report that `given` is."""
        if isinstance(given, Progress):
            return given
        if isinstance(given, TrialReport):
            return self._final(given)
        if isinstance(given, EpochReport):
            return self._epoch_report(given.epoch, _figures(given.metrics))
        if isinstance(given, Mapping):
            # A trial that loaded a checkpoint counts on from there.
            number = max(self._epoch, self._checkpoint.reported) + 1
            epoch = _whole(given["epoch"]) if "epoch" in given else number
            self._last = _figures({key: given[key] for key in given if key != "epoch"})
            return self._epoch_report(epoch, self._last)
        raise TrialFailed(
            "A trial yields a dict of figures for each epoch, or a value of trainables/reports.py. "
            f"Got: {given!r}."
        )

    def result(self, returned: Any) -> TrialReport:
        """What the trial ends with when it has yielded all."""
        if isinstance(returned, TrialReport):
            return self._final(returned)
        if isinstance(returned, Mapping):
            metrics = {key: returned[key] for key in returned if key != "epoch"}
            return self._final(TrialReport(metrics))
        if self._last is None:
            raise TrialFailed("the trial ended without a final report")
        return TrialReport(self._last)

    def _epoch_report(self, epoch: int, metrics: Mapping[str, float]) -> EpochReport:
        if epoch <= self._epoch:
            raise TrialFailed(
                f"A trial reports each epoch once, in order: {epoch} came after {self._epoch}."
            )
        _check_finite(metrics, f"in epoch {epoch}")
        # Before the report is handed on: when the trial runs again, it has been.
        self._epoch = self._checkpoint.reported = epoch
        return EpochReport(epoch, metrics)

    def _final(self, report: TrialReport) -> TrialReport:
        metrics = _figures(report.metrics)
        after = f", after epoch {self._epoch}" if self._epoch >= 0 else ""
        _check_finite(metrics, f"in the final report{after}")
        return replace(report, metrics=metrics)


def _figures(given: Mapping[Any, Any]) -> dict[str, float]:
    return {_name(name): _figure(name, value) for name, value in given.items()}


def _name(name: Any) -> str:
    if isinstance(name, str):
        return name
    raise TrialFailed(f"Figures have names in words. Got: {name!r}.")


def _figure(name: str, value: Any) -> float:
    """A float of a number, or of a scalar of NumPy or torch."""
    plain = value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        plain = value.item()
    if isinstance(plain, Real):
        try:
            return float(plain)
        except OverflowError:
            return math.inf  # which is not finite either
    kind = type(value).__name__
    raise TrialFailed(f"A figure is one number. {name!r} is of type {kind}: {value!r:.100}")


def _whole(value: Any) -> int:
    number = _figure("epoch", value)
    if number >= 0 and number.is_integer():
        return int(number)
    raise TrialFailed(f"An epoch is a whole number from 0 on. Got: {value!r}.")


def _check_finite(metrics: Mapping[str, float], when: str) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise Diverged(f"{name} is not finite {when}: {value}.")
