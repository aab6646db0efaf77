"""`evaluate` and `orchestrator evaluate` on real trials: the trial's own figures, files, errors."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from evaluated_study import PROBE, EvaluatedStudy
from json_keys import check

from orchestrator.evaluating.evaluate import evaluate as evaluate_and_draw
from orchestrator.evaluating.openings import FILE, KEY
from search_spaces.errors import UnavailableError, UsageError
from trainables.data import load, test_openings
from trainables.evaluating import prepare_again
from trainables.evaluation import Evaluation, evaluate_split
from trainables.record import read_report

evaluate = partial(evaluate_and_draw, pictures=False, masking_seconds=0)
Line = Callable[..., tuple[int, str, str]]


def _png_size(path: Path) -> tuple[int, int]:
    held = path.read_bytes()
    assert held.startswith(b"\x89PNG")
    return int.from_bytes(held[16:20], "big"), int.from_bytes(held[20:24], "big")


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("split", ["train", "val"])
def test_the_figures_are_the_trials_own(
    small_study: EvaluatedStudy, number: int, split: str, tmp_path: Path
) -> None:
    report = small_study.reports[number]
    found = evaluate(
        f"small/{number}", split=split, out=tmp_path, storage=small_study.storage, device="cpu"
    )
    evaluation = found.evaluation
    assert evaluation.accuracy == report.metrics[f"{split}_acc"]
    assert evaluation.loss == pytest.approx(report.metrics[f"{split}_loss"], abs=1e-5)
    (own,) = [part for part in report.predictions if part.split == split]
    expected = evaluate_split(
        own.logits_NK, own.labels_N, report.classes, split=split, indices_N=own.indices_N
    )
    assert evaluation.confusion == expected.confusion
    assert [m.index for m in evaluation.mistakes] == [m.index for m in expected.mistakes]
    if split == "val":
        assert evaluation.ece == pytest.approx(report.metrics["val_ece"], abs=1e-5)
        assert evaluation.balanced_accuracy == report.metrics["val_balanced_acc"]


def test_the_files_say_the_same(small_study: EvaluatedStudy, line: Line) -> None:
    status, out, err = line("evaluate", "small/0", "--json")
    assert status == 0, err
    found = json.loads(out)
    check("orchestrator evaluate RUN_OR_MODEL --json", found)
    folder = small_study.trial_folder(0) / "evaluation"
    assert Path(found["folder"]) == folder
    assert sorted(found["files"]) == sorted(path.name for path in folder.iterdir())
    kept = json.loads((folder / "evaluation-val.json").read_text())
    assert kept == found["evaluation"]
    value = Evaluation.model_validate(kept)
    rows = list(csv.reader((folder / "confusion-val.csv").open()))
    assert tuple(tuple(map(int, row[1:])) for row in rows[1:]) == value.confusion
    assert rows[0][1:] == [row[0] for row in rows[1:]] == list(value.classes)
    for name in ("confusion-val", "reliability-val", "mistakes-val", "curves"):
        assert min(_png_size(folder / f"{name}.png")) > 400
    provenance = value.provenance
    assert provenance["data_digest"] == load("digits").digest
    assert (provenance["precision"], provenance["input_size"]) == ("float32", 32)


def test_the_table_has_each_class_and_pair(small_study: EvaluatedStudy, line: Line) -> None:
    status, out, _ = line("evaluate", "small/0", "--no-pictures")
    assert status == 0
    value = Evaluation.model_validate_json(
        (small_study.trial_folder(0) / "evaluation" / "evaluation-val.json").read_text()
    )
    rows = [said.split() for said in out.splitlines() if said.strip()]
    assert ["60", f"{100 * value.accuracy:.1f}"] in [row[:2] for row in rows]  # type: ignore[operator]
    for each in value.per_class:
        figures = [
            f"{100 * f:.1f}" if f is not None else "-" for f in (each.precision, each.recall)
        ]
        assert [each.name, str(each.support), *figures] in [row[:4] for row in rows]
    for pair in value.most_confused:
        assert [pair.label, pair.predicted, str(pair.count)] in [row[:3] for row in rows]
    assert all(len(said) <= 80 or "files in" in said for said in out.splitlines())


def test_a_study_alone_is_its_best_trial(small_study: EvaluatedStudy, tmp_path: Path) -> None:
    accuracy = {n: report.metrics["val_acc"] for n, report in small_study.reports.items()}
    found = evaluate("small", out=tmp_path, storage=small_study.storage)
    assert found.trial == max(accuracy, key=lambda n: accuracy[n])
    assert found.name == f"small/{found.trial}" and found.study == "small"


def test_a_repeat_is_the_trial_it_was_answered_from(
    small_study: EvaluatedStudy, tmp_path: Path
) -> None:
    assert evaluate("small/3", out=tmp_path, storage=small_study.storage).trial == 0


def test_the_test_split_is_counted_in_the_study(small_study: EvaluatedStudy, line: Line) -> None:
    opened = sum(name.startswith(KEY) for name in small_study.study.user_attrs)
    ledger = test_openings(load("digits"))
    for more in (1, 2):
        status, out, err = line("evaluate", "small/0", "--split", "test", "--json", "--no-pictures")
        assert status == 0, err
        found = json.loads(out)
        assert (found["test_openings"], found["counted_for"]) == (opened + more, "study")
    held = [v for name, v in small_study.study.user_attrs.items() if name.startswith(KEY)]
    assert len(held) == opened + 2 and held[-1]["what"] == "small/0"
    assert test_openings(load("digits")) == ledger + 2
    assert found["evaluation"]["count"] == load("digits").test_count
    out = line("evaluate", "small/1", "--no-pictures")[1]
    assert f"The test split of this study was opened {opened + 2} times." in out


def test_a_bare_folder_counts_for_itself(
    small_study: EvaluatedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alone = tmp_path / "alone"
    shutil.copytree(small_study.trial_folder(0), alone, ignore=shutil.ignore_patterns("evaluation"))
    counts = [evaluate(alone, split=split).test_openings for split in ("val", "test", "test")]
    assert counts == [0, 1, 2]
    assert len((alone / FILE).read_text().splitlines()) == 2
    assert not (tmp_path / "optuna.db").exists()


def test_a_trials_own_folder_counts_for_its_study(small_study: EvaluatedStudy) -> None:
    found = evaluate(small_study.trial_folder(0), storage=small_study.storage)
    assert (found.study, found.trial, found.counted_for) == ("small", 0, "study")


def test_the_test_images_are_not_those_of_training(
    small_study: EvaluatedStudy, tmp_path: Path
) -> None:
    """Its figures are of the test labels: none of them is what the trial was told."""
    found = evaluate("small/0", split="test", out=tmp_path, storage=small_study.storage)
    support = np.array([each.support for each in found.evaluation.per_class])
    assert support.sum() == load("digits").test_count != len(load("digits"))
    assert found.evaluation.accuracy is not None and found.evaluation.accuracy > 0.3


def test_data_that_has_changed_is_refused(small_study: EvaluatedStudy) -> None:
    record = read_report(small_study.trial_folder(0))
    for what in ("data", "weights"):
        digests = {**record.report.digests, what: "0123456789abcdef"}
        other = replace(record, report=replace(record.report, digests=digests))
        with pytest.raises(UsageError, match=rf"the {what} .*0123456789abcdef"):
            prepare_again(other)
    moved = replace(record, config=PROBE.replace(split_seed=1))
    with pytest.raises(UsageError, match="the split"):
        prepare_again(moved)


def test_a_split_that_differs_in_attacked_images_only_is_the_same(
    small_study: EvaluatedStudy,
) -> None:
    record = read_report(small_study.trial_folder(0))
    on_gpu = replace(record, config=PROBE.replace(robust_size=7))
    setup = prepare_again(on_gpu)
    assert setup.splits.digest != record.report.digests["split"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("smal",), "Did you mean 'small'?"),
        (("small/9",), "numbers 0 to 4"),
        (("small/x",), "STUDY/NUMBER"),
        (("small/2",), "trial 2 is running. The nearest finished one: small/"),
        (("small/4",), "trial 4 is failed"),
        (("small/0", "--split", "tset"), "--split"),
        (("small/0", "--data", "digits"), "on its own data"),
        (("small/0", "--out", "optuna.db"), "--out names a folder"),
        (("small/0", "--device", "gpu"), "cuda:N"),
        ((".orchestrator",), "config.json"),
    ],
)
def test_wrong_usage_is_told_with_status_2(
    line: Line, arguments: tuple[str, ...], says: str
) -> None:
    status, out, err = line("evaluate", *arguments)
    assert (status, out) == (2, "")
    assert says in err and "Traceback" not in err


def test_a_trainable_of_ones_own_has_no_logits(small_study: EvaluatedStudy, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "config.json").write_text('{"x": 1}')
    (folder / "report.json").write_text('{"schema": 1, "metrics": {"y": 1}, "plain_config": true}')
    with pytest.raises(UsageError, match="one's own"):
        evaluate(folder)


def test_weights_that_are_gone_are_told(small_study: EvaluatedStudy, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    leave = shutil.ignore_patterns("weights.safetensors", "evaluation")
    shutil.copytree(small_study.trial_folder(0), folder, ignore=leave)
    with pytest.raises(UnavailableError, match=r"weights\.safetensors: is not there"):
        evaluate(folder)


def test_a_folder_that_cannot_be_written_is_told(
    small_study: EvaluatedStudy, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="--out"):
        evaluate("small/0", out=tmp_path / "file" / "under", storage=small_study.storage)
