"""What a plan of `reproduce` says of input sizes is what its rows are trained at."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.reproducing import ReproduceRequest, plan_reproduction
from orchestrator.reproducing.sizes import sizes_in_words
from orchestrator.request import SearchRequest
from orchestrator.study.spec import StudySpec
from orchestrator.views.plan_text import plan_lines
from search_spaces.references import REFERENCES
from search_spaces.references.reference import Row

ROWS = (
    Row("a head", "vgg16", {"input_size": 224}),
    Row("a net", "resnet9", {}),
    Row("another head", "alexnet", {"input_size": 224}),
)


def _spec(**fields: object) -> StudySpec:
    return StudySpec.model_construct(**{"base_config": {}, "fixed": {}, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ((32, 224), "by row: 32 px for a net. 224 px for a head; another head")),
        (
            {"base_config": {"input_size": 64}},
            ((64, 224), "by row: 64 px for a net. 224 px for a head; another head"),
        ),
        ({"fixed": {"input_size": 96}}, ((96,), "the same for every row")),
    ],
)
def test_by_hand(fields: dict[str, object], expected: tuple[tuple[int, ...], str]) -> None:
    assert sizes_in_words(_spec(**fields), ROWS) == expected


@pytest.mark.parametrize(
    ("system", "words"),
    [("C", "32 px: the same for every row"), ("B", "32 px: the same for every row")],
)
def test_a_plan_says_it(
    system: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = SearchRequest(data="digits", local=True)
    said = dict(plan_lines(plan_reproduction(ReproduceRequest(system, "small", run))))
    assert said["input size"] == words


def test_d_names_both_of_its_sizes() -> None:
    rows = tuple(REFERENCES.get("D").rows["small"])
    sizes, words = sizes_in_words(_spec(base_config={"input_size": 160}), rows)
    assert sizes == (
        32,
        128,
    )  # 160, which a search of these backbones would have taken, is not used
    assert "32 px for resnet18_cifar from scratch; resnet18 fine-tuned;" in words
