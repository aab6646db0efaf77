"""Which trials are trained again, and which of them is put forward: tables by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from orchestrator.comparing import read_comparison
from orchestrator.promoting.choosing import choose_candidate
from orchestrator.promoting.finalists import NoFinalist, choose_finalists
from orchestrator.promoting.names import registered_name, repeats_name
from orchestrator.promoting.planning import FinalistsPlan
from orchestrator.promoting.promote import promoting
from orchestrator.promoting.request import PromoteRequest
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.command import goes_on_by, made_by
from orchestrator.study.names import check_study_name
from orchestrator.study.spec import StudySpec
from search_spaces.errors import TrialFailed, UsageError
from trainables.driving import drive


def spec(*metrics: str, **changes: object) -> StudySpec:
    fields = {
        "name": "s", "space": "backbone_compare", "space_version": 1, "space_question": "?",
        "objectives": [{"metric": name} for name in metrics or ("val_acc",)], "trials": 9,
        "seed": 0, "base_config": {}, "folder": "/nowhere/s", "tracking_uri": "sqlite://",
        "experiment": "e", "created": 0.0, "data": {"name": "digits", "digest": "d"},
        **changes,
    }  # fmt: skip
    return StudySpec.model_validate(fields)


def trial(number: int, acc: float, robust: float = math.nan, **config: object) -> TrialResult:
    metrics = {"val_acc": acc, "robust_score": robust}
    return TrialResult(
        number=number,
        state="finished",
        label=f"net {number}",
        config={"backbone": "vgg16", "lr": 1e-3 * (number + 1), "seed": number, **config},
        metrics={name: value for name, value in metrics.items() if not math.isnan(value)},
        values=(acc,) if math.isnan(robust) else (acc, robust),
    )


TRIALS = (trial(0, 0.70), trial(1, 0.90), trial(2, 0.80), trial(3, 0.85))
TRADES = (  # accuracy against robustness; trial 2 is dominated by 1
    trial(0, 0.90, 0.10), trial(1, 0.85, 0.30), trial(2, 0.80, 0.20), trial(3, 0.70, 0.50),
)  # fmt: skip


@pytest.mark.parametrize(
    ("trials", "metrics", "asked", "chosen"),
    [
        (TRIALS, ("val_acc",), {}, [1, 3, 2]),
        (TRIALS, ("val_acc",), {"finalists": 1}, [1]),
        (TRIALS, ("val_acc",), {"trial": 0}, [0]),
        (TRIALS, ("val_acc",), {"min_robust": 0.9}, [1, 3, 2]),  # never attacked: not known
        (TRADES, ("val_acc", "robust_score"), {}, [0, 1, 3]),
        (TRADES, ("val_acc", "robust_score"), {"min_robust": 0.25}, [1, 3]),
        (TRADES, ("val_acc",), {"min_robust": 0.15}, [1, 2, 3]),
        # Trials 1 and 4 differ in nothing but their seed.
        ((*TRIALS, trial(4, 0.95, lr=2e-3)), ("val_acc",), {}, [4, 3, 2]),
    ],
)
def test_the_best_few(
    trials: tuple[TrialResult, ...], metrics: tuple[str, ...], asked: dict, chosen: list[int]
) -> None:
    if metrics != ("val_acc", "robust_score"):
        trials = tuple(TrialResult(**{**vars(t), "values": t.values[:1]}) for t in trials)
    found = choose_finalists(trials, spec(*metrics), PromoteRequest(**asked))
    assert [each.number for each in found.values()] == chosen
    assert list(found) == [f"trial {number}" for number in chosen]


def test_no_trial_can_pass() -> None:
    with pytest.raises(NoFinalist, match=r"robust score of 60.0 %.*trial 3 with 50.0 %"):
        choose_finalists(TRADES, spec("val_acc", "robust_score"), PromoteRequest(min_robust=0.6))
    with pytest.raises(NoFinalist, match="no finished trial"):
        choose_finalists((), spec(), PromoteRequest())
    with pytest.raises(UsageError, match="0 to 3"):
        choose_finalists(TRIALS, spec(), PromoteRequest(trial=4))


def repeats(values: dict[int, list[tuple[float, float]]]) -> SearchResult:
    """A study of finalists: by trial, (accuracy, robust score) of each repeat; NaN: it failed."""
    arms = {f"trial {n}": {"of": n, "label": f"net {n}", "overrides": {}} for n in values}
    rows = []
    for repeat in range(max(map(len, values.values()))):
        for of, figures in values.items():
            acc, robust = figures[repeat]
            number, failed = len(rows), math.isnan(acc)
            rows.append(
                TrialResult(
                    number=number,
                    state="failed" if failed else "finished",
                    label="",
                    params={"arm": f"trial {of}", "repeat": repeat},
                    config={"seed": 10 + repeat, "split_seed": 10 + repeat},
                    metrics={} if failed else {"val_acc": acc, "robust_score": robust},
                    run_id=f"run{number}",
                )
            )
    held = {
        "source": "s", "by": "finalist", "arms": arms, "tuned": 9, "first_seed": 10,
        "repeats": max(map(len, values.values())),
    }  # fmt: skip
    return SearchResult(spec(name="s-finalists", comparison=held), "sqlite://", tuple(rows))


STEADY = [(0.80, 0.3), (0.82, 0.3), (0.84, 0.3)]
LUCKY = [(0.95, 0.1), (0.70, 0.1), (0.72, 0.1)]  # one great repeat, a lower mean


def test_the_best_mean_and_its_best_repeat() -> None:
    """0.82 against 0.79: the great repeat does not count; trial 4's repeats are rows 0, 2, 4."""
    found = choose_candidate(repeats({4: STEADY, 7: LUCKY}))
    assert (found.trial, found.repeat, found.repeats_trial, found.run_id) == (4, 3, 4, "run4")
    assert (found.seed, found.seeds) == (12, (10, 11, 12))
    assert [row.trial for row in found.finalists] == [4, 7]
    assert found.finalist.mean == pytest.approx(0.82)
    low, high = found.finalist.low, found.finalist.high
    assert low is not None and high is not None and low < 0.82 < high


