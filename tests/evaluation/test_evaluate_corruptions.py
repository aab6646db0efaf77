"""`evaluate --corruptions`: generated and from files, its files and words, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from evaluated_study import EvaluatedStudy
from json_keys import check

from orchestrator.evaluating.evaluate import evaluate as evaluate_all
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError
from trainables.corruptions.corruption import corrupted
from trainables.data import load, open_test, test_openings
from trainables.evaluating import prepare_again, trial_classifier
from trainables.record import read_report

evaluate = partial(evaluate_all, masking_seconds=0, device="cpu")
Line = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 20 test digits under fog, and inverted, as CIFAR-10-C is laid out."""
    images, labels = open_test(load("digits"), purpose="a test", evaluation=False)
    place = tmp_path_factory.mktemp("digits-c")
    fog = [corrupted(images[:20], "fog", severity) for severity in range(1, 6)]
    np.save(place / "fog.npy", np.concatenate(fog))
    np.save(place / "inverted.npy", np.tile(255 - images[:20], (5, 1, 1, 1)))
    np.save(place / "labels.npy", np.tile(np.asarray(labels[:20]), 5))
    return place


def test_generated_ones_are_those_of_the_split(small_study: EvaluatedStudy, tmp_path: Path) -> None:
    found = evaluate(
        "small/0", corruptions="contrast", out=tmp_path, storage=small_study.storage, pictures=False
    )
    record = read_report(small_study.trial_folder(0))
    setup = prepare_again(record, device="cpu")
    classify = trial_classifier(record.config, setup, record.report.weights)
    rows = setup.splits.val  # all 60: fewer than the 1,000 that are taken at the most
    images, labels = setup.data.images_NHWC[rows], np.asarray(setup.data.labels_N)[rows]
    assert found.corruptions is not None
    for severity, share in zip(
        (1, 2, 3, 4, 5), found.corruptions.accuracy["contrast"], strict=True
    ):
        said = classify(corrupted(images, "contrast", severity)).argmax(1)
        assert share == float((said == labels).mean())
    assert found.corruptions.clean == found.evaluation.accuracy
    assert found.masking is None


def test_the_command_writes_a_table_and_a_picture(line: Line, tmp_path: Path) -> None:
    asked = ("--corruptions", "contrast,fog", "--corruption-images", "30", "--out", str(tmp_path))
    status, out, err = line("evaluate", "small/0", *asked, "--json")
    assert status == 0, err
    answer = json.loads(out)
    check("orchestrator evaluate RUN_OR_MODEL --json", answer)
    held, place = answer["corruptions"], Path(answer["folder"])
    assert held["count"] == 30 and set(held["accuracy"]) == {"fog", "contrast"}
    assert json.loads((place / "corruptions-val.json").read_text()) == held
    rows = list(csv.reader((place / "corruptions-val.csv").open()))
    assert rows[0] == ["corruption", *(f"severity_{s}" for s in range(1, 6)), "mean"]
    written = [float(cell) for cell in rows[1][1:-1]]  # six decimals
    assert written == pytest.approx(held["accuracy"]["fog"], abs=1e-6)
    assert (place / "corruptions-val.png").read_bytes().startswith(b"\x89PNG")
    assert {f"corruptions-val.{end}" for end in ("json", "csv", "png")} <= set(answer["files"])
    asked = ("--corruptions", "fog", "--no-pictures", "--out", str(tmp_path))
    status, out, _ = line("evaluate", "small/0", *asked)
    assert status == 0 and "severity 5" in out
    assert "Corruptions, accuracy in per cent: 60 images each" in out


def test_the_files_are_read_on_the_test_split(
    small_study: EvaluatedStudy, folder: Path, tmp_path: Path
) -> None:
    found = evaluate(
        "small/0", corruptions=str(folder), split="test", out=tmp_path,
        storage=small_study.storage, pictures=False,
    )  # fmt: skip
    report = found.corruptions
    assert report is not None and report.count == 20 and report.clean is None
    record = read_report(small_study.trial_folder(0))
    classify = trial_classifier(
        record.config, prepare_again(record, device="cpu"), record.report.weights
    )
    labels = np.load(folder / "labels.npy")[:20]
    third = np.load(folder / "fog.npy")[40:60]
    assert report.accuracy["fog"][2] == float((classify(third).argmax(1) == labels).mean())
    assert len(set(report.accuracy["inverted"])) == 1  # the same images at each severity
    assert report.provenance["source"] == "CIFAR-10-C"
    assert len(str(report.provenance["sample_digest"])) == 16
    again = evaluate(
        "small/0", corruptions=str(folder), split="test", out=tmp_path, corruption_images=10,
        storage=small_study.storage, pictures=False,
    )  # fmt: skip
    assert again.corruptions is not None and again.corruptions.count == 10


def _saved(folder: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    folder.mkdir()
    np.save(folder / "fog.npy", np.tile(images, (5, 1, 1, 1)))
    np.save(folder / "labels.npy", np.tile(labels, 5))
    return folder


def test_what_cannot_be_is_told_before_the_test_split_is_opened(
    small_study: EvaluatedStudy, folder: Path, tmp_path: Path
) -> None:
    data = load("digits")
    side = data.images_NHWC.shape[1]
    images = np.zeros((4, side, side, 3), np.uint8)
    small = _saved(tmp_path / "small", images[:, 1:, 1:], np.arange(4))
    labelled = _saved(tmp_path / "labelled", images, np.array([0, 1, 2, 10]))
    empty = tmp_path / "empty"
    empty.mkdir()
    before = test_openings(data)
    table = [
        ({"corruptions": "fgo"}, UsageError, "Did you mean 'fog'.*A folder"),
        ({"corruptions": str(tmp_path / "none")}, UsageError, "There is no such folder"),
        ({"corruptions": str(folder)}, UsageError, "corrupted test images.*--split test"),
        ({"corruptions": str(empty), "split": "test"}, UnavailableError, r"no NAME\.npy"),
        ({"corruptions": str(small), "split": "test"}, UsageError, "must hold images as those of"),
        ({"corruptions": str(labelled), "split": "test"}, UsageError, "labels of digits, 0 to 9"),
        ({"corruptions": "all", "corruption_images": 0}, UsageError, "at least 1"),
    ]  # fmt: skip
    for asked, error, words in table:
        with pytest.raises(error, match=words):
            evaluate("small/0", out=tmp_path / "out", storage=small_study.storage, **asked)
    assert test_openings(data) == before
    assert not (tmp_path / "out").exists()
    assert issubclass(UnknownNameError, UsageError)


def test_as_many_images_of_other_classes_are_refused(
    small_study: EvaluatedStudy, tmp_path: Path
) -> None:
    images, labels = open_test(load("digits"), purpose="a test", evaluation=False)
    shifted = (np.asarray(labels) % 9).astype(np.int64)
    place = _saved(tmp_path / "other", np.zeros_like(images), shifted)
    with pytest.raises(UsageError, match="must hold the test images of this data"):
        evaluate("small/0", corruptions=str(place), split="test", storage=small_study.storage)


def test_the_command_says_what_is_wrong(line: Line) -> None:
    status, out, err = line("evaluate", "small/0", "--corruptions", "./nowhere")
    assert status == 2 and "There is no such folder" in err and "Traceback" not in out + err
