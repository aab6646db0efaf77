"""What a search says before it starts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from view_parts import STUDY, screen, spec, text_of

from orchestrator.plan.value import Estimate, Resources, SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.views.plan_text import plan_lines, print_plan
from search_spaces.finding import find_space

RESOURCES = Resources(cpus=2, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=2)


def _plan(**changes: object) -> SearchPlan:
    plan = SearchPlan(
        request=SearchRequest(),
        space=find_space("backbone_compare"),
        spec=spec(),
        resources=RESOURCES,
        storage="postgresql+psycopg://me:secret@db/optuna",
        tracking_uri="postgresql://me:secret@db/mlflow",
        estimate=Estimate(total=240, extract=120, head=12, attack=96, start=12),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def _said(plan: SearchPlan) -> dict[str, str]:
    return dict(plan_lines(plan))


def test_all_that_is_decided_is_said() -> None:
    said = _said(_plan())
    assert said["study"] == f"{STUDY} (new)"
    assert "1,000 training and 1,000 validation images (256 of these attacked)" in said["data"]
    assert "2,000 labels in all" in said["data"]
    assert said["left out"] == "vgg16, vgg19: the hub cannot be reached"
    assert said["input size"] == "128 px: the largest that fits"
    assert said["goal"] == "maximize val_acc in 8 trials"
    assert "2 cores, no GPU; 2 trials at a time with 1 core each, under Ray" in said["machine"]
    assert "96s" not in said["time"]
    assert "1m36s attacking (40.0 %)" in said["time"]


def test_passwords_are_masked() -> None:
    console = screen(160)
    print_plan(console, _plan())
    assert "secret" not in text_of(console)
    assert "me:***@db" in text_of(console)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_it_wraps_within_the_terminal(width: int) -> None:
    console = screen(width)
    print_plan(console, _plan(to_fetch=("alexnet", "resnet18")))
    text = text_of(console)
    assert max(map(len, text.splitlines())) <= width
    assert "to download  weights of alexnet, resnet18" in text


@pytest.mark.parametrize(
    ("changes", "heading", "words"),
    [
        ({"continuing": True, "finished": 3}, "study", "going on: 3 of 8 trials are done"),
        ({"estimate": None}, "time", "not known before the first trial is done"),
        ({"time_budget": 1800.0}, "time", "no new trial after 30m00s"),
        ({"estimate": None, "time_budget": 60.0}, "time", "no new trial after 1m00s"),
        ({"estimate": Estimate(60, 0, 0, 0, 0)}, "time", "about 1m00s"),
        (
            {"estimate": Estimate(132, 0, 0, 60, 12, train=60)},
            "time",
            "2m12s: 1m00s training nets, 1m00s attacking (45.5 %), 12s starting",
        ),
        ({"resources": replace(RESOURCES, local=True)}, "machine", "without Ray"),
        ({"resources": replace(RESOURCES, address="auto")}, "machine", "cluster at auto"),
        (
            {"resources": replace(RESOURCES, gpus=1, gpus_per_trial=0.5)},
            "machine",
            "1 GPU; 2 trials at a time with 1 core and 0.5 GPUs each",
        ),
        ({"spec": spec(input_sizes=(64, 96))}, "input size", "64 or 96 px: the largest"),
        ({"spec": spec(fixed={"lr": 1e-3})}, "goal", "with lr 0.001 fixed"),
        ({"spec": spec(sampler_reason="why")}, "search", "sampler tpe (auto: why)"),
    ],
)
def test_each_decision_changes_its_line(
    changes: dict[str, object], heading: str, words: str
) -> None:
    assert words in _said(_plan(**changes))[heading]
