"""The command in a report plans the same study again, read by the command line itself."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from orchestrator.api import plan_search
from orchestrator.cli.app import build
from orchestrator.reporting.commands import packages_command, search_command, wrapped
from orchestrator.request import SearchRequest
from orchestrator.study.spec import StudySpec

# What may differ: when and where it was planned, how fast the machine was just then, and why what
# the command names by now was taken.
_OF_THE_DAY = {
    "created", "plan_seconds", "git_commit", "resources", "folder", "input_size_reason",
    "sampler_reason",
}  # fmt: skip

SMALL = {
    "data": "digits", "weights": "random", "train_size": 60, "val_size": 40, "robust_size": 10,
    "local": True, "cpus_per_trial": 1.0,
}  # fmt: skip
BOWL = """
from search_spaces import Objective, Space

def suggest(trial, context):
    return {"x": trial.suggest_float("x", -5, 5)}

def roll(config):
    for epoch in range(1, 4):
        yield {"height": config["x"] ** 2}

HEIGHT = (Objective("height", False),)
SPACE = Space("bowl", "Where?", suggest, objectives=HEIGHT, fidelity="epochs")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "bowl.py").write_text(BOWL)
    return tmp_path


def planned_again(spec: StudySpec, monkeypatch: pytest.MonkeyPatch) -> StudySpec:
    """The spec that the command plans: parsed by the command line itself, never run."""
    import typer

    from orchestrator.cli import searching

    asked: list[SearchRequest] = []
    monkeypatch.setattr(searching, "plan_and_run", lambda request, **_: asked.append(request))
    words = shlex.split(wrapped(search_command(spec)).replace("\\\n", ""))  # as a shell reads it
    assert words[0] == "orchestrator"
    typer.main.get_command(build()).main(words[1:], standalone_mode=False)
    return plan_search(asked[0]).spec


@pytest.mark.parametrize(
    "request_fields",
    [
        pytest.param({**SMALL, "backbones": ("resnet18", "mini_vgg"), "trials": 3, "seed": 7,
                      "settings": ("input_size=32", "epochs=5", "attack=none"),
                      "objective": "val_acc,-train_seconds", "constraints": ("val_acc>=0.1",),
                      "sampler": "random", "target": "val_acc>=0.99", "max_failures": 3,
                      "tries": ("backbone=resnet18,lr=1e-3",), "duplicates": "reseed"},
                     id="everything"),
        pytest.param({**SMALL, "space": "regularization", "backbones": ("mini_vgg",),
                      "settings": ("tune=all", "epochs=5", "input_size=32")}, id="one backbone"),
        pytest.param({**SMALL, "space": "subset_size", "backbones": ("resnet18",),
                      "settings": ("input_size=32",)}, id="the labels are searched"),
        pytest.param({"space": "bowl.py", "trainable": "bowl:roll", "trials": 4, "local": True,
                      "cpus_per_trial": 1.0, "pruner": "asha:first_rung=1,reduction=3",
                      "seed": 3, "experiment": "mine"}, id="a trainable of one's own"),
    ],
)  # fmt: skip
def test_the_command_plans_the_same_study(
    request_fields: dict[str, object], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plan_search(SearchRequest(**request_fields)).spec  # type: ignore[arg-type]
    again = planned_again(spec, monkeypatch)
    held, made = spec.model_dump(), again.model_dump()
    assert {k: v for k, v in held.items() if k not in _OF_THE_DAY} == {
        k: v for k, v in made.items() if k not in _OF_THE_DAY
    }


def test_versions_are_pinned_and_nothing_else(here: Path) -> None:
    spec = plan_search(SearchRequest(space="bowl.py", trainable="bowl:roll", local=True)).spec
    words = packages_command(spec).split()
    assert words[:2] == ["pip", "install"]
    assert f"torch=={spec.versions['torch']}" in words
    assert not any(word.startswith(("python==", "orchestrator==")) for word in words)
