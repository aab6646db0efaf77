"""What label curves say in words: worked out by hand from laws that hold to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.label_curves import label_sentences, needed, savings, usual_needs
from orchestrator.label_curves.curve import LabelCurve, make_curve
from orchestrator.label_curves.resampling import Resamples
from orchestrator.label_curves.table import curves_csv, curves_json, mean_cells

LADDER = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
# Each split is off by so much with every number of labels.
OFF = np.array([-0.004, 0.004, -0.001, 0.001])


def curve(
    strategy: str = "random",
    sizes: list[int] = LADDER,
    *,
    floor: float = 0.05,
    scale: float = 1.0,
    off_D: np.ndarray = OFF,
    backbone: str = "net",
) -> LabelCurve:
    """error = floor + scale n^-1/2."""
    accuracy_S = 1 - floor - scale * np.array(sizes, float) ** -0.5
    resamples = Resamples.of(len(off_D))
    accuracy_DS = accuracy_S[None, :] + off_D[:, None]
    return make_curve(strategy, backbone, strategy, sizes, accuracy_DS, resamples)


def test_labels_needed_by_hand():
    """0.05 + n^-1/2 is 0.15 with 100 labels.

    The standard error of four splits is 0.00337 / 2, times Student's 3.182 it is 0.00536: with
    0.10536 and 0.09464 for 0.1 that is 90 and 112 labels.
    """
    found = needed(curve(), 0.85)
    assert found is not None and found.is_told and not found.is_extrapolated
    assert found.labels.value == pytest.approx(100, rel=0.01)
    assert found.labels.low == pytest.approx(90, rel=0.03)
    assert found.labels.high == pytest.approx(112, rel=0.03)


def test_the_usual_questions_are_the_last_step_that_was_reached_and_the_next():
    """5,000 labels: 1 - 0.05 - 0.014 = 93.6 %. 95 % is never reached."""
    first, second = usual_needs(curve())
    assert (first.accuracy, second.accuracy) == (0.9, 0.95)
    assert first.labels.value == pytest.approx(400, rel=0.01)
    assert second.labels.value > 100 * second.farthest and not second.is_told


def test_a_law_is_trusted_as_far_beyond_as_it_was_checked():
    """2,000 and 5,000 were foretold from up to 1,000: five times as far, so up to 25,000."""
    this = curve()
    assert [check.size for check in this.checks] == [2000, 5000]
    assert this.farthest == 25_000
    # 0.05 + n^-1/2 = 0.06 with 10,000 labels, 0.056 with 27,800.
    assert needed(this, 0.94).is_told and needed(this, 0.94).is_extrapolated
    assert not needed(this, 0.944).is_told


def test_savings_by_hand():
    """A scale of 0.8 instead of 1 means 0.64 of the labels at any accuracy: 36 % saved.

    93 % is what both reach: 1 - 0.05 - 5000^-1/2 = 93.6 %, and 93.9 %.
    """
    (saving,) = savings((curve(), curve("margin", scale=0.8)))
    assert (saving.arm, saving.against, saving.accuracy) == ("margin", "random", 0.93)
    assert saving.share.value == pytest.approx(0.36, abs=0.01)
    assert saving.is_told


def test_the_words():
    curves = (curve(), curve("margin", scale=0.8), curve("typiclust", scale=1.1))
    said = label_sentences(curves)
    assert said[0] == "random: for 90 % you need about 400 labels (95 %: 320 to 490)."
    assert "random: how many labels 95 % needs cannot be told" in said[1]
    told = [line for line in said if "against random" in line]
    assert told[0].startswith("margin saves 36 % of the labels against random at 93 % (95 %: ")
    assert told[1].startswith("typiclust takes 21 % more labels against random at 93 % (95 %: ")
    assert any("fitted to fewer labels, the curve foretold 92.8 and 93.6 % with 2,000 and 5,000; "
               "92.8 and 93.6 % were measured" in line for line in said)  # fmt: skip


def test_what_is_extrapolated_is_said_to_be():
    """1 - 0.02 - 5000^-1/2 x 3 = 93.8 %; 95 % is 0.05 = 0.02 + 3 n^-1/2, so 10,000 labels."""
    said = label_sentences((curve(floor=0.02, scale=3.0, sizes=LADDER[2:]),))
    (line,) = [line for line in said if "95 % you need" in line]
    assert line.startswith("random: for 95 % you need about 10,000 labels (95 %: ")
    assert line.endswith("; extrapolated, 5,000 were measured).")


def test_two_strategies_that_scatter_are_not_told_apart():
    rng = np.random.default_rng(0)
    off_D = rng.normal(0, 0.02, 4)
    this = curve(off_D=rng.normal(0, 0.002, 4))
    other = curve("margin", scale=0.98, off_D=off_D - off_D.mean())
    (saving,) = savings((this, other))
    assert not saving.is_told
    (line,) = [each for each in label_sentences((this, other)) if "nothing can be said" in each]
    assert line.startswith("Between margin and random nothing can be said at 93 %: margin saves ")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sizes": LADDER[:4]}, "4 numbers of labels cannot settle and check a law, 5 can"),
        ({"off_D": OFF[:1]}, "one split cannot say how far chance goes"),
        ({"scale": 0.0}, "accuracy does not rise with labels"),
    ],
)
def test_nothing_is_said_where_no_law_can_be_known(changes, why):
    this = curve(**changes)
    assert needed(this, 0.85) is None
    assert label_sentences((this,)) == (f"random: nothing is foretold, since {why}.",)


def test_nothing_is_said_by_a_law_that_fails_its_check():
    """A curve that climbs like a law up to 1,000 labels, and then stands still."""
    accuracy_S = 1 - 0.02 - 2.0 * np.minimum(LADDER, 1000).astype(float) ** -0.4
    accuracy_DS = accuracy_S[None, :] + OFF[:, None] / 10
    this = make_curve("random", "net", "random", LADDER, accuracy_DS, Resamples.of(4))
    assert not this.is_trusted and this.farthest == 5000
    (line,) = label_sentences((this,))
    # 1 - 0.02 - 2 x 1000^-0.4 is 85.4 %, and with 2,000 for 1,000 88.4 %.
    assert "the law foretold 88.4 % with 2,000, and 85.4 % were measured." in line
    assert savings((this, curve("margin"))) == ()


def test_nothing_is_said_where_no_power_law_goes_through():
    accuracy_S = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
    this = make_curve("random", "net", "random", LADDER, accuracy_S + OFF[:, None], Resamples.of(4))
    assert "no power law goes through it" in this.why_not


def test_an_accuracy_is_a_share():
    with pytest.raises(ValueError, match="between 0 and 1"):
        needed(curve(), 90)


def test_the_table_and_the_json_say_the_same():
    curves = (curve(), curve("margin", scale=0.8))
    # Mean 1 - 0.05 - 0.1 with 100 labels; deviations 4, 4, 1, 1 thousandths: sd 0.0034.
    assert mean_cells(curves[0], 100) == "85.0 (0.3)"
    lines = curves_csv(curves).splitlines()
    assert lines[0] == "backbone,subset,labels,splits,mean,sd,by_law,low,high"
    assert len(lines) == 1 + 2 * len(LADDER)
    found = curves_json(curves)
    assert found is not None
    assert [arm["subset"] for arm in found["arms"]] == ["random", "margin"]
    assert found["arms"][0]["law"] == pytest.approx([0.05, 1.0, 0.5], rel=0.02)
    assert found["sentences"] == list(label_sentences(curves))
    assert curves_json(()) is None


def test_a_law_begins_where_nets_do_better_than_guess():
    """With a label of each of ten classes accuracy is what guessing gives: it is left out."""
    accuracy_S = 1 - 0.1 - 1.5 * np.array(LADDER, float) ** -0.5
    accuracy_S[0] = 0.1
    accuracy_DS = accuracy_S + OFF[:, None]
    this = make_curve("random", "net", "random", LADDER, accuracy_DS, Resamples.of(4))
    assert this.is_trusted and this.first == 20
    found = needed(this, 0.8)  # 0.1 + 1.5 n^-1/2 is 0.2 with 225 labels
    assert found is not None and found.labels.value == pytest.approx(225, rel=0.02)
    assert label_sentences((this,))[-1].endswith("It holds from 20 labels on.")
    low = needed(this, 0.3)  # 0.1 + 1.5 n^-1/2 is 0.7 with 6 labels
    assert low is not None and not low.is_told
