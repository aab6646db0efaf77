"""A trial whose training images a strategy chose."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from search_spaces.errors import InfeasibleTrial
from trainables.config import TrialConfig
from trainables.data import load
from trainables.driving import drive
from trainables.evaluating import prepare_again
from trainables.record import read_report, write_report
from trainables.reports import Progress, TrialReport
from trainables.setup import prepare
from trainables.splits import SplitSizes, make_splits
from trainables.subsets import HiddenLabelRead, HiddenLabels, of_trial
from trainables.subsets.of_trial import chosen_setup
from trainables.subsets.stored import StoredChoice
from trainables.trial import train

# MobileNet with random weights at 32 px: 2 ms an image, each put through it once for all tests.
CONFIG = TrialConfig(
    data="digits",
    backbone="mobilenet_v2",
    weights="random",
    input_size=32,
    train_size=40,
    val_size=100,
    robust_size=10,
    attack="none",
    epochs=2,
    precision="float32",
    threads=1,
)
MARGIN = CONFIG.replace(subset="margin:pool=300")


@pytest.mark.parametrize(
    ("config", "digest"),
    [
        (TrialConfig(), "2d7603f5122c32a3"),
        (CONFIG, "26088795d9d0f792"),
        (TrialConfig(tune="all", backbone="resnet9", train_size=5000), "b72e8459439b54a5"),
    ],
)
def test_configs_have_the_digests_that_they_had_before_there_was_a_choice(config, digest):
    assert config.digest == digest
    assert config.replace(subset="random").digest != digest


def test_the_default_passes_through():
    setup = prepare(CONFIG)
    same, figures = drive(chosen_setup(CONFIG, setup))
    assert same is setup and figures == {}


def report_of(config: TrialConfig) -> TrialReport:
    *signs, last = train(config)
    assert isinstance(last, TrialReport)
    stages = [sign.stage for sign in signs if isinstance(sign, Progress)]
    assert of_trial.STAGE in stages or config.subset == CONFIG.subset
    return last


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every choice is made anew, unless a test says otherwise."""
    monkeypatch.setattr(of_trial, "recall", lambda key: None)


