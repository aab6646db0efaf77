"""Curves read from trials, drawn, and shown: in the table, the report and on MLflow's page."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from orchestrator.label_curves import label_sentences, read_label_curves
from orchestrator.pictures.label_curves import draw_label_curves, drawn_law, points
from orchestrator.pictures.label_curves_html import interactive_label_curves
from orchestrator.pictures.view import StudyView
from orchestrator.reporting.material import Material
from orchestrator.reporting.report import make_report
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.spec import DataSpec, ObjectiveSpec, SplitSpec, StudySpec
from orchestrator.tracking.description import describe
from orchestrator.tracking.notes import Links
from orchestrator.tracking.records import StudyRecord
from orchestrator.views.ranked import print_ranked

LADDER = (10, 20, 50, 100, 200, 500, 1000)
SPLITS = (0, 1, 2)
MARGIN = "margin:pool=10000"
SPEC = StudySpec(
    name="labels", space="subset_size", space_version=2, space_question="How many labels?",
    objectives=(ObjectiveSpec(metric="val_acc"),), trials=42, seed=0,
    data=DataSpec(name="cifar10", classes=("a", "b")), backbones=("net",),
    split=SplitSpec(train=1000, val=1000, pool=48_000, labels_used=2000),
    folder=Path("/nowhere"), tracking_uri="", experiment="", created=1_790_000_000.0,
)  # fmt: skip


def trial(number: int, size: int, split: int, strategy: str, **changes: Any) -> TrialResult:
    """error = 0.05 + scale n^-1/2; margin's scale is 0.8, so it saves 36 % of the labels."""
    scale = 0.8 if strategy == MARGIN else 1.0
    accuracy = 0.95 - scale * size**-0.5 + 0.002 * (split - 1)
    params = {"train_size": size, "split_seed": split, "subset": strategy}
    fields: dict[str, Any] = {
        "label": f"{strategy} {size}", "params": params, "config": {**params, "backbone": "net"},
        "values": (accuracy,), "metrics": {"val_acc": accuracy},
    }  # fmt: skip
    return TrialResult(number, **{"state": "finished", **fields, **changes})


def made() -> list[TrialResult]:
    every = [(s, d, name) for name in ("random", MARGIN) for s in LADDER for d in SPLITS]
    return [trial(number, *each) for number, each in enumerate(every)]


def test_every_trial_is_a_point_of_its_arm():
    curves = read_label_curves(made(), SPEC)
    assert [curve.name for curve in curves] == ["margin", "random"]
    for curve in curves:
        own = [t for t in made() if t.config["subset"] == curve.strategy]
        expected = sorted((t.config["train_size"], t.metrics["val_acc"]) for t in own)
        np.testing.assert_allclose(sorted(points(curve)), expected)


def test_what_came_to_nothing_is_left_out():
    trials = [
        *made(),
        trial(50, 5000, 0, "random", state="pruned"),
        trial(51, 5000, 0, "random", repeat=True),
        trial(52, 5000, 0, "random", metrics={}),
        trial(53, 10, 0, "coreset"),  # one number of labels is no curve
    ]
    found = read_label_curves(trials, SPEC)
    assert [list(curve.sizes_S) for curve in found] == [list(LADDER)] * 2


@pytest.mark.parametrize(
    "params", [{"train_size": 10, "lr": 0.1}, {"split_seed": 0}, {"train_size": 10, "tune": "all"}]
)
def test_a_study_that_varies_something_else_has_no_curves(params):
    other = trial(60, 10, 0, "random", params=params)
    trials = [other] if "train_size" not in params else [*made(), other]
    assert read_label_curves(trials, SPEC) == ()


@pytest.mark.parametrize(
    ("arms", "names"),
    [
        ([("a", "random"), ("b", "random")], {"a", "b"}),
        ([("a", "random"), ("a", "margin:pool=5"), ("b", "random")],
         {"a, random", "a, margin", "b, random"}),
        ([("a", "margin:batch=5"), ("a", "margin")], {"margin:batch=5", "margin"}),
        ([("a", "stratified")], {"a"}),
    ],
)  # fmt: skip
def test_arms_are_named_by_what_tells_them_apart(arms, names):
    trials = [
        trial(n, size, 0, strategy, config={"train_size": size, "split_seed": 0,
                                            "backbone": backbone, "subset": strategy})
        for n, (backbone, strategy, size) in enumerate(
            (*arm, size) for arm in arms for size in (10, 20)
        )
    ]  # fmt: skip
    assert {curve.name for curve in read_label_curves(trials, SPEC)} == names


def test_the_picture_shows_every_point_and_the_law_as_far_as_it_is_trusted():
    view = StudyView(SPEC, tuple(made()), {})
    picture = draw_label_curves(view)
    assert picture is not None and picture.name == "label_curves"
    image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))
    assert image.std() > 5  # something is drawn
    assert picture.html is not None and "margin saves 36 %" in picture.html
    curves = read_label_curves(made(), SPEC)
    traces = interactive_label_curves(curves).data
    drawn = [t for t in traces if t.mode == "markers"]
    assert sum(len(t.x) for t in drawn) == len(made())
    law = drawn_law(curves[1])
    assert law is not None
    # Foretold from up to 200 labels, 500 and 1,000 were checked: five times as far beyond.
    assert law.sizes_S[-1] == pytest.approx(5000)
    assert (law.low_S <= law.accuracy_S).all() and (law.accuracy_S <= law.high_S).all()


def test_a_study_about_something_else_has_no_picture():
    assert draw_label_curves(StudyView(SPEC, (trial(0, 10, 0, "random"),), {})) is None


def test_table_report_and_mlflow_say_the_same():
    result = SearchResult(SPEC, "sqlite:///optuna.db", tuple(made()))
    said = label_sentences(read_label_curves(made(), SPEC))
    assert any("margin saves 36 % of the labels against random at" in line for line in said)
    out = io.StringIO()
    print_ranked(Console(file=out, width=200), result)
    material = Material(result=result, view=StudyView(SPEC, tuple(made()), {}), now=0.0)
    report = make_report(material)
    section = next(each for each in report.sections if each.name == "label_curves")
    (listed, figure, table, _) = section.blocks
    page = describe(StudyRecord(SPEC, tuple(made())), Links("", {}), with_fidelity=True)
    assert result.to_json()["label_curves"]["sentences"] == list(said)
    assert [words[0] for words in listed.items] == list(said)
    for line in said:
        assert " ".join(line.split()) in " ".join(out.getvalue().split())
    for line in said[:3]:
        assert line.split(" (")[0] in page
        assert line in report.answer or "foretold" in line
    assert [row[0][0] for row in table.rows] == [*map(str, (10, 20, 50, 100, 200, 500)), "1,000",
                                                 "law"]  # fmt: skip
    assert figure.name == "label_curves" and "random from 63.4 % with 10 labels" in figure.alt


def test_the_table_says_whose_labels_validation_took():
    trials = tuple(made())
    split = {"split": 1000, "kfold:5x4": 0}
    for validation, val in split.items():
        held = SPEC.split.model_copy(update={"validation": validation, "val": val})
        spec = SPEC.model_copy(update={"split": held})
        out = io.StringIO()
        print_ranked(Console(file=out, width=300), replace(
            SearchResult(spec, "sqlite:///optuna.db", trials)))  # fmt: skip
        said = " ".join(out.getvalue().split())
        beyond = "on 1,000 images set aside; their labels come on top of the 1,000 trained on."
        folds = "5-fold cross-validation, repeated 4 times, over the 1,000 training labels"
        assert (beyond in said) == (validation == "split")
        assert (folds in said) == (validation != "split")
