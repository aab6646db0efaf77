"""Trials with a pool: what they learn from, what they must not read, and that they go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search_spaces.errors import InfeasibleTrial, UsageError
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.data import load
from trainables.driving import drive
from trainables.recipe_check import check_recipe
from trainables.reports import EpochReport, TrialReport
from trainables.setup import TrialSetup, prepare
from trainables.subsets import HiddenLabelRead, HiddenLabels
from trainables.trial import train
from trainables.weak import PseudoLabels, of_trial, parse_weak, stored, teacher
from trainables.weak.judging import judged
from trainables.weak.of_trial import taking_part, with_pool

# MobileNet with random weights at 32 px: each image is put through it once for all tests.
HEAD = TrialConfig(
    data="digits", backbone="mobilenet_v2", weights="random", input_size=32, train_size=40,
    val_size=100, robust_size=10, attack="none", epochs=2, precision="float32", threads=1,
)  # fmt: skip
NET = HEAD.replace(
    backbone="mini_vgg", weights="pretrained", input_size=None, width=4, depth=2, tune="all",
    lr=1e-2, batch_size=20, augment="none", val_size=20,
)  # fmt: skip
TAUGHT = "teacher:backbone=mobilenet_v2,input_size=32,pool=200"
FIXMATCH = "fixmatch:threshold=0.12,ratio=2,pool=200"
BY_FEATURES = ("pseudo_label:threshold=0.3,pool=300", "label_spreading:pool=300",
               "cluster_then_label:pool=300")  # fmt: skip
NETS = (FIXMATCH, TAUGHT)


def with_weak(weak: str, **changes: Any) -> TrialConfig:
    """A teacher with published weights would have to be fetched."""
    base = HEAD if weak in BY_FEATURES else NET
    weights = {"weights": "random"} if weak == TAUGHT else {}
    return base.replace(weak=weak, **weights, **changes)


def report_of(config: TrialConfig, checkpoint: Checkpoint | None = None) -> TrialReport:
    *_, last = train(config, checkpoint)
    assert isinstance(last, TrialReport)
    return last


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudo-labels are made anew, unless a test says otherwise."""
    for module in (of_trial, stored):
        monkeypatch.setattr(module, "recall", lambda key: None)


@pytest.mark.parametrize("weak", [*BY_FEATURES, *NETS])
def test_it_says_how_many_pseudo_labels_it_used_and_how_many_were_right(weak):
    alone = report_of(with_weak(weak).replace(weak="none"))
    report = report_of(with_weak(weak))
    metrics = report.metrics
    assert 0 < metrics["pseudo_labels"] <= 300
    assert 0 <= metrics["pseudo_labels_right"] <= metrics["pseudo_labels"]
    share = metrics["pseudo_labels_right"] / metrics["pseudo_labels"]
    assert metrics["pseudo_labels_acc"] == pytest.approx(share)
    assert not [name for name in alone.metrics if name.startswith("pseudo")]
    # The same labelled images are predicted, and others weights have been learnt.
    for mine, theirs in zip(report.predictions, alone.predictions, strict=True):
        assert mine.indices_N.tolist() == theirs.indices_N.tolist()
        assert mine.logits_NK.shape == theirs.logits_NK.shape
    changed = [not np.array_equal(report.weights[n], alone.weights[n]) for n in alone.weights]
    assert any(changed)


class Watched(HiddenLabels):
    """Remembers what was made."""

    made: list[HiddenLabels]

    def __init__(self, labels_N: np.ndarray, known_M: np.ndarray | None = None) -> None:
        super().__init__(labels_N, known_M)
        Watched.made.append(self)


def refuse(*_: object) -> None:
    """In the place of the ledger that the one door to the test split writes to first."""
    raise AssertionError("the test split was opened")


@pytest.mark.parametrize("weak", [*BY_FEATURES, *NETS])
def test_nothing_reads_a_label_of_the_pool(monkeypatch, weak):
    """They are shut from before the first feature to the report; the one who counts comes last."""
    Watched.made = []
    monkeypatch.setattr(of_trial, "HiddenLabels", Watched)
    monkeypatch.setattr("trainables.data.test_split._write_down", refuse)
    report = report_of(with_weak(weak, attack="fgsm", eps_255=(0.0, 8.0)))
    (made,) = Watched.made
    read = np.concatenate([part.indices_N for part in report.predictions])
    assert np.flatnonzero(made._open_N).tolist() == sorted(read.tolist())


