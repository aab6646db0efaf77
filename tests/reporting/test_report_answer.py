"""The answer's words: each sentence follows from figures that stand beside it here.

Wilson's intervals on 1,000 images, as README.md prints them: 85.9 (83.6-87.9), 83.9 (81.5-86.0);
70.0 (67.1-72.8) by the formula in Wilson 1927.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from by_hand import a_material, a_spec, a_trial, own_spec

from orchestrator.comparing.comparison import Comparison, compare_values
from orchestrator.reporting.answer import answer
from orchestrator.reporting.material import Material, OnTest
from orchestrator.reporting.trial_figures import cell
from orchestrator.study.spec import ArmSpec, ComparisonSpec, ConditionSpec, ObjectiveSpec

LITE2 = a_trial(0, 0.859, backbone="lite2")
LITE0 = a_trial(1, 0.839, backbone="lite0")
POOR = a_trial(2, 0.70, backbone="alexnet")
LOW = {"height": 0.5}
FAST = ObjectiveSpec(metric="train_seconds", direction="minimize")


def own(number: int, height: float) -> object:
    return a_trial(number, None, metrics={"height": height}, values=(height,), label=f"x {number}")


def two(number: int, acc: float, seconds: float) -> object:
    changes = {"metrics": {"train_seconds": seconds}, "values": (acc, seconds)}
    return a_trial(number, acc, backbone=f"net{number}", **changes)


FRONT = a_spec(objectives=(ObjectiveSpec(metric="val_acc"), FAST))
BOUND = (ConditionSpec(metric="robust_acc", op=">=", bound=0.3),)


def compared(*values: tuple[str, list[float]]) -> Comparison:
    arms, differences = compare_values(dict(values))
    return Comparison(
        study="made-by-backbone", source="made", by="backbone", metric="val_acc", maximize=True,
        repeats=3, tuned=2, overlap=0.0, arms=arms, differences=differences,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("material", "said"),
    [
        pytest.param(
            a_material(),
            [
                "No trial has finished with a value yet, so there is no answer "
                "(0 of 3 trials ended)."
            ],
            id="empty",
        ),
        pytest.param(
            a_material(a_trial(0, state="failed", reason="boom"), a_trial(1, state="pruned")),
            [
                "No trial has finished with a value, so there is no answer "
                "(1 of 3 trials ended, 1 failed)."
            ],
            id="failed",
        ),
        pytest.param(
            a_material(LITE2, spec=a_spec(constraints=BOUND)),
            [
                "No finished trial holds robust_acc>=0.3, so there is no answer "
                "(1 of 3 trials ended)."
            ],
            id="no trial holds",
        ),
        pytest.param(
            a_material(LITE2),
            [
                "lite2 (trial 0) has the highest val_acc so far: 85.9 % (95 %: 83.6 to 87.9), "
                "after 1 of 3 trials.",
                "The test split was not opened: every choice rests on validation images alone.",
                "The search has not come to its end.",
            ],
            id="one of three",
        ),
        pytest.param(
            a_material(LITE2, LITE0, POOR),
            [
                "lite2 (trial 0) has the highest val_acc: 85.9 % (95 %: 83.6 to 87.9), "
                "after 3 of 3 trials.",
                "lite0 cannot be told apart from lite2: the intervals overlap.",
                "alexnet is worse than lite2: the intervals do not meet.",
                "Of the 2 trials behind it 1 has an interval that overlaps its own.",
                "It is the best of 3 trials by the same validation images, so its figure is "
                "flattered by chance: expect somewhat less on fresh data.",
                "The test split was not opened: every choice rests on validation images alone.",
            ],
            id="a tie and a loser",
        ),
        pytest.param(
            a_material(own(0, 0.5), own(1, 0.25), own(2, 1.5), spec=own_spec()),
            [
                "x 1 (trial 1) has the lowest height: 0.25, after 3 of 3 trials.",
                "Each figure is of one run, without an interval: what two trials differ by may be "
                "chance.",
                "It is the best of 3 trials: where a run's outcome hangs on chance, its figure is "
                "flattered by it.",
            ],
            id="a trainable of one's own",
        ),
        pytest.param(
            a_material(two(0, 0.859, 60), two(1, 0.7, 5), two(2, 0.6, 9), spec=FRONT),
            [
                "By val_acc and train_seconds no single trial is the best: 2 of 3 trials that "
                "finished are on the Pareto front.",
                "The highest val_acc, 85.9 % (95 %: 83.6 to 87.9), is that of net0 (trial 0).",
                "The lowest train_seconds, 5.0s, is that of net1 (trial 1).",
                "Each figure is the best of 3 trials by the same validation images, so it is "
                "flattered by chance: expect somewhat less on fresh data.",
                "The test split was not opened: every choice rests on validation images alone.",
            ],
            id="two objectives",
        ),
        pytest.param(
            a_material(two(0, 0.9, 5), two(1, 0.7, 60), two(2, 0.6, 9), spec=FRONT),
            [
                "By val_acc and train_seconds one trial beats all others: net0 (trial 0).",
                "It has val_acc 90.0 % (95 %: 88.0 to 91.7) and train_seconds 5.0s.",
                "Each figure is the best of 3 trials by the same validation images, so it is "
                "flattered by chance: expect somewhat less on fresh data.",
                "The test split was not opened: every choice rests on validation images alone.",
            ],
            id="one beats all",
        ),
    ],
)
def test_the_sentences_of_a_study(material: Material, said: list[str]) -> None:
    found = list(answer(material))
    assert found[: len(said)] == said
    assert len(found) == len(said)


def test_no_interval_overlaps() -> None:
    found = answer(a_material(LITE2, POOR))
    assert "alexnet is worse than lite2: the intervals do not meet." in found
    assert "No other trial's interval overlaps its own." in found


def test_what_an_attack_leaves() -> None:
    # 24 of 100: 16.7 to 33.2 (Wilson)
    trial = a_trial(0, 0.859, metrics={"robust_score": 0.24, "robust_n": 100.0})
    left = "what is left of it under attack up to 8/255, is 24.0 % (95 %: 16.7 to 33.2)."
    assert any(sentence.endswith(left) for sentence in answer(a_material(trial)))


def test_every_attacks_figures_have_intervals() -> None:
    # 50 of 100: 40.4 to 59.6 (Wilson)
    named = ("apgd_l2_acc", "pgd50_acc", "fgsm_acc", "fgsm_acc_eps_2", "robust_score")
    trial = a_trial(0, 0.5, metrics={"robust_n": 100.0, **dict.fromkeys(named, 0.5)})
    assert {cell(trial, name, a_spec()) for name in named} == {"50.0 (40.4-59.6)"}
    of_training = replace(trial, metrics={"val_pgd_acc": 0.5})
    assert cell(of_training, "val_pgd_acc", a_spec()) == "50.0"


def test_a_comparison_of_the_study_speaks_in_its_own_words() -> None:
    told = compared(("a", [0.9, 0.91, 0.9]), ("b", [0.5, 0.52, 0.5]))
    found = answer(a_material(LITE2, comparisons=(told,)))
    assert (
        "Run again 3 times on fresh seeds and splits, by backbone: "
        "a is the best of 2: it beats every other."
    ) in found
    assert f"{told.sentences[0]}." in found
    assert "a beats b by 39.7 points" in " ".join(found)  # 271/3 - 152/3, in points


def test_a_study_of_repeats_is_answered_by_its_verdict() -> None:
    arms = {name: ArmSpec(of=0, label=name, overrides={}) for name in "ab"}
    held = ComparisonSpec(source="made", by="backbone", arms=arms, repeats=2, tuned=4)
    runs = {"a": (0.9, 0.92), "b": (0.5, 0.52)}
    trials = [
        a_trial(2 * place + repeat, value, params={"arm": arm, "repeat": repeat})
        for place, (arm, values) in enumerate(runs.items())
        for repeat, value in enumerate(values)
    ]
    found = answer(a_material(*trials, spec=a_spec(comparison=held, trials=4)))
    assert found[0] in (
        "a is the best of 2: it beats every other.",
        "a has the best mean, but cannot be told from b.",
    )
    assert "Each is the best of 4 trials of made, run 2 times on fresh seeds" in " ".join(found)
    assert "flattered" not in " ".join(found)  # repeats on fresh splits are not


@pytest.mark.parametrize(
    ("openings", "said"),
    [
        (0, "The test split was not opened"),
        (1, "The test split was opened once for this study."),
        (3, "The test split was opened 3 times for this study: the more often one looks"),
    ],
)
def test_looks_at_the_test_split_are_counted(openings: int, said: str) -> None:
    tests = (OnTest(LITE2, 2000, 0.8415, 0.8249, 0.8568),) if openings else ()
    words = " ".join(answer(a_material(LITE2, tests=tests, openings=openings)))
    assert said in words
    measured = "On the 2,000 test images trial 0 (lite2) has an accuracy of 84.2 %"
    assert (measured in words) is bool(openings)


def test_tests_of_several_trials_are_one_sentence() -> None:
    trials = [a_trial(number, 0.8, backbone=f"net{number}") for number in range(5)]
    tests = [OnTest(t, 2000, 0.5 - t.number / 10, 0.4, 0.6) for t in trials]
    (said,) = [s for s in answer(a_material(LITE2, tests=tuple(tests), openings=5)) if "2,000" in s]
    assert said == (
        "On the 2,000 test images trial 0 (net0) has an accuracy of 50.0 % (95 %: 40.0 to 60.0), "
        "trial 1 (net1) of 40.0 % (95 %: 40.0 to 60.0) and trial 2 (net2) of 30.0 % (95 %: 40.0 to "
        "60.0); 2 more in the table below."
    )


def test_the_only_rival_is_told_in_the_singular() -> None:
    assert "The interval of the one trial behind it overlaps its own." in answer(
        a_material(LITE2, LITE0)
    )


@pytest.mark.parametrize(("rivals", "who"), [(2, "Both trials"), (5, "All 5 trials")])
def test_rivals_that_are_all_near_are_told_as_one(rivals: int, who: str) -> None:
    near = [a_trial(number, 0.85, backbone="lite2") for number in range(1, rivals + 1)]
    words = f"{who} behind it have an interval that overlaps its own."
    assert words in answer(a_material(LITE2, *near))


def test_a_search_that_runs_says_so() -> None:
    assert answer(a_material(LITE2, running=True))[-1] == (
        "The search is running: all this may change."
    )


def test_a_metric_without_images_has_no_interval() -> None:
    loss = ObjectiveSpec(metric="val_loss", direction="minimize")
    trials = [replace(t, metrics={"val_loss": 0.5 + t.number}) for t in (LITE2, LITE0)]
    found = answer(a_material(*trials, spec=a_spec(objectives=(loss,))))
    assert found[0].startswith("lite2 (trial 0) has the lowest val_loss so far: 0.5, after 2 of 3")
    assert "without an interval" in found[1]


def test_a_second_attack_is_told_beside_the_score() -> None:
    metrics = {"val_acc": 0.85, "robust_score": 0.238, "second_acc": 0.0, "robust_n": 256}
    told = answer(a_material(a_trial(0, 0.85, metrics=metrics)))
    assert any(line.startswith("Its robust score") for line in told)
    (line,) = [line for line in told if line.startswith("A second, stronger attack")]
    assert line.startswith("A second, stronger attack leaves 0.0 % (95 %: 0.0 to ")
    assert "A second" not in " ".join(answer(a_material(a_trial(0, 0.85))))