def test_a_bound_on_robustness_holds_for_the_mean_over_repeats() -> None:
    found = choose_candidate(repeats({7: [(0.9, 0.1)] * 3, 4: STEADY}), min_robust=0.2)
    assert found.trial == 4
    assert "10.0 % on validation" in found.finalists[0].reason
    with pytest.raises(TrialFailed, match=r"below 50.0 %"):
        choose_candidate(repeats({7: LUCKY, 4: STEADY}), min_robust=0.5)


def test_a_finalist_that_ran_once_is_not_put_forward() -> None:
    nothing = (math.nan, math.nan)
    found = choose_candidate(repeats({7: [(0.99, 0.5), nothing, nothing], 4: STEADY}))
    assert found.trial == 4
    assert found.finalists[0].reason == "1 of its 3 repeats finished"


@pytest.mark.parametrize(
    ("asked", "data", "name"),
    [
        (None, "cifar10", "cifar10"),
        (None, "folder:/data/my pets@64", "my-pets-64"),
        ("birds v2", "cifar10", "birds v2"),
    ],
)
def test_names(asked: str | None, data: str, name: str) -> None:
    assert registered_name(asked, data) == name


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"min_acc": 80}, "80 % is --min-acc 0.8"),
        ({"min_robust": -0.1}, "share from 0 to 1"),
        ({"repeats": 1}, "--repeats must be at least 2"),
        ({"finalists": 0}, "--finalists must be at least 1"),
        ({"alpha": 0.7}, "--alpha"),
        ({"attack": "none", "min_robust": 0.1}, "without an attack"),
        ({"attack": "none", "by": "robustness"}, "without an attack"),
        ({"attack": "pdg"}, "Did you mean 'pgd'"),
        ({"dry_run": True, "challenger": True}, "changes nothing"),
        ({"max_latency_ms": 0.0}, "above 0"),
    ],
)
def test_wrong_requests_are_told_before_anything_runs(asked: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        PromoteRequest(**asked)


def test_a_name_that_could_not_stand_before_an_alias() -> None:
    with pytest.raises(UsageError, match="'a-b'"):
        registered_name("a/b", "cifar10")


@pytest.mark.parametrize(
    ("objective", "by"),
    [("val_acc", "accuracy"), ("val_loss", "accuracy"), ("robust_score", "robustness"),
     ("fgsm_acc", "robustness"), ("robust_acc", "robustness")],
)  # fmt: skip
def test_what_decides_follows_from_the_first_objective(objective: str, by: str) -> None:
    assert PromoteRequest().gates(objective).by == by
    assert PromoteRequest(by="accuracy").gates(objective).by == "accuracy"


def test_a_study_of_finalists_names_its_own_command() -> None:
    made = repeats({4: STEADY, 7: LUCKY}).spec
    assert made_by(made) == "orchestrator promote s --repeats 3"
    assert goes_on_by(made, done=True) == "orchestrator promote s --repeats 6"


def test_one_finalist_is_compared_with_nobody() -> None:
    result = repeats({4: STEADY})
    assert "by itself" in read_comparison(result.results, result.spec).verdict
    assert choose_candidate(result).trial == 4


def test_a_long_name_leaves_room_for_the_trials() -> None:
    assert repeats_name("s", [3, 7, 9]) == "s-finalists-3-7-9"
    long = repeats_name("x" * 100, [3, 7])
    assert check_study_name(long) == long and long.endswith("x-finalists-3-7")


def test_finalists_that_are_not_all_trained_decide_nothing() -> None:
    """A person stopped the trainings: what there is by chance is no choice."""
    result = replace(repeats({4: STEADY, 7: LUCKY}), stopped="interrupted")
    plan = FinalistsPlan(None, spec(), "digits", None)  # type: ignore[arg-type]
    with pytest.raises(TrialFailed, match=r"not all finalists are trained \(interrupted\)"):
        drive(promoting(PromoteRequest(), plan, result))
