"""The trial's folder: written whole, read back, never half there."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trial_parts import SMALL

from search_spaces.errors import UsageError
from trainables import record
from trainables.record import append_history, read_history, read_report, write_report
from trainables.reports import EpochReport, Report, TrialReport

Small = tuple[list[Report], TrialReport]


@pytest.fixture
def folder(small: Small, tmp_path: Path) -> Path:
    """The small trial's folder, as an engine would have it written."""
    place = tmp_path / "trial"
    for report in small[0]:
        if isinstance(report, EpochReport):
            append_history(place, report)
    write_report(small[1], SMALL, place)
    return place


def test_the_folder_holds_what_was_agreed(folder: Path) -> None:
    names = {"config.json", "history.json", "report.json", "predictions.parquet"}
    assert {f.name for f in folder.iterdir()} == names | {"examples.npz", "weights.safetensors"}
    stored = json.loads((folder / "report.json").read_text())
    assert set(stored) == {
        "schema", "metrics", "classes", "digests", "confusion", "robustness", "second_attack",
        "counts"
    }  # fmt: skip
    assert stored["schema"] == 1
    assert stored["counts"] == {"train": 200, "val": 100, "robust": 30, "labels_used": 300}
    val_KK = np.array(stored["confusion"]["val"])
    assert val_KK.sum() == 100 and np.trace(val_KK) / 100 == stored["metrics"]["val_acc"]


def test_reading_gives_back_what_was_written(folder: Path, small: Small) -> None:
    written, got = small[1], read_report(folder)
    assert got.config == SMALL and got.config.digest == SMALL.digest
    assert got.report.metrics == written.metrics
    assert got.report.classes == written.classes and got.report.digests == written.digests
    assert got.report.robustness is not None and written.robustness is not None
    assert got.report.robustness.worst_case == written.robustness.worst_case
    assert got.report.second is not None and written.second is not None
    assert got.report.second.worst_case == written.second.worst_case
    assert written.second.worst_case[-1] <= written.robustness.worst_case[-2]  # at 8/255
    assert got.report.robustness.provenance == json.loads(
        json.dumps(dict(written.robustness.provenance))
    )
    for name, array in written.weights.items():
        assert np.array_equal(got.report.weights[name], array)
    for mine, theirs in zip(got.report.predictions, written.predictions, strict=True):
        assert mine.split == theirs.split
        assert np.array_equal(mine.indices_N, theirs.indices_N)
        assert np.array_equal(mine.predicted_N, theirs.predicted_N)
    assert got.report.examples is not None and written.examples is not None
    assert np.array_equal(got.report.examples.attacked_NHWC, written.examples.attacked_NHWC)


def test_predictions_are_a_table_of_chances(folder: Path, small: Small) -> None:
    table = pd.read_parquet(folder / "predictions.parquet")
    chances = [f"p_{k}" for k in range(10)]
    assert list(table.columns) == ["split", "index", "label", "predicted", *chances]
    assert np.allclose(table[chances].sum(axis=1), 1, atol=1e-5)
    val = table[table["split"] == "val"]
    assert (val["label"] == val["predicted"]).mean() == small[1].metrics["val_acc"]
    assert (table[chances].to_numpy().argmax(1) == table["predicted"]).all()


def test_epochs_keep_the_time_they_were_first_written_with(folder: Path, small: Small) -> None:
    before = {row["epoch"]: row["time"] for row in read_history(folder)}
    assert sorted(before) == list(range(1, 13))
    assert list(before.values()) == sorted(before.values())
    for report in small[0]:
        if isinstance(report, EpochReport):
            append_history(folder, report)
    write_report(small[1], SMALL, folder)
    assert {row["epoch"]: row["time"] for row in read_history(folder)} == before


def test_floats_that_are_not_finite_are_null(tmp_path: Path) -> None:
    report = TrialReport(metrics={"val_loss": math.inf, "val_acc": math.nan, "lr": 0.1})
    append_history(tmp_path, EpochReport(1, {"train_loss": math.nan}))
    write_report(report, SMALL, tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert stored["metrics"] == {"val_loss": None, "val_acc": None, "lr": 0.1}
    assert read_history(tmp_path)[0]["metrics"] == {"train_loss": None}
    assert math.isnan(read_report(tmp_path).report.metrics["val_acc"])


def test_a_trainable_that_gives_metrics_alone_has_a_folder_too(tmp_path: Path) -> None:
    write_report(TrialReport(metrics={"val_acc": 0.5}), SMALL, tmp_path)
    got = read_report(tmp_path).report
    assert got.metrics == {"val_acc": 0.5} and got.predictions == () and got.weights == {}


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    folder: Path, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {f.name: f.read_bytes() for f in folder.iterdir()}

    def full(path: Path, **_: object) -> None:
        path.write_bytes(b"half a")
        raise OSError("No space left on device")

    monkeypatch.setattr(record, "predictions_to", full)
    changed = replace(small[1], metrics={**small[1].metrics, "val_acc": 0.0})
    with pytest.raises(OSError, match="No space"):
        write_report(changed, SMALL, folder)
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before


def test_a_folder_of_a_newer_version_is_refused(folder: Path) -> None:
    stored = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps({**stored, "schema": 2}))
    with pytest.raises(UsageError, match="Update orchestrator"):
        read_report(folder)
