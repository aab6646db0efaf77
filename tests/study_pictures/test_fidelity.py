"""The fidelity report: figures by hand, against SciPy, and what survivors would have said."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from made_studies import facts, made_spec
from scipy.stats import kendalltau

from orchestrator.study.agreement import rank_agreement
from orchestrator.study.facts import TrialFacts
from orchestrator.study.fidelity import FidelityReport, exempt_trials, fidelity_report
from orchestrator.study.savings import savings
from orchestrator.study.spec import DataSpec, ObjectiveSpec, PrunerSpec
from orchestrator.views.fidelity_text import fidelity_lines


@pytest.mark.parametrize(
    ("early", "final", "tau"),
    [
        # 10 pairs of 5; concordant minus discordant over 10
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1.0),
        ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], -1.0),
        ([1, 2, 3, 4, 5], [2, 1, 3, 4, 5], 0.8),  # one pair turned: (9 - 1) / 10
        ([1, 2, 3, 4, 5], [3, 1, 2, 5, 4], 0.4),  # three turned: (7 - 3) / 10
        # a tie in one: 9 pairs have an order there, so (9 - 0) / sqrt(9 * 10)
        ([1, 1, 2, 3, 4], [1, 2, 3, 4, 5], 9 / math.sqrt(90)),
    ],
)
def test_tau_by_hand(early: list[float], final: list[float], tau: float) -> None:
    found = rank_agreement(early, final)
    assert found is not None
    assert found.n == 5
    assert found.tau == pytest.approx(tau)
    assert found.low <= found.tau <= found.high
    assert found.kept == pytest.approx((1 + tau) / 2)


@pytest.mark.parametrize("seed", range(8))
def test_tau_against_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    early, final = rng.integers(0, 9, (2, 5 + 6 * seed))  # with ties
    found = rank_agreement(early.tolist(), final.tolist())
    assert found is not None
    assert found.tau == pytest.approx(kendalltau(early, final).statistic)


def test_no_agreement_without_an_order() -> None:
    assert rank_agreement([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]) is None
    assert rank_agreement([], []) is None


def test_the_same_trials_give_the_same_interval() -> None:
    early, final = [1, 2, 3, 4, 5, 6], [1, 3, 2, 4, 6, 5]
    assert rank_agreement(early, final) == rank_agreement(early, final)


@pytest.mark.parametrize("rho", [0.0, 0.7, 0.99])
def test_the_interval_covers_the_true_tau(rho: float) -> None:
    """Of normal samples with correlation rho, tau is 2 / pi arcsin(rho). 8 trials, 100 draws: if
    95 % are covered, fewer than 88 are with a probability of 0.1 %."""
    rng = np.random.default_rng(0)
    true, covered = 2 / math.pi * math.asin(rho), 0
    for _ in range(100):
        early = rng.normal(size=8)
        final = rho * early + math.sqrt(1 - rho**2) * rng.normal(size=8)
        found = rank_agreement(early.tolist(), final.tolist())
        assert found is not None
        covered += found.low <= true <= found.high
    assert covered >= 88


def _exempt(number: int, early: float, final: float, **changes: object) -> TrialFacts:
    return facts(
        number,
        final,
        **{"exempt": True, "steps": {1: early}, "config": {"epochs": 9}, **changes},
    )


def _eight(**changes: object) -> list[TrialFacts]:
    """Eight exempt trials whose early order is the final one; the lower half would be stopped."""
    stops = [{"stopped_at": 1 if n < 4 else None} for n in range(8)]
    return [
        _exempt(n, 0.1 * n, 0.5 + 0.01 * n, **{**held, **changes}) for n, held in enumerate(stops)
    ]


def _report(trials: list[TrialFacts], **changes: object) -> FidelityReport:
    report = fidelity_report(trials, made_spec(**changes))
    assert report is not None
    return report


def test_a_report_by_hand() -> None:
    report = _report(_eight())
    assert report.exempt == tuple(range(8))
    assert report.would_stop == (0, 1, 2, 3)
    assert (report.best_stopped, report.best_kept) == pytest.approx((0.53, 0.57))
    assert report.regret == 0
    (step,) = report.steps
    assert (step.step, step.stops, step.agreement.n, step.agreement.tau) == (1, 4, 8, 1)
    assert step.agreement.low > 0.5
    assert report.trusted is True


def test_a_best_trial_that_would_have_been_stopped() -> None:
    trials = [*_eight()[1:], _exempt(0, 0.0, 0.60, stopped_at=1)]
    report = _report(trials)
    assert report.best_lost
    assert report.regret == pytest.approx(0.03)  # 0.60 missed, 0.57 kept
    assert report.trusted is False
    assert "would have missed the best" in report.verdict
    assert "val_acc 60.0, of the others 57.0 at best" in report.verdict


def test_lower_is_better_where_the_gate_says_so() -> None:
    gate = ObjectiveSpec(metric="val_acc", direction="minimize")
    report = _report(_eight(), gate=gate)
    assert (report.best_stopped, report.best_kept) == pytest.approx((0.50, 0.54))
    assert report.regret == pytest.approx(0.04)


@pytest.mark.parametrize(
    "changes",
    [
        {"exempt": False},
        {"state": "running", "values": ()},
        {"state": "pruned"},
        {"repeat": True},
        {"origin": "warm_start"},
        {"metrics": {"val_acc": math.nan}},
        {"metrics": {}},
    ],
)
def test_who_is_no_exempt_trial(changes: dict[str, object]) -> None:
    trial = _exempt(0, 0.1, 0.2, **changes)
    assert exempt_trials([trial], made_spec()) == ()


def test_no_agreement_at_a_step_with_fewer_than_five() -> None:
    trials = _eight()[:3] + _eight(steps={1: 0.1, 3: 0.2})[3:7]
    steps = [dict(trial.steps) for trial in trials]
    assert [len(step) for step in steps] == [1, 1, 1, 2, 2, 2, 2]
    report = _report([*trials, _exempt(7, math.nan, 0.6)])
    assert [each.step for each in report.steps] == [1]  # step 3 has four, all of them 0.2
    assert report.steps[0].agreement.n == 7  # one has no finite value there


def test_the_end_itself_is_no_step_to_tell_of() -> None:
    ends = [
        replace(trial, steps={1: 0.1 * trial.number, 9: trial.metrics["val_acc"]})
        for trial in _eight()
    ]
    assert [each.step for each in _report(ends).steps] == [1]


@pytest.mark.parametrize(
    "changes", [{"gate": None}, {"pruner": PrunerSpec(name="none")}], ids=["gate", "pruner"]
)
def test_no_report_without_early_stopping(changes: dict[str, object]) -> None:
    assert fidelity_report(_eight(), made_spec(**changes)) is None


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([], "No exempt trials: too few to tell; 8 is the least."),
        (_eight()[:1], "1 exempt trial: too few to tell; 8 is the least."),
        (_eight()[:3], "3 exempt trials: too few to tell; 8 is the least."),
        (_eight(stopped_at=None), "Nothing to tell: not one trial was stopped"),
        (_eight(), "Stopping early could be trusted here: of two exempt trials the better at epoch"
                   " 1 was the better at the end in 100 % of pairs"),
        (
            [_exempt(n, n % 3, 0.5 + 0.01 * n, stopped_at=1 if n < 4 else None) for n in range(8)],
            "Whether stopping early could be trusted cannot be told from chance",
        ),
    ],
)  # fmt: skip
def test_the_verdict(trials: list[TrialFacts], words: str) -> None:
    assert _report(trials).verdict.startswith(words)


# Of 9 epochs each: what was run, and what would have been.
FINISHED = facts(0, 0.5, config={"epochs": 9}, seconds=45.0, steps={1: 0.1, 3: 0.2, 9: 0.5})
LATE = facts(1, state="pruned", stopped_at=3, config={"epochs": 9}, steps={1: 0.1, 3: 0.2})
EARLY = facts(2, state="pruned", stopped_at=1, config={"epochs": 9}, steps={1: 0.1})
EXEMPT = facts(3, 0.4, exempt=True, stopped_at=3, config={"epochs": 9}, seconds=27.0,
               steps={1: 0.1, 3: 0.2, 9: 0.4})  # fmt: skip
OTHERS = [
    facts(4, state="pruned", config={"epochs": 9}, reason="too large"),  # infeasible
    facts(5, state="failed", config={"epochs": 9}),
    facts(6, 0.5, config={"epochs": 9}, repeat=True),
    facts(7, 0.5, config={"epochs": 9}, origin="warm_start"),
    facts(8, state="running", config={"epochs": 9}, steps={1: 0.1}),
]


@pytest.mark.parametrize(
    ("changes", "run", "exempt", "seconds"),
    [
        # 9 + 3 + 1 + 9; the exempt one ran 6 more; (45 + 27) s / 18 epochs for 14 saved
        ({"fidelity": "epochs"}, 22, 6, 56.0),
        # short runs add up: 9+1+3, 1+3, 1, 9+1+3; exempt 9 - (1+3); 72 s / 26 for 5 saved
        ({"fidelity": "runs"}, 31, 5, 72 / 26 * 5),
    ],
)
def test_savings_by_hand(changes: dict[str, object], run: int, exempt: int, seconds: float) -> None:
    trials = [FINISHED, LATE, EARLY, EXEMPT, *OTHERS]
    saved = savings(trials, made_spec(**changes))
    assert (saved.stopped, saved.planned, saved.run, saved.exempt) == (2, 36, run, exempt)
    assert saved.share == pytest.approx((36 - run) / 36)
    assert saved.seconds == pytest.approx(seconds)


def test_savings_of_a_trainable_of_ones_own_count_the_most_steps_seen() -> None:
    own = {"data": DataSpec(), "backbones": ()}
    trials = [
        facts(0, 0.5, steps={100: 0.1, 400: 0.5}, config={"epochs": 2}),  # epochs of their own
        facts(1, state="pruned", stopped_at=100, steps={100: 0.1}),
    ]
    saved = savings(trials, made_spec(**own))
    assert (saved.planned, saved.run, saved.seconds) == (800, 500, None)


def test_nothing_stopped_nothing_saved() -> None:
    saved = savings([FINISHED], made_spec())
    assert (saved.saved, saved.share, saved.seconds) == (0, 0, 0)
    assert savings([], made_spec()).share == 0


def test_lines_for_a_terminal() -> None:
    lines = fidelity_lines(
        _report([*_eight(seconds=18.0), replace(LATE, number=8), replace(EARLY, number=9)])
    )
    # Perfect order of 8: tanh(atanh(1 - 2 / 28) - 1.96 sqrt(0.437 / 4)) = 0.76, of 28 pairs.
    assert lines[1] == "  epoch 1: Kendall's tau 1.00 (0.76 to 1.00), n = 8, 5 stops"
    # 10 trials of 9 epochs planned; 8 whole, 3 and 1; 2 s an epoch for 14
    assert lines[-1] == (
        "2 trials stopped: 16 % of all epochs saved, about 28s of trials' time "
        "(76 run instead of 90; exempt trials took 32 of those run)."
    )
    assert "step 1" in fidelity_lines(_report(_eight(), data=DataSpec()))[1]


def test_survivors_flatter_or_slander_and_exempt_trials_do_neither() -> None:
    """Early and final values of correlation 0.8, so tau = 2 / pi arcsin(0.8) = 0.590. The lower
    half is stopped after the first step, but an eighth is exempt. Over 150 studies of 80 trials
    the exempt trials' mean is within 4 standard errors of it; that of all trials which reached
    their end, who are mostly the better half by their early value, is far below it."""
    rng, true = np.random.default_rng(0), 2 / math.pi * math.asin(0.8)
    gate = ObjectiveSpec(metric="val_acc")
    by_exempt, by_survivors = [], []
    for _ in range(150):
        early = rng.normal(size=80)
        final = 0.8 * early + 0.6 * rng.normal(size=80)
        drawn = rng.random(80) < 1 / 8
        trials = [_simulated(n, early[n], final[n], exempt=bool(drawn[n])) for n in range(80)]
        exempt = exempt_trials(trials, made_spec(gate=gate))
        ended = [trial for trial in trials if trial.state == "finished"]
        assert {trial.number for trial in exempt} == set(np.flatnonzero(drawn))
        if len(exempt) < 5:
            continue
        by_exempt.append(_tau(exempt))
        by_survivors.append(_tau(ended))
        report = _report(trials)
        assert report.steps[0].agreement.tau == pytest.approx(by_exempt[-1])
    error = np.std(by_exempt) / math.sqrt(len(by_exempt))
    assert abs(np.mean(by_exempt) - true) < 4 * error < 0.08
    assert np.mean(by_survivors) < true - 0.1


def _simulated(number: int, early: float, final: float, *, exempt: bool) -> TrialFacts:
    stopped_at = 1 if early < 0 else None
    held = {"steps": {1: early}, "stopped_at": stopped_at, "exempt": exempt}
    if stopped_at and not exempt:
        return facts(number, state="pruned", **held)
    return facts(number, final, **held)


def _tau(trials: tuple[TrialFacts, ...] | list[TrialFacts]) -> float:
    early = [trial.steps[1] for trial in trials]
    return float(kendalltau(early, [trial.metrics["val_acc"] for trial in trials]).statistic)


def test_the_steps_that_are_told_are_those_with_most_stops() -> None:
    """Of ten steps with stops, six are told: 1, 2, 3 (two each) and the first three of the rest."""
    at = itertools.chain(range(1, 11), range(1, 4))
    stopped = [facts(20 + n, state="pruned", stopped_at=step) for n, step in enumerate(at)]
    exempt = _eight(steps={}, stopped_at=None)
    values = [{step: 0.1 * n + 0.001 * step for step in range(1, 11)} for n in range(8)]
    exempt = [
        _exempt(n, 0.0, 0.5 + 0.01 * n, steps=held)
        for n, held in zip(range(8), values, strict=True)
    ]
    lines = fidelity_lines(_report([*exempt, *stopped]))
    assert [line.split(":")[0].strip() for line in lines[1:-1]] == [
        f"epoch {step}" for step in range(1, 7)
    ]
