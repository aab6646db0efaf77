"""The configuration that the tests of a trial share, and how to run it to its end."""

from __future__ import annotations

from typing import Any

from trainables.config import TrialConfig
from trainables.reports import EpochReport, Progress, Report, TrialReport
from trainables.trial import train

# MobileNet with random weights at 32 px: 2 ms an image.
SMALL = TrialConfig(
    data="digits",
    backbone="mobilenet_v2",
    weights="random",
    input_size=32,
    train_size=200,
    val_size=100,
    robust_size=30,
    epochs=12,
    lr=1e-3,
    precision="float32",
    threads=1,
)


def run(**changes: Any) -> tuple[list[Report], TrialReport]:
    """All reports of `SMALL` with `changes`, and the last of them."""
    reports = list(train(SMALL.replace(**changes)))
    last = reports[-1]
    assert isinstance(last, TrialReport)
    assert all(isinstance(report, Progress | EpochReport) for report in reports[:-1])
    return reports, last