@pytest.mark.parametrize(
    ("subset", "seen"), [("margin:pool=300", 40), ("random", 40), ("tomek:pool=300", 300)]
)
def test_it_trains_on_what_was_chosen_and_counts_the_labels(tmp_path, subset, seen):
    report = report_of(CONFIG.replace(subset=subset))
    usual = report_of(CONFIG)
    train_part, val_part = report.predictions
    assert len(set(train_part.indices_N.tolist())) == 40
    assert val_part.indices_N.tolist() == usual.predictions[1].indices_N.tolist()
    assert not set(train_part.indices_N) & set(val_part.indices_N)
    assert set(train_part.indices_N) != set(usual.predictions[0].indices_N)
    labels_N = np.asarray(load("digits").labels_N)
    assert train_part.labels_N.tolist() == labels_N[train_part.indices_N].tolist()
    assert report.metrics["labels_seen"] == seen
    assert report.metrics["labels_used"] == seen + 100
    assert "labels_seen" not in usual.metrics
    config = CONFIG.replace(subset=subset)
    write_report(report, config, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["counts"]["labels_used"] == seen + 100
    again = prepare_again(read_report(tmp_path))
    assert again.splits.train.tolist() == train_part.indices_N.tolist()
    assert again.splits.digest == report.digests["split"] != usual.digests["split"]


def no_opening(*_: object) -> None:
    """In the place of the ledger that the one door to the test split writes to first."""
    raise AssertionError("the test split was opened")


@pytest.mark.parametrize("tune", ["head", "last"])
def test_nothing_reads_a_label_that_was_not_bought(monkeypatch, tune):
    """The labels of a trial are shut but for validation's and the chosen ones, to its end."""
    made: list[HiddenLabels] = []

    class Watched(HiddenLabels):
        def __init__(self, labels_N: np.ndarray, known_M: np.ndarray | None = None) -> None:
            super().__init__(labels_N, known_M)
            made.append(self)

    monkeypatch.setattr(of_trial, "HiddenLabels", Watched)
    monkeypatch.setattr("trainables.data.test_split._write_down", no_opening)
    report = report_of(MARGIN.replace(tune=tune, epochs=1, attack="fgsm", eps_255=(0.0, 8.0)))
    assert len(made) == 1 and made[0].opened == 40 + 100
    opened = np.flatnonzero(made[0]._open_N)
    read = np.concatenate([part.indices_N for part in report.predictions])
    assert opened.tolist() == sorted(read.tolist())


def test_a_trial_that_reads_another_label_fails():
    """A reader that looks at all labels, as ours did once, does not get through."""
    setup, _ = drive(chosen_setup(MARGIN, prepare(MARGIN)))
    with pytest.raises(HiddenLabelRead):
        np.asarray(setup.data.labels_N)[setup.rows_N]
    with pytest.raises(HiddenLabelRead):
        setup.data.labels_N[setup.splits.pool[:1]]
    assert len(setup.data.labels_N[setup.rows_N]) == 140


def test_other_labels_make_no_difference_to_the_choice():
    setup = prepare(MARGIN)
    before, _ = drive(chosen_setup(MARGIN, setup))
    scrambled_N = np.array(setup.data.labels_N)
    scrambled_N[before.splits.pool] = (scrambled_N[before.splits.pool] + 3) % 10
    other = dataclasses.replace(setup, data=dataclasses.replace(setup.data, labels_N=scrambled_N))
    after, _ = drive(chosen_setup(MARGIN, other))
    assert after.splits.train.tolist() == before.splits.train.tolist()


def test_the_trials_of_a_search_share_a_choice(monkeypatch):
    from trainables.subsets import stored

    config = CONFIG.replace(subset="coreset:pool=250")
    setup = prepare(config)
    key = of_trial._key(of_trial.parse_subset(config.subset), setup)
    key.path.unlink(missing_ok=True)
    monkeypatch.setattr(of_trial, "recall", stored.recall)
    first, figures = drive(chosen_setup(config, setup))
    monkeypatch.setattr(of_trial, "choose", None)  # who chooses again, falls
    other_lr = config.replace(lr=1e-2, seed=3)
    again, same = drive(chosen_setup(other_lr, prepare(config)))
    assert again.splits.train.tolist() == first.splits.train.tolist()
    assert same["labels_seen"] == figures["labels_seen"] == 40
    for broken in ("", "{", '{"rows": 3, "labels_seen": 1}', '{"rows": [1]}'):
        key.path.write_text(broken)
        assert stored.recall(key) is None
    key.path.unlink()


def test_another_split_body_or_budget_is_another_choice():
    keys = {
        of_trial._key(of_trial.parse_subset(config.subset), prepare(config))
        for config in (
            *(MARGIN, MARGIN.replace(split_seed=1), MARGIN.replace(train_size=41)),
            *(MARGIN.replace(input_size=40), MARGIN.replace(subset="margin:pool=299")),
        )
    }
    assert len({key.path for key in keys}) == 5


def test_a_home_that_cannot_be_written_to_costs_only_the_choice(monkeypatch, caplog):
    from trainables.subsets import stored

    def full(name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored, "home_folder", full)
    key = of_trial._key(of_trial.parse_subset("random"), prepare(CONFIG))
    stored.remember(key, StoredChoice(np.arange(3), 3))
    assert "could not be kept" in caplog.text


def test_a_net_that_knows_nothing_has_no_features_to_choose_by():
    net = CONFIG.replace(backbone="resnet9", tune="all", input_size=None)
    with pytest.raises(InfeasibleTrial, match="margin chooses images by the features of a pretr"):
        prepare(net.replace(subset="margin"))
    assert len(prepare(net.replace(subset="random")).splits.train) == 40
    with pytest.raises(InfeasibleTrial, match="no subset strategy 'nonsense'"):
        prepare(net.replace(subset="nonsense"))


def test_splits_with_other_training_images():
    data = load("digits")
    splits = make_splits(data, SplitSizes(30, 20, 10), seed=0)
    train_N = splits.pool[[5, 3, 9]]
    other = splits.with_training(train_N, data.digest)
    assert other.train.tolist() == train_N.tolist()
    assert other.val is splits.val and other.robust is splits.robust
    assert sorted([*other.train, *other.pool]) == splits.unheld.tolist()
    assert other.digest != splits.digest
    assert other.with_training(splits.train, data.digest).digest == splits.digest