@pytest.mark.parametrize("weak", [*BY_FEATURES, *NETS])
def test_other_labels_in_the_pool_change_nothing_but_the_count(monkeypatch, weak):
    config = with_weak(weak)
    before = report_of(config)

    def scrambled(asked: TrialConfig) -> TrialSetup:
        setup = prepare(asked)
        labels_N, pool = np.array(setup.data.labels_N), setup.splits.pool
        labels_N[pool] = (labels_N[pool] + 3) % 10
        return replace(setup, data=replace(setup.data, labels_N=labels_N))

    monkeypatch.setattr("trainables.trial.prepare", scrambled)
    after = report_of(config)
    for name, array in before.weights.items():
        assert np.array_equal(after.weights[name], array)
    for name in ("val_acc", "val_loss", "train_loss", "pseudo_labels"):
        assert after.metrics[name] == before.metrics[name]
    assert after.metrics["pseudo_labels_right"] != before.metrics["pseudo_labels_right"]


def test_a_reader_of_the_pool_falls():
    setup = drive(with_pool(with_weak(FIXMATCH), prepare(with_weak(FIXMATCH))))
    with pytest.raises(HiddenLabelRead):
        np.asarray(setup.data.labels_N)
    with pytest.raises(HiddenLabelRead):
        setup.data.labels_N[setup.splits.pool[:1]]
    assert len(setup.input_rows_N) == 260 and (setup.input_labels_N[60:] == -1).all()
    assert setup.input_labels_N[:60].tolist() == setup.data.labels_N[setup.rows_N].tolist()


def test_without_a_method_the_setup_passes_through():
    setup = prepare(HEAD)
    assert drive(with_pool(HEAD, setup)) is setup


def test_pool_bounds_the_images_that_take_part():
    setup = prepare(HEAD)
    pool = setup.splits.pool
    some = taking_part(parse_weak("label_spreading:pool=50"), setup)
    assert len(set(some.tolist())) == 50 and set(some) <= set(pool)
    tenth = taking_part(parse_weak("label_spreading:pool=0.1"), setup)
    assert len(tenth) == round(len(pool) / 10)
    for every in ("label_spreading", "label_spreading:pool=1000000"):
        assert taking_part(parse_weak(every), setup) is pool
    other_seed = prepare(HEAD.replace(seed=5))
    again = taking_part(parse_weak("label_spreading:pool=50"), other_seed)
    assert again.tolist() == some.tolist()


def test_no_pool_is_told():
    count = len(load("digits").labels_N)
    config = with_weak(FIXMATCH, train_size=count - 100, val_size=100)
    with pytest.raises(UsageError, match=r"needs images without labels.*smaller train_size"):
        drive(with_pool(config, prepare(config)))


PSEUDO = PseudoLabels(np.array([4, 2, 0]), np.array([1, -1, 3]))


@pytest.mark.parametrize(
    ("labels", "right"), [([3, 0, 0, 0, 1], 2), ([3, 0, -1, 0, 9], 1), ([9, 9, 9, 9, 9], 0)]
)
def test_what_is_counted_by_hand(labels, right):
    found = judged(np.array(labels), PSEUDO)
    assert found == {
        "pseudo_labels": 2, "pseudo_labels_right": right, "pseudo_labels_acc": right / 2
    }  # fmt: skip
    nobody = PseudoLabels(np.array([1]), np.array([-1]))
    assert judged(np.array(labels), nobody) == {"pseudo_labels": 0, "pseudo_labels_right": 0}
    assert judged(np.array(labels), None) == {}


SURE = np.array([[0.9, 0.1], [0.45, 0.55], [0.3, 0.7], [0.8, 0.2]])


@pytest.mark.parametrize(
    ("threshold", "share", "rows"),
    [(0, 1, [0, 1, 2, 3]), (0.7, 1, [0, 2, 3]), (0, 0.5, [0, 3]), (0.85, 0.5, [0]), (0.95, 1, [])],
)
def test_a_teacher_labels_what_it_is_sure_of(threshold, share, rows):
    assert teacher.surest(SURE, threshold=threshold, share=share).tolist() == rows


def test_the_teacher_says_what_its_own_linear_probe_would_say():
    """The head on its features is the one of `fit_head`, and of no image of the pool."""
    from trainables.subsets.head import fit_head

    config = with_weak(TAUGHT)
    setup = drive(with_pool(config, prepare(config)))
    spec = parse_weak(TAUGHT)
    own = teacher.teacher_setup(config, prepare(config), spec)
    places_M = taking_part(spec, setup)
    features_NF = drive(
        of_trial.labelled_and_pool(teacher.teacher_config(config, spec), own, places_M)
    )
    labels_B = np.asarray(load("digits").labels_N)[setup.splits.train]
    head = fit_head(features_NF, np.arange(40), labels_B, classes=10, seed=0)
    assert setup.pool.rows_P.tolist() == places_M.tolist()
    assert setup.pool.labels_P.tolist() == head.logits(features_NF[40:]).argmax(1).tolist()


