"""The rows of the reference systems: valid configs, published figures, and words from figures."""

from __future__ import annotations

import math

import pytest

from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction
from search_spaces.errors import UnknownNameError
from search_spaces.finding import find_space
from search_spaces.references import BUDGETS, REFERENCES
from search_spaces.space import SpaceContext
from trainables.backbones import get_backbone
from trainables.config import TrialConfig
from trainables.recipe_check import check_recipe

# shared/facts.md: test accuracies in percent
PUBLISHED = {
    "A": {83.22, 82.82, 80.40, 79.81, 78.56, 77.34, 72.67, 71.05},
    "B": {93.05},
    "C": {73.2},
    "D": {19.40, 29.82, 19.84},
}


@pytest.mark.parametrize("system", list(REFERENCES))
@pytest.mark.parametrize("budget", BUDGETS)
def test_every_row_is_a_config_that_can_be_trained(system: str, budget: str) -> None:
    reference = REFERENCES.get(system)
    for row in reference.rows[budget]:
        fields = {"backbone": row.backbone, **reference.defaults[budget], **row.overrides}
        config = TrialConfig.model_validate(fields)
        check_recipe(config)
        get_backbone(row.backbone)


@pytest.mark.parametrize("system", list(REFERENCES))
def test_the_full_table_has_every_published_figure(system: str) -> None:
    reference = REFERENCES.get(system)
    rows = {row.test for row in reference.rows["full"]} | {gone.test for gone in reference.missing}
    assert {test for test in rows if test is not None and not math.isnan(test)} == PUBLISHED[system]


def test_the_published_cycle_of_b() -> None:
    """98 batches of 512 x 24 epochs; 2.54e-4 at both ends and 2.54e-3 at epoch 5."""
    from trainables.schedules import SCHEDULES

    reference = REFERENCES.get("B")
    row = reference.rows["full"][0]
    config = TrialConfig.model_validate({"backbone": row.backbone, **row.overrides})
    schedule = SCHEDULES.get("onecycle")(config)
    lr = [config.lr * schedule(step, 98 * 24, 98) for step in range(98 * 24)]
    assert (lr[0], lr[-1], max(lr)) == pytest.approx((2.54e-4, 2.54e-4, 2.54e-3))
    assert lr.index(max(lr)) // 98 in (4, 5)


def test_a_space_offers_the_rows_whose_backbones_there_are() -> None:
    space = find_space("reference_A_small")
    names = [point["row"] for point in space.baselines(SpaceContext(backbones=("vgg16",)))]
    assert names == ["vgg16, 1,000 labels"]
    # A night that is cut short has the ten epochs to show, and not a part of the 24.
    names = [point["row"] for point in find_space("reference_B_full").baselines(
        SpaceContext(backbones=("resnet9",)))]  # fmt: skip
    assert names == ["resnet9, fast recipe", "resnet9"]
    with pytest.raises(UnknownNameError, match="A, B, C, D"):
        find_space("reference_E_small")
    with pytest.raises(UnknownNameError, match="full, small"):
        find_space("reference_A_tiny")


def table(*rows: ReproducedRow) -> Reproduction:
    return Reproduction("X", "t", "q", "small", "s", "d", rows, "much", 10, 1)


def test_what_speaks_for_and_against_by_hand() -> None:
    rows = (
        ReproducedRow("slow", train=0.95, test=0.80, low=0.79, high=0.81, seconds=100),
        ReproducedRow("fast", train=0.75, test=0.72, low=0.71, high=0.73, seconds=10),
        ReproducedRow("gone", reason="no weights", published_test=0.9),
    )
    assert table(*rows).sentences == (
        "slow: for: the most accurate, 8.0 points above the next; "
        "against: 15 points less on new images than on those it was trained on.",
        "fast: for: trains fastest (10s), as good on new images as on its own to 3 points; "
        "against: 8.0 points behind slow.",
    )


def test_a_lead_within_the_interval_is_said_to_be_one() -> None:
    rows = (
        ReproducedRow("a", test=0.800, low=0.79, high=0.81),
        ReproducedRow("b", test=0.795, low=0.785, high=0.805),
    )
    assert table(*rows).sentences[0] == (
        "a: for: the most accurate, 0.5 points above the next, within its interval."
    )


def test_an_empty_table_says_so() -> None:
    assert table(ReproducedRow("gone", reason="?")).sentences == (
        "No row has a test accuracy yet.",
    )
