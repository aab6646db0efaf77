"""A trial that is cross-validated over its labelled images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search_spaces.errors import InfeasibleTrial, UsageError
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.data import load
from trainables.driving import drive
from trainables.evaluating import prepare_again, split_images
from trainables.evaluation.overlap import mean_interval
from trainables.folds import KFold, draw_folds
from trainables.heads import HeadSpec, train_heads
from trainables.record import read_report, write_report
from trainables.reports import EpochReport, Report, TrialReport
from trainables.setup import prepare
from trainables.splits import Splits
from trainables.splitting import split_for
from trainables.subsets import HiddenLabels
from trainables.subsets.of_trial import chosen_setup
from trainables.trial import train

HEAD = TrialConfig(
    data="digits", backbone="mobilenet_v2", weights="random", input_size=32, train_size=60,
    validation="kfold:3x2", attack="none", epochs=10, lr=1e-3, precision="float32", threads=1,
)  # fmt: skip
NET = TrialConfig(
    data="digits", backbone="mini_vgg", width=8, depth=2, tune="all", weights="random",
    input_size=32, train_size=40, validation="kfold:2x2", attack="none", epochs=3,
    precision="float32", threads=1,
)  # fmt: skip
KINDS = {"head": HEAD, "net": NET}


def ran(config: TrialConfig, folder: Path | None = None) -> tuple[list[Report], TrialReport]:
    reports = list(train(config, Checkpoint(folder, every=0)))
    assert isinstance(reports[-1], TrialReport)
    return reports, reports[-1]


@pytest.fixture(scope="module")
def whole() -> dict[str, tuple[list[Report], TrialReport]]:
    return {kind: ran(config) for kind, config in KINDS.items()}


def labelled(config: TrialConfig) -> tuple[Splits, np.ndarray]:
    data = load("digits")
    splits = split_for(config, data, gpu=False)
    return splits, np.asarray(data.labels_N[splits.train])


@pytest.mark.parametrize("kind", KINDS)
def test_all_its_figures_are_of_labelled_images(kind, whole):
    config, (_, report) = KINDS[kind], whole[kind]
    splits, labels_N = labelled(config)
    assert len(splits.val) == len(splits.robust) == 0
    assert len(splits.train) + len(splits.pool) == len(load("digits").labels_N)
    trained, unseen = report.predictions
    assert (trained.split, unseen.split) == ("train", "val")
    for part in (trained, unseen):
        assert part.indices_N.tolist() == splits.train.tolist()
        assert part.labels_N.tolist() == labels_N.tolist()
    assert report.metrics["labels_used"] == config.train_size
    assert report.metrics["cv_folds"] == {"head": 6, "net": 4}[kind]
    gap = report.metrics["train_acc"] - report.metrics["val_acc"]
    assert report.metrics["overfit_gap"] == pytest.approx(gap)
    assert report.metrics["val_acc"] < report.metrics["train_acc"]  # the kept one has seen them
    assert report.metrics["cv_acc_low"] < report.metrics["val_acc"] < report.metrics["cv_acc_high"]
    assert report.history[-1]["val_acc"] == pytest.approx(report.metrics["val_acc"])
    assert report.history[-1]["val_loss"] == pytest.approx(report.metrics["val_loss"], rel=1e-4)


def test_each_folds_head_is_one_that_was_trained_alone(whole):
    """By the trainer of single heads, on the images of that fold and no others."""
    from trainables.inputs import cached_inputs

    setup = prepare(HEAD)
    features_NF, _ = drive(cached_inputs(HEAD, setup))
    assert features_NF is not None
    _, labels_N = labelled(HEAD)
    folds = draw_folds(labels_N, KFold(3, 2), HEAD.split_seed)
    accuracies = []
    for fold in folds:
        spec = HeadSpec(
            np.arange(len(fold.train_N)), np.arange(0), HEAD.lr, HEAD.weight_decay, HEAD.dropout
        )
        *_, last = train_heads(
            features_NF[fold.train_N].copy(), labels_N[fold.train_N], [spec],
            n_classes=10, batch_size=HEAD.batch_size, epochs=HEAD.epochs, every=HEAD.epochs,
        )  # fmt: skip
        weight_KF, bias_K = last.weight_HKF[0].numpy(), last.bias_HK[0].numpy()
        said_M = (features_NF[fold.val_M] @ weight_KF.T + bias_K).argmax(1)
        accuracies.append(float(np.mean(said_M == labels_N[fold.val_M])))
    metrics = whole["head"][1].metrics
    expected = mean_interval(accuracies, 1 / 3)
    assert metrics["val_acc"] == pytest.approx(expected.mean, abs=1 / 60)  # an image at a tie
    assert metrics["cv_acc_high"] - metrics["val_acc"] == pytest.approx(
        expected.high - expected.mean, abs=0.02
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_trained_on_all_labelled_images(kind, whole):
    """The head is that of a trial which sets images aside, but has the same labels."""
    report = whole[kind][1]
    setup = prepare(KINDS[kind])
    from trainables.evaluating import trial_classifier

    classify = trial_classifier(KINDS[kind], setup, report.weights)
    said_NK = classify(setup.data.images_NHWC[setup.splits.train])
    scale = np.abs(said_NK).max()
    assert np.abs(said_NK - report.predictions[0].logits_NK).max() < 1e-3 * scale


@pytest.mark.parametrize(("kind", "epoch"), [("head", 4), ("head", 9), ("net", 1), ("net", 2)])
def test_interrupted_it_ends_with_the_same(kind, epoch, whole, tmp_path):
    trial = train(KINDS[kind], Checkpoint(tmp_path, every=0))
    next(r for r in trial if isinstance(r, EpochReport) and r.epoch == epoch)
    trial.close()
    reports, report = ran(KINDS[kind], tmp_path)
    # It goes on where it was, and not from the beginning; the epoch was told, but not saved yet.
    told = [r.epoch for r in reports if isinstance(r, EpochReport)]
    assert told == list(range(epoch, KINDS[kind].epochs + 1))
    assert_same(report, whole[kind][1])


def test_interrupted_between_two_folds_it_keeps_those_that_are_done(whole, tmp_path, monkeypatch):
    from trainables.folds import nets

    trial = train(NET, Checkpoint(tmp_path, every=0))
    next(r for r in trial if getattr(r, "stage", "") == nets.STAGE and r.done == 3)
    trial.close()
    begun = []
    real = nets._fold

    def counted(*args):
        begun.append(args[4])
        return (yield from real(*args))

    monkeypatch.setattr(nets, "_fold", counted)
    assert_same(ran(NET, tmp_path)[1], whole["net"][1])
    assert begun == [3]


def assert_same(one: TrialReport, other: TrialReport) -> None:
    def figures(report: TrialReport) -> dict[str, float]:
        return {name: v for name, v in report.metrics.items() if not name.endswith("_seconds")}

    assert figures(one) == figures(other)
    assert one.history == other.history
    for name, array in other.weights.items():
        assert np.array_equal(one.weights[name], array)
    for mine, theirs in zip(one.predictions, other.predictions, strict=True):
        assert np.array_equal(mine.logits_NK, theirs.logits_NK)


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_has_the_mean_over_the_folds(kind, whole):
    epochs = [r for r in whole[kind][0] if isinstance(r, EpochReport)]
    assert [r.epoch for r in epochs] == list(range(1, KINDS[kind].epochs + 1))
    assert all(0 <= r.metrics["val_acc"] <= 1 for r in epochs)


def test_no_label_outside_the_budget_is_read():
    """Labels that no strategy bought are shut, and the trial runs to its end all the same."""
    config = HEAD.replace(subset="random", validation="kfold:2x2", train_size=100)
    setup, figures = drive(chosen_setup(config, prepare(config)))
    labels = setup.data.labels_N
    assert isinstance(labels, HiddenLabels) and labels.opened == 100
    assert figures["labels_used"] == 100
    assert ran(config)[1].metrics["labels_used"] == 100


def test_the_digests_tell_folds_apart():
    others = {HEAD.replace(validation=v).digest for v in ("kfold:3x2", "kfold:6x1", "kfold:2x2")}
    assert len(others) == 3
    assert TrialConfig(validation="split").digest == TrialConfig().digest == "2d7603f5122c32a3"
    splits = [labelled(HEAD.replace(validation=v))[0] for v in ("kfold:3x2", "kfold:2x3")]
    assert splits[0].train.tolist() == splits[1].train.tolist()
    assert splits[0].digest != splits[1].digest
    # A strategy's choice keeps the way of validation in its digest.
    again = [each.with_training(each.train, load("digits").digest) for each in splits]
    assert [each.digest for each in again] == [each.digest for each in splits]


def test_it_is_read_back_and_has_no_validation_images_to_be_evaluated_on(whole, tmp_path):
    write_report(whole["head"][1], HEAD, tmp_path)
    record = read_report(tmp_path)
    assert record.counts["labels_used"] == 60
    setup = prepare_again(record, device="cpu")
    with pytest.raises(UsageError, match=r"validated by kfold:3x2 has no images set aside.*test"):
        split_images(setup.data, setup.splits, "val", purpose="")
    assert len(split_images(setup.data, setup.splits, "train", purpose="").labels_N) == 60


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"attack": "fgsm"}, "attack=fgsm"),
        ({"adversarial": "fast"}, "adversarial training chooses its epoch"),
        ({"corruptions": "noise"}, "corruptions are measured"),
        ({"lr_factor": 0.5}, "Set lr_factor=null"),
        ({"validation": "kfold:9x1"}, "has 6 of the 60 labels"),
        ({"validation": "kfold:1x1"}, "nearest is kfold:2x1"),
    ],
)
def test_what_does_not_go_with_folds(changes, says):
    with pytest.raises(InfeasibleTrial) as caught:
        ran(HEAD.replace(**changes))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"val_size": 10}, "no images are set aside, so there is no val_size. Got: 10. Leave"),
        ({"robust_size": 10}, "there is no robust_size"),
        ({"train_size": 1439}, "can be 1438 at the most"),
    ],
)
def test_sizes_that_folds_do_not_have(changes, says):
    with pytest.raises(UsageError) as caught:
        ran(HEAD.replace(**changes))
    assert says in str(caught.value)


def test_small_data_is_labelled_whole():
    assert len(labelled(HEAD.replace(train_size=None))[0].train) == 1000