def test_trials_share_pseudo_labels_and_a_broken_file_counts_as_none(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(stored, "home", lambda: tmp_path)
    monkeypatch.setattr(stored, "home_folder", lambda name: (tmp_path / name).mkdir(exist_ok=True))
    for config in (with_weak(TAUGHT), with_weak(BY_FEATURES[1])):
        first = drive(with_pool(config, prepare(config))).pool
        (kept,) = (tmp_path / "pseudo_labels").glob("*.npz")
        with monkeypatch.context() as patched:
            patched.setattr(of_trial, "labelled_and_pool", None)  # who looks again, falls
            other = config.replace(lr=2e-3, dropout=0.1)
            again = drive(with_pool(other, prepare(other))).pool
        assert again.rows_P.tolist() == first.rows_P.tolist()
        assert again.labels_P.tolist() == first.labels_P.tolist()
        for broken in (b"nothing", kept.read_bytes()[:-30]):  # the latter: still begins as a zip
            kept.write_bytes(broken)
            made_again = drive(with_pool(config, prepare(config))).pool
            assert made_again.labels_P.tolist() == first.labels_P.tolist()
        kept.unlink()


def test_a_home_that_cannot_be_written_to_costs_only_the_choice(monkeypatch, caplog):
    def full(name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored, "home_folder", full)
    key = stored.PseudoKey("teacher", "d", "s", 0, "f")
    stored.remember(key, PSEUDO)
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize(
    ("weak", "adversarial"),
    [*((weak, "none") for weak in (BY_FEATURES[0], *NETS)), (TAUGHT, "fast")],
)
def test_a_trial_that_was_interrupted_ends_the_same(tmp_path, weak, adversarial):
    config = with_weak(weak, epochs=4, adversarial=adversarial)
    whole = report_of(config)
    trial = train(config, Checkpoint(tmp_path, every=0))
    for report in trial:
        if isinstance(report, EpochReport) and report.epoch == 2:
            break
    trial.close()
    *reports, last = train(config, Checkpoint(tmp_path, every=0))
    assert isinstance(last, TrialReport)
    told = [r.epoch for r in reports if isinstance(r, EpochReport)]
    assert told == [2, 3, 4]  # it goes on, and does not begin again
    for name, array in whole.weights.items():
        assert np.array_equal(last.weights[name], array)
    assert last.history == whole.history
    same = {n: v for n, v in whole.metrics.items() if not n.endswith("_seconds")}
    assert {n: last.metrics[n] for n in same} == same


@pytest.mark.parametrize(
    ("weak", "changes", "said"),
    [
        ("pseudo_label", {"tune": "all"}, r"by cached features.*tune=all.*weak=teacher"),
        ("label_spreading", {"adversarial": "pgd"}, r"adversarial=pgd"),
        ("fixmatch", {"tune": "head"}, r"fixmatch is for nets that see images.*weak=pseudo_label"),
        ("teacher", {"tune": "head"}, r"teacher is for nets"),
        ("fixmatch", {"tune": "all", "adversarial": "fast"}, r"as they are.*weak=teacher"),
        ("fixmatch", {"tune": "all", "mixup": 0.2}, r"one label for each.*mixup=0\.2"),
        ("fixmacht", {"tune": "all"}, r"no weak supervision 'fixmacht'.*Did you mean 'fixmatch'"),
        ("teacher:backbone=resnet9", {"tune": "all"}, r"resnet9"),
        ("fixmatch:ratio=0.5", {"tune": "all"}, r"ratio must be a whole number from 1"),
        ("teacher:labelled=1", {"tune": "all"}, r"labelled must be a number from 0 to 0\.99"),
        ("teacher:method=fixmatch", {"tune": "all"}, r"fixmatch"),
        ("label_spreading", {"validation": "kfold:5x2", "attack": "none"}, r"weak=label_spreading"),
    ],
)
def test_what_does_not_go_together_is_told(weak, changes, said):
    with pytest.raises(UsageError, match=f"(?s){said}"):
        check_recipe(TrialConfig(weak=weak, **{"tune": "head", **changes}))
    with pytest.raises(InfeasibleTrial):
        prepare(HEAD.replace(weak=weak, **changes))


@pytest.mark.parametrize(
    ("weak", "changes"),
    [
        ("teacher", {"tune": "head", "adversarial": "pgd"}),  # reference A's recipe, more images
        ("teacher", {"tune": "last"}),
        ("fixmatch", {"tune": "last"}),
        ("pseudo_label", {"tune": "head", "head": "mlp"}),
    ],
)
def test_what_goes_together_passes(weak, changes):
    check_recipe(TrialConfig(weak=weak, **changes))


def test_a_head_of_another_kind_learns_from_pseudo_labels_too():
    report = report_of(HEAD.replace(weak=BY_FEATURES[1], head="mlp"))
    assert 0 < report.metrics["pseudo_labels"] <= 210  # the surest 70 % of 300


def test_the_digest_is_another_one_only_with_a_method():
    assert TrialConfig().digest == "2d7603f5122c32a3"  # as before there was any
    assert TrialConfig(weak="pseudo_label").digest != TrialConfig().digest
