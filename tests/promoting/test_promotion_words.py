"""What a person reads of a decision: the table, the version's page, the model card."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hand_evidence import evidence, survival
from rich.console import Console

from orchestrator.promoting.candidate import Candidate, Finalist
from orchestrator.promoting.decision import Gates, PromotionDecision, decide
from orchestrator.promoting.evidence import Transferred
from orchestrator.promoting.model_card import model_card, version_description
from orchestrator.views.promotion_table import print_promotion
from trainables.config import TrialConfig
from trainables.record import TrialRecord
from trainables.reports import TrialReport

CANDIDATE = Candidate(
    study="s", trial=7, label="vgg16 · 128 px", repeats_study="s-finalists-7-3", repeats_trial=2,
    repeat=2, run_id="r", metric="val_acc",
    finalists=(
        Finalist(7, "vgg16 · 128 px", (0.84, 0.86), 0.85, 0.80, 0.90),
        Finalist(3, "mlp", (0.5, float("nan")), 0.5, None, None, "1 of its 2 repeats finished"),
    ),
    data="digits", data_digest="d", split_digest="p", seed=11, split_seed=11, seeds=(10, 11),
)  # fmt: skip


RECORD = TrialRecord(
    Path("nowhere"), TrialConfig(), TrialReport({}, classes=("a", "b")), (), {}, {"train": 9}
)


def decided(table: tuple[int, int, int, int], **changes: object) -> PromotionDecision:
    scores = survival(100, 300, 300, 1000)
    found = decide(evidence(table, (scores, scores)), Gates(min_acc=0.8))
    return replace(found, name="digits", candidate=CANDIDATE, test_openings=2, **changes)


def printed(decision: PromotionDecision) -> str:
    out = io.StringIO()
    print_promotion(Console(file=out, width=160), decision)
    return out.getvalue()


def test_a_promotion() -> None:
    text = printed(decided((800, 60, 20, 120), done="promoted", version="4"))
    last = text.strip().splitlines()
    assert "trial 7" in text and "85.0" in text and "80.0 to 90.0" in text
    assert "86.0 (83.7-88.0)" in text and "+4.0 (" in text and "version 3" in text
    assert "1 of its 2 repeats finished" in text
    assert "opened 2 times for this study" in text
    sentence = " ".join(last).split("is digits@champion now")
    assert len(sentence) == 2 and "(version 4): it is more accurate than version 3" in sentence[1]


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({}, "trial 7 of s (vgg16 · 128 px) would become digits@champion: it is more accurate"),
        ({"done": "challenger", "version": "5"},
         "trial 7 of s (vgg16 · 128 px) is digits@challenger now (version 5)"),
    ],
)  # fmt: skip
def test_sentences(changes: dict, begins: str) -> None:
    assert decided((800, 60, 20, 120), **changes).sentence.startswith(begins)


def test_a_refusal_says_all_that_fails_and_nothing_else() -> None:
    refused = decided((700, 50, 50, 200))
    assert refused.sentence.startswith(
        "Refused: trial 7 of s (vgg16 · 128 px) does not become digits@champion: accuracy 75.0 %"
    )
    assert "not significantly more accurate" in refused.sentence
    assert "robust" not in refused.sentence
    assert "fails" in printed(refused) and "holds" in printed(refused)


def test_the_card_says_what_the_champions_perturbations_cost() -> None:
    """Where they broke more; else the curve stands alone."""
    scores = survival(100, 300, 300, 1000)
    cost = Transferred((0.8, 0.65, 0.5), (0, 5, 200), 200, 700, 1.0)
    for images, said in ((200, True), (0, False)):
        own = replace(scores, transferred=replace(cost, images=images))
        free = replace(scores, transferred=replace(cost, images=0))
        found = decide(evidence((800, 60, 20, 120), (own, free)), Gates())
        curve = {"eps_255": [0, 4, 8], "candidate": [0.7, 0.6, 0.3]}
        attack = {**(found.attack or {}), "count": 1000, "worst_case": curve}
        found = replace(found, name="digits", candidate=CANDIDATE, attack=attack)
        card = model_card(found, RECORD, {})
        words = "what had broken version 3 counted in (without it 80.0, 65.0, 50.0)"
        assert "70.0 at 0, 60.0 at 4, 30.0 at 8" in card and (words in card) == said
        lost = "it lost 200 more images by that" if said else "it lost none by that"
        assert f"{lost}, and version 3 none" in card


def test_the_page_of_a_version_fits_its_column_and_json_is_json() -> None:
    decision = decided((800, 60, 20, 120), version="4", done="promoted")
    page = version_description(decision)
    assert page.startswith("trial 7 of s") and len(page) <= 5000
    assert "| accuracy (n = 1,000) | 86.0 (83.7-88.0) | 82.0" in page
    told = json.loads(json.dumps(decision.to_json()))
    assert told["candidate"]["trial"] == 7 and told["done"] == "promoted"
