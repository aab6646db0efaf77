"""Signs of masked gradients at evaluation: in its answer, its files, its words and the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from evaluated_study import EvaluatedStudy
from json_keys import check
from torch import nn

import trainables.trial_model
from orchestrator.evaluating.evaluate import evaluate
from orchestrator.evaluating.files import evaluated_alarms
from orchestrator.evaluating.masking import write_masking
from orchestrator.evaluating.sending import alarm_tag
from orchestrator.evaluating.source import find_source
from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.contents import alarms_of_evaluations
from trainables.attacks.alarms import Alarm
from trainables.attacks.masking_check import MaskingCheck

Line = Callable[..., tuple[int, str, str]]


class Quantised(nn.Module):
    """The net behind an input of 16 levels: right as before, and without a gradient."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        if not images_NCHW.is_floating_point():  # predictions are asked for in uint8
            return self.net(images_NCHW)
        return self.net((images_NCHW * 16).round() / 16)


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every trial's net is one that masks its gradients."""
    real = trainables.trial_model.trial_model
    built: Callable[..., Any] = lambda *parts: Quantised(real(*parts))  # noqa: E731
    monkeypatch.setattr(trainables.trial_model, "trial_model", built)


def test_an_ordinary_net_is_looked_at_and_nothing_is_found(
    small_study: EvaluatedStudy, tmp_path: Path
) -> None:
    found = evaluate(
        "small/1", out=tmp_path, storage=small_study.storage, pictures=False, device="cpu",
        masking_seconds=120,  # a busy machine takes fewer images otherwise
    )  # fmt: skip
    assert found.masking is not None and found.masking.alarms == ()
    assert found.masking.skipped == "" and 16 <= found.masking.images <= 60
    kept = json.loads((tmp_path / "masking-val.json").read_text())
    assert kept == found.to_json()["masking"]


def test_a_net_that_masks_is_said_to(small_study: EvaluatedStudy, line: Line, masked: None) -> None:
    asked = ("evaluate", "small/1", "--no-pictures", "--masking-time", "2m")
    folder = small_study.trial_folder(1)
    try:
        status, out, err = line(*asked, "--json")
        assert status == 0, err
        answer = json.loads(out)
        check("orchestrator evaluate RUN_OR_MODEL --json", answer)
        names = [alarm["name"] for alarm in answer["masking"]["alarms"]]
        assert "zero_gradients" in names
        assert [alarm["name"] for alarm in evaluated_alarms(folder)] == names
        # The trial's tag in MLflow, when its run is made anew; and when it is evaluated.
        assert alarms_of_evaluations(TrialFacts(1, "finished", "", folder=str(folder))) == names
        source = find_source("small/1", storage=small_study.storage)
        assert alarm_tag(source, MaskingCheck()) == {"alarms": ", ".join(names)}
        status, out, _ = line(*asked)
        flat = " ".join(out.split())
        assert "Do not trust its robustness yet:" in flat
        assert "Masked gradients: zero_gradients" in flat
    finally:
        (folder / "evaluation" / "masking-val.json").unlink()


def test_no_time_means_none(small_study: EvaluatedStudy, line: Line) -> None:
    status, out, _ = line("evaluate", "small/0", "--no-pictures", "--masking-time", "none")
    assert status == 0 and "asked gradients" not in out
    status, _, err = line("evaluate", "small/0", "--masking-time", "soon")
    assert status == 2 and "A duration is a number" in err


def test_no_look_does_not_replace_what_a_look_found(tmp_path: Path) -> None:
    (alarm,) = alarms = (Alarm("zero_gradients", 0.5, "Half of them are 0."),)
    assert write_masking(tmp_path, "val", MaskingCheck(skipped="no time"))
    (path,) = write_masking(tmp_path, "val", MaskingCheck(alarms=alarms, images=16))
    held = path.read_text()
    assert alarm.name in held
    assert write_masking(tmp_path, "val", MaskingCheck(skipped="no time")) == ()
    assert path.read_text() == held
    # A folder that somebody named may hold another trial's.
    assert write_masking(tmp_path, "val", MaskingCheck(skipped="no time"), own=False) == (path,)
    assert "no time" in path.read_text()


def test_damaged_files_are_no_alarms(tmp_path: Path) -> None:
    place = tmp_path / "evaluation" / "model"
    place.mkdir(parents=True)
    (place / "masking-val.json").write_text("{")
    for name, held in {"train": "null", "val2": "[3]", "val3": "[{}]", "val4": '["b"]'}.items():
        (place / f"masking-{name}.json").write_text(f'{{"alarms": {held}}}')
    (place / "masking-test.json").write_text('{"alarms": [{"name": "a"}, {"name": "a"}]}')
    assert [alarm["name"] for alarm in evaluated_alarms(tmp_path)] == ["a"]
    assert evaluated_alarms(None) == evaluated_alarms(tmp_path / "none") == []
