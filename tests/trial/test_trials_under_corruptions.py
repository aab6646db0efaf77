"""Corruptions as figures of a trial: equal to doing it by hand, kept in its files, planned."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from trial_parts import SMALL, run

from orchestrator.plan.corrupting import with_corruptions
from orchestrator.plan.estimating import estimate
from orchestrator.plan.goals import check_metric
from orchestrator.plan.value import Resources
from orchestrator.plan.workload import CORRUPTING_SECONDS, Workload
from orchestrator.request import SearchRequest
from search_spaces.errors import UnknownNameError, UsageError
from search_spaces.finding import find_space
from trainables.attacks.figures import is_under_attack, is_under_corruption
from trainables.config import TrialConfig
from trainables.corruptions import SEVERITIES
from trainables.corruptions.corruption import corrupted
from trainables.evaluating import trial_classifier
from trainables.record import read_report, write_report
from trainables.reports import Progress, Report, TrialReport
from trainables.setup import prepare

FIELDS: dict[str, Any] = {"corruptions": "fog,contrast", "attack": "none", "epochs": 2, "seed": 3}
Both = tuple[list[Report], TrialReport]


@pytest.fixture(scope="module")
def measured() -> Both:
    return run(**FIELDS)


def test_the_figures_are_those_of_the_same_images_corrupted_by_hand(measured: Both) -> None:
    reports, report = measured
    config = SMALL.replace(**FIELDS)
    setup = prepare(config)
    rows = setup.splits.robust
    images, labels = setup.data.images_NHWC[rows], np.asarray(setup.data.labels_N)[rows]
    classify = trial_classifier(config, setup, report.weights)
    by_hand = {
        name: tuple(
            float((classify(corrupted(images, name, s, seed=3)).argmax(1) == labels).mean())
            for s in SEVERITIES
        )
        for name in ("fog", "contrast")
    }
    assert report.corruptions is not None
    assert dict(report.corruptions.accuracy) == by_hand
    assert report.corruptions.clean == float((classify(images).argmax(1) == labels).mean())
    metrics = report.metrics
    assert metrics["corruption_acc"] == pytest.approx(
        fmean(share for shares in by_hand.values() for share in shares)
    )
    assert metrics["corruption_acc_fog"] == pytest.approx(fmean(by_hand["fog"]))
    assert metrics["corruption_n"] == 30 and metrics["corruption_passes"] == 30 * 11
    assert metrics["corruption_seconds"] > 0 and "robust_score" not in metrics
    assert {each.stage for each in reports if isinstance(each, Progress)} >= {"corrupting"}
    assert report.corruptions.provenance["seed"] == 3
    assert report.corruptions.provenance["precision"] == "float32"


def test_the_files_of_the_trial_hold_them(measured: Both, tmp_path: Path) -> None:
    report = measured[1]
    write_report(report, SMALL.replace(**FIELDS), tmp_path)
    again = read_report(tmp_path).report.corruptions
    assert again is not None and report.corruptions is not None
    assert again.accuracy == report.corruptions.accuracy
    assert again.to_json() == report.corruptions.to_json()


@pytest.mark.parametrize(
    ("metric", "attacked", "corrupted_"),
    [
        ("corruption_acc", False, True),
        ("corruption_acc_fog", False, True),
        ("corruption_seconds", False, False),
        ("robust_acc", True, False),
        ("val_acc", False, False),
    ],
)
def test_what_kind_of_figure_it_is(metric: str, attacked: bool, corrupted_: bool) -> None:
    assert (is_under_attack(metric), is_under_corruption(metric)) == (attacked, corrupted_)
    check_metric(metric, ours=True)


def test_a_goal_that_no_corruption_gives_is_unknown() -> None:
    with pytest.raises(UnknownNameError, match="corruption_acc_fog"):
        check_metric("corruption_acc_fgo", ours=True)


def _with(request: SearchRequest, **named: str) -> str:
    space = find_space("backbone_compare")
    return with_corruptions(TrialConfig(**named), request, space, named).corruptions


@pytest.mark.parametrize(
    ("request_", "named", "expected"),
    [
        ({}, {}, "none"),
        ({"objective": "val_acc,corruption_acc"}, {}, "all"),
        ({"objective": "val_acc", "target": "corruption_acc>=0.5"}, {}, "all"),
        ({"objective": "val_acc,-train_seconds", "constraints": ("corruption_acc_fog>=0.2",)}, {},
         "fog"),
        ({"objective": "+corruption_acc_snow,corruption_acc_fog"}, {}, "snow,fog"),
        ({"objective": "corruption_acc"}, {"corruptions": "fog,noise"},
         "gaussian_noise,shot_noise,impulse_noise,fog"),
        ({}, {"corruptions": "fog, snow"}, "snow,fog"),
    ],
)  # fmt: skip
def test_a_goal_turns_on_what_it_needs(
    request_: dict[str, Any], named: dict[str, str], expected: str
) -> None:
    assert _with(SearchRequest(**request_), **named) == expected


@pytest.mark.parametrize(
    ("objective", "corruptions"), [("corruption_acc", "none"), ("corruption_acc_snow", "fog")]
)
def test_a_goal_that_is_not_to_be_measured_is_refused(objective: str, corruptions: str) -> None:
    with pytest.raises(UsageError, match=f"{objective} is measured only.*--set corruptions=all"):
        _with(SearchRequest(objective=objective), corruptions=corruptions)


def test_the_plan_counts_their_passes_and_the_time_to_make_them() -> None:
    recipe = TrialConfig(corruptions="noise,fog", attack="none")  # four of them
    work = Workload(
        train=100, val=50, attack=20, trials=3, precision="float32", device="cpu", recipe=recipe
    )
    one = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
    sizes = {"tf_efficientnet_lite0": (128,)}
    found = estimate(sizes, work, one, lambda *_: 100.0)
    passes = 20 * (4 * 5 + 1)
    made = 20 * 4 * 5 * CORRUPTING_SECONDS
    assert found.corrupt == pytest.approx(3 * (passes / 100 + made))
    assert found.attack == 0
    parts = found.start + found.extract + found.head + found.corrupt
    assert found.total == pytest.approx(parts)
