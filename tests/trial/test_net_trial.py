"""Whole trials whose body trains: what they leave, whether it is used again, what stays frozen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from search_spaces.errors import Diverged, InfeasibleTrial
from trainables.backbones import load_body
from trainables.checkpoint import Checkpoint
from trainables.classifier import build_classifier, trained_body
from trainables.config import TrialConfig
from trainables.net_parts import make_parts
from trainables.reports import EpochReport, TrialReport
from trainables.setup import prepare
from trainables.trial import train

LITE = "tf_efficientnet_lite0"


def config(**changes) -> TrialConfig:
    fields = {
        "data": "digits", "train_size": 40, "val_size": 20, "robust_size": 4, "attack": "none",
        "epochs": 3, "batch_size": 20, "precision": "float32", "input_size": 32,
        "weights": "random",
    }  # fmt: skip
    return TrialConfig(**{**fields, **changes})


# What is trained, and on what: images, maps of the frozen front, features.
KINDS = {
    "from scratch": config(backbone="mini_vgg", width=8, depth=2, tune="all", body_dropout=0.1),
    "all": config(backbone=LITE, tune="all", augment="none"),
    "last, cached front": config(backbone=LITE, tune="last"),
    "last, augmented": config(backbone=LITE, tune="last", augment="flip_crop", ema=0.5),
    "head, not AdamW": config(backbone=LITE, tune="head", optimiser="sgd", lr=0.01),
    "cosine head": config(backbone=LITE, tune="head", head="cosine"),
    "mlp head": config(backbone=LITE, tune="last", head="mlp"),
    "head, attacked": config(
        backbone=LITE, adversarial="fast", augment="flip_crop", train_size=10, val_size=10
    ),
    "from scratch, trades": config(
        backbone="mini_vgg", width=8, depth=2, tune="all", adversarial="trades", adversarial_steps=2
    ),
}  # fmt: skip


def last(reports) -> TrialReport:
    *_, report = reports
    assert isinstance(report, TrialReport)
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_the_classifier_that_is_built_again_says_the_same(kind: str):
    this = KINDS[kind]
    report = last(train(this))
    setup = prepare(this)
    classifier = build_classifier(this, report.weights)
    for part in report.predictions:
        images_NCHW = torch.from_numpy(setup.data.images_NHWC[part.indices_N]).permute(0, 3, 1, 2)
        with torch.no_grad():
            logits_NK = classifier(images_NCHW).numpy()
        scale = np.abs(part.logits_NK).max()
        assert np.abs(logits_NK - part.logits_NK).max() < 1e-3 * scale


@pytest.mark.parametrize("kind", KINDS)
def test_closed_between_two_epochs_it_goes_on_to_the_same_end(kind: str, tmp_path: Path):
    this = KINDS[kind]
    whole = last(train(this))
    first = Checkpoint(tmp_path / "state", every=0)
    reports = train(this, first)
    while not isinstance(report := next(reports), EpochReport) or report.epoch < 2:
        pass
    first.save_on_close = True
    reports.close()
    again = list(train(this, Checkpoint(tmp_path / "state", every=0)))
    assert [r.epoch for r in again if isinstance(r, EpochReport)] == [3]
    assert again[-1].history == whole.history
    assert whole.weights.keys() == again[-1].weights.keys()
    for name, array in whole.weights.items():
        assert np.array_equal(array, again[-1].weights[name]), name


@pytest.mark.parametrize("augment", ["none", "flip_crop"])
@pytest.mark.needs("wheels")
def test_what_is_frozen_stays_as_it_was_published(augment: str):
    this = config(backbone=LITE, tune="last", weights="pretrained", augment=augment)
    report = last(train(this))
    changed = {name for name in report.weights if name.startswith("body.")}
    stages = ("body.blocks.5.", "body.blocks.6.", "body.conv_head", "body.bn2")
    assert changed and all(name.startswith(stages) for name in changed)
    assert not any("running" in name for name in changed)  # statistics of a million images
    body = load_body(LITE)
    tuned = trained_body(body, report.weights).net.state_dict()
    before = body.module.net.state_dict()
    same = {name for name in before if torch.equal(before[name], tuned[name])}
    assert {name.removeprefix("body.") for name in changed} == before.keys() - same


@pytest.mark.needs("wheels")
def test_a_ridge_start_is_the_frozen_probe_before_any_step():
    """With next to no learning rate, fine-tuning is the ridge head on the frozen body."""
    probe = last(train(config(backbone=LITE, weights="pretrained", lr=1e-9)))
    fine = config(backbone=LITE, weights="pretrained", tune="all", augment="none", lr=1e-9)
    for mine, theirs in zip(last(train(fine)).predictions, probe.predictions, strict=True):
        assert np.allclose(mine.logits_NK, theirs.logits_NK, atol=1e-2)


def test_the_mirror_image_counts_under_its_own_name():
    this = KINDS["from scratch"].replace(test_time_flip=True)
    report = last(train(this))
    setup, classifier = prepare(this), build_classifier(this, report.weights)
    val = report.predictions[1]
    images_NCHW = torch.from_numpy(setup.data.images_NHWC[val.indices_N]).permute(0, 3, 1, 2)
    with torch.no_grad():
        both_NK = classifier(images_NCHW) + classifier(images_NCHW.flip(3))
    expected = float((both_NK.argmax(1).numpy() == val.labels_N).mean())
    assert report.metrics["val_acc_flip"] == pytest.approx(expected)
    plain = last(train(KINDS["from scratch"]))
    assert plain.metrics["val_acc"] == report.metrics["val_acc"]
    assert "val_acc_flip" not in plain.metrics


def test_the_epoch_is_chosen_on_other_images_than_the_score_is_measured_on():
    this = KINDS["from scratch, trades"].replace(val_size=200, robust_size=80, train_size=960)
    setup = prepare(this)
    watched = make_parts(this, setup, None).task.watched_V
    images = setup.rows_N[watched]
    assert len(images) == 80 and set(images) <= set(setup.splits.val)
    assert not set(images) & set(setup.splits.robust)


def test_a_trained_net_is_attacked_as_it_is():
    report = last(train(KINDS["from scratch"].replace(attack="fgsm", robust_size=16)))
    curve, val = report.robustness, report.predictions[1]
    clean = float((val.predicted_N[:16] == val.labels_N[:16]).mean())
    assert curve is not None and curve.accuracy[0] == pytest.approx(clean)
    assert list(curve.worst_case) == sorted(curve.worst_case, reverse=True)


def test_divergence_is_told_with_its_step():
    wild = config(backbone="mlp", tune="all", optimiser="sgd", lr=10.0, schedule="constant")
    with pytest.raises(Diverged, match=r"not finite in epoch \d+, step \d+"):
        list(train(wild))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"backbone": "resnet9", "tune": "head", "weights": "pretrained"}, "tune=all"),
        ({"backbone": LITE, "augment": "flip_crop"}, "augment changes images"),
        ({"backbone": LITE, "mixup": 0.2}, "mixup changes images"),
        ({"backbone": LITE, "depth": 3}, "has no depth"),
        ({"backbone": LITE, "head": "cosin"}, "'cosine'"),
        ({"backbone": LITE, "tune": "all", "augment": "flipcrop"}, "'flip_crop'"),
        ({"backbone": LITE, "schedule": "onecycle", "peak_epoch": 3.0}, "peak_epoch"),
        ({"backbone": LITE, "cycle_momentum": True}, "onecycle"),
        ({"backbone": LITE, "schedule": "onecycl"}, "'onecycle'"),
        ({"backbone": LITE, "precision": "float16"}, "bfloat16"),
    ],
)  # fmt: skip
def test_fields_that_contradict_each_other(changes, says: str):
    with pytest.raises((InfeasibleTrial, Exception), match=says):
        next(train(config(**changes)))
