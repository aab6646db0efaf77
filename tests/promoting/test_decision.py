"""The decision, as a table of evidence made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hand_evidence import evidence, first, right, survival

from orchestrator.promoting.decision import Gates, decide, only_gates
from orchestrator.promoting.evidence import Evidence, Showing, Survival
from search_spaces.errors import UsageError

EQUAL = (800, 50, 50, 100)
BETTER = (800, 60, 20, 120)  # 60 to 20: p = 8e-6
BARELY = (800, 30, 16, 154)  # 30 to 16: p = 0.054
WORSE = (800, 20, 60, 120)
TOUGH, WEAK = survival(100, 300, 300, 1000), survival(300, 300, 100, 1000)


@pytest.mark.parametrize(
    ("given", "gates", "promoted", "failing"),
    [
        (evidence(BETTER), Gates(), True, []),
        (evidence(EQUAL), Gates(), False, ["better"]),
        (evidence(BARELY), Gates(), False, ["better"]),
        (evidence(BARELY), Gates(alpha=0.1), True, []),
        (evidence(WORSE), Gates(), False, ["better"]),
        (evidence((1000, 0, 0, 0)), Gates(), False, ["better"]),
        # 860 of 1,000: Wilson's 95 % interval is 83.7 to 88.0.
        (evidence(BETTER), Gates(min_acc=0.83), True, []),
        (evidence(BETTER), Gates(min_acc=0.85), False, ["accuracy"]),
        # A gate alone decides where there is no champion.
        (first(right(*BETTER)[0]), Gates(), True, []),
        (first(right(*BETTER)[0]), Gates(min_acc=0.85), False, ["accuracy"]),
        (first(right(*BETTER)[0]), Gates(min_robust=0.1), False, ["robust score"]),
        # Scores: 0.3 + 0.3 * 3/4 + 0.1 / 4 = 0.55 for the tough one, 0.4 for the weak one.
        (first(right(*BETTER)[0], TOUGH), Gates(min_robust=0.52), True, []),
        (first(right(*BETTER)[0], TOUGH), Gates(min_robust=0.545), False, ["robust score"]),
        # Robustness may not fall by more than 3 points.
        (evidence(BETTER, (TOUGH, TOUGH)), Gates(), True, []),
        (evidence(BETTER, (TOUGH, WEAK)), Gates(), True, []),
        (evidence(BETTER, (WEAK, TOUGH)), Gates(), False, ["not less robust"]),
        (evidence(BETTER, (WEAK, TOUGH)), Gates(margin=0.5), True, []),
        # By robustness: clean accuracy may fall.
        (evidence(WORSE, (TOUGH, WEAK)), Gates(by="robustness"), True, []),
        (evidence(BETTER, (TOUGH, TOUGH)), Gates(by="robustness"), False, ["better"]),
        (evidence(BETTER), Gates(by="robustness"), False, ["better"]),
        (evidence(WORSE, (WEAK, TOUGH)), Gates(min_acc=0.9, min_robust=0.6), False,
         ["accuracy", "robust score", "better", "not less robust"]),
        # Latency.
        (evidence(BETTER, latency=9.0), Gates(max_latency_ms=10), True, []),
        (evidence(BETTER, latency=11.0), Gates(max_latency_ms=10), False, ["latency"]),
        (evidence(BETTER), Gates(max_latency_ms=10), False, ["latency"]),
    ],
)  # fmt: skip
def test_decisions(given: Evidence, gates: Gates, promoted: bool, failing: list[str]) -> None:
    decision = decide(given, gates)
    assert (decision.promote, [r.check for r in decision.refusals]) == (promoted, failing)
    assert decide(given, gates) == decision


def test_a_reason_says_rule_figure_and_bound() -> None:
    decision = decide(evidence(BETTER, (WEAK, TOUGH), latency=11.4), Gates(0.85, 0.3, 10.0))
    words = {reason.check: reason.words for reason in decision.reasons}
    assert words["accuracy"] == ("accuracy 86.0 %, at least 83.7 % (95 %), where 85.0 % is wanted")
    assert words["better"] == (
        "it is more accurate than version 3 by +4.0 points: on the same 1,000 test images it has "
        "60 right that version 3 has wrong, and 20 the other way round (McNemar, exact: "
        "p < 0.0001)"
    )
    assert words["latency"] == (
        "one image takes 11.4 ms (95th percentile), where 10 ms is the most"
    )
    assert words["not less robust"].startswith("it may be less robust by more than 3.0 points: -15")


def test_a_challenger_needs_the_gates_alone() -> None:
    assert only_gates(decide(evidence(EQUAL), Gates(min_acc=0.8))).promote
    assert not only_gates(decide(evidence(BETTER), Gates(min_acc=0.9))).promote


def test_the_score_is_the_area_under_the_worst_case_curve() -> None:
    """Trapezoids over 0, 4, 8: a whole survivor 1, a half one 3/4, a clean one 1/4."""
    assert sorted(set(survival(1, 1, 1, 4).scores_M)) == [0.0, 0.25, 0.75, 1.0]
    assert survival(1, 1, 1, 4).accuracy_E == (0.75, 0.5, 0.25)


@pytest.mark.parametrize(
    "other",
    [
        Showing(np.ones(9, dtype=bool), TOUGH),
        Showing(np.ones(10, dtype=bool), None),
        Showing(np.ones(10, dtype=bool), survival(1, 1, 1, 999)),
        Showing(np.ones(10, dtype=bool), Survival(TOUGH.right_ME, (0.0, 1.0, 2.0), {}, {})),
        Showing(
            np.ones(10, dtype=bool),
            Survival(TOUGH.right_ME, TOUGH.eps_255, {"attack": "fgsm"}, {"sample_digest": "s"}),
        ),
        Showing(
            np.ones(10, dtype=bool),
            Survival(TOUGH.right_ME, TOUGH.eps_255, {"attack": "pgd10"}, {"sample_digest": "t"}),
        ),
    ],
)
def test_unlike_is_not_compared(other: Showing) -> None:
    words = "Two models are compared|only if they were measured alike"
    with pytest.raises(UsageError, match=words):
        Evidence(Showing(np.ones(10, dtype=bool), TOUGH), other, "3")


def test_too_few_attacked_images_are_named_as_the_reason() -> None:
    """Equal scores of 60 images: by the rule of three up to 6 points could be lost."""
    small = survival(20, 20, 10, 60)
    (refusal,) = decide(evidence(BETTER, (small, small)), Gates()).refusals
    assert refusal.check == "not less robust"
    assert refusal.words.endswith("; more than 60 attacked images would tell")
