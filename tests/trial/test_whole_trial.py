"""Whole trials on digits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from trial_parts import SMALL, run

from search_spaces.errors import InfeasibleTrial, TrialFailed, UnknownNameError, UsageError
from trainables.bodies import KEPT, cached_body, forget_bodies
from trainables.data import load
from trainables.reports import EpochReport, Progress, Report, TrialReport
from trainables.trial import train

Small = tuple[list[Report], TrialReport]


def _figures(report: TrialReport) -> dict[str, float]:
    return {name: v for name, v in report.metrics.items() if not name.endswith("_seconds")}


def test_a_trial_reports_progress_epochs_and_one_result(small: Small) -> None:
    reports, report = small
    epochs = [r.epoch for r in reports if isinstance(r, EpochReport)]
    assert epochs == [2, 4, 6, 8, 10, 12]
    assert [row["epoch"] for row in report.history] == list(range(1, 13))
    stages = {r.stage for r in reports if isinstance(r, Progress)}
    assert "attacking" in stages
    eps = {f"fgsm_acc_eps_{n}" for n in ("0", "0.5", "1", "2", "4", "8", "16")}
    assert set(report.metrics) == eps | {
        "train_acc", "train_loss", "val_acc", "val_loss", "val_balanced_acc", "val_ece",
        "overfit_gap", "best_epoch", "best_val_loss", "fgsm_acc", "robust_acc", "robust_score",
        "robust_n", "attack_passes", "pgd10_acc", "second_acc", "second_passes", "train_seconds",
        "extract_seconds", "attack_seconds",
    }  # fmt: skip
    assert all(math.isfinite(value) for value in report.metrics.values())


def test_a_random_body_still_tells_digits_apart(small: Small) -> None:
    assert small[1].metrics["val_acc"] > 0.5  # chance is 0.1
    assert small[1].metrics["train_acc"] > small[1].metrics["val_acc"]


def test_the_report_agrees_with_itself_and_with_the_data(small: Small) -> None:
    report = small[1]
    data = load("digits")
    assert report.classes == data.classes and report.digests["data"] == data.digest
    assert report.digests["weights"] == "random-0" and len(report.digests["split"]) == 16
    by_split = {part.split: part for part in report.predictions}
    for name, count in (("train", 200), ("val", 100)):
        part = by_split[name]
        assert len(part.labels_N) == len(np.unique(part.indices_N)) == count
        assert (part.labels_N == data.labels_N[part.indices_N]).all()
        right = (part.predicted_N == part.labels_N).mean()
        assert report.metrics[f"{name}_acc"] == right
        assert report.history[-1][f"{name}_acc"] == pytest.approx(right)
    assert not set(by_split["train"].indices_N) & set(by_split["val"].indices_N)


def test_clean_accuracy_under_attack_is_that_of_the_same_predictions(small: Small) -> None:
    report = small[1]
    val = next(part for part in report.predictions if part.split == "val")
    right_N = val.predicted_N == val.labels_N
    assert report.metrics["fgsm_acc_eps_0"] == right_N[:30].mean()  # robust is val's first part
    assert report.robustness is not None and report.robustness.count == 30
    assert report.metrics["robust_acc"] <= report.metrics["fgsm_acc_eps_0"]
    provenance = report.robustness.provenance
    assert provenance["resolution"] == data_size() and provenance["input_size"] == 32
    assert provenance["precision"] == "float32"


def data_size() -> int:
    return load("digits").image_size


def test_equal_configs_give_equal_results(small: Small) -> None:
    again = run()[1]
    assert _figures(again) == _figures(small[1])
    assert np.array_equal(again.weights["weight"], small[1].weights["weight"])
    assert again.digests == small[1].digests


def test_other_settings_give_another_head_on_the_same_split(small: Small) -> None:
    dropped = run(dropout=0.2, attack="none")[1]
    assert not np.array_equal(dropped.weights["weight"], small[1].weights["weight"])
    assert dropped.digests["split"] == small[1].digests["split"]
    other = run(split_seed=1, attack="none")[1]
    assert other.digests["split"] != small[1].digests["split"]


def test_without_an_attack_there_are_no_robust_figures() -> None:
    report = run(attack="none", epochs=1)[1]
    assert report.robustness is None and report.examples is None
    assert not [name for name in report.metrics if "robust" in name or "fgsm" in name]


def test_a_loss_that_is_not_finite_fails_the_trial_and_names_the_step() -> None:
    with pytest.raises(TrialFailed, match=r"not finite in epoch \d+, step \d+: lower lr"):
        run(lr=10, weight_decay=10, epochs=30)


@pytest.mark.parametrize("lr", [float("nan"), 0.0, -1.0, float("inf")])
def test_a_learning_rate_that_is_none_is_refused_at_once(lr: float) -> None:
    with pytest.raises(ValidationError, match="lr"):
        SMALL.replace(lr=lr)


def test_an_input_too_small_for_the_body_is_infeasible() -> None:
    with pytest.raises(InfeasibleTrial, match="alexnet needs images of at least 63"):
        run(backbone="alexnet", input_size=32)


def test_bad_requests_are_told_before_anything_takes_long() -> None:
    with pytest.raises(UsageError, match="ascend from 0"):
        next(train(SMALL.replace(eps_255=(1, 2))))
    with pytest.raises(UnknownNameError, match="fgsm"):
        next(train(SMALL.replace(attack="fgms")))
    with pytest.raises(UsageError, match="cuda:N"):
        next(train(SMALL.replace(device="gpu")))
    with pytest.raises(UsageError, match="at the most"):
        next(train(SMALL.replace(train_size=10**6)))


def test_closing_a_trial_gives_the_threads_back() -> None:
    before = torch.get_num_threads()
    trial = train(SMALL.replace(threads=before + 1))
    next(trial)
    assert torch.get_num_threads() == before + 1
    trial.close()
    assert torch.get_num_threads() == before


def test_the_last_bodies_are_kept_and_no_more() -> None:
    def body(seed: int) -> object:
        digest = f"random-{seed}"
        return cached_body(
            "mobilenet_v2", weights="random", weights_dir=None, seed=seed, digest=digest
        )

    first = body(1)
    assert body(1) is first
    for seed in range(2, 2 + KEPT):
        body(seed)
    assert body(1) is not first
    forget_bodies()


@pytest.mark.needs("wheels")
def test_a_pretrained_body_in_its_own_arithmetic() -> None:
    report = run(
        backbone="tf_efficientnet_lite0", weights="pretrained", input_size=64, precision="auto"
    )[1]
    assert report.metrics["val_acc"] > 0.7  # chance is 0.1
    assert not report.digests["weights"].startswith("random")
    val = next(part for part in report.predictions if part.split == "val")
    right_N = val.predicted_N == val.labels_N
    # The attack runs the very net that the features came from, whatever the arithmetic.
    assert report.metrics["fgsm_acc_eps_0"] == right_N[:30].mean()
    assert report.metrics["fgsm_acc_eps_0"] > report.metrics["robust_acc"]
