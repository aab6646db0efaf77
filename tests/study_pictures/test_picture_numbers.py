"""The numbers behind the pictures, held to figures worked out by hand."""

from __future__ import annotations

import math

import optuna
import pytest
from made_studies import BORN, ConditionSpec, facts, made_spec, two_objectives
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import create_trial

from orchestrator.pictures import fanova
from orchestrator.pictures.best_so_far import best_so_far
from orchestrator.pictures.fanova import importances
from orchestrator.pictures.importances import draw_importances
from orchestrator.pictures.labels import place_labels
from orchestrator.pictures.lanes import idle_share, lanes
from orchestrator.pictures.marks import marks
from orchestrator.pictures.parameter_scale import number, share_of_range, ticks
from orchestrator.pictures.pareto import front_of_view
from orchestrator.pictures.sample import sampled
from orchestrator.pictures.scales import metric_scale, shortened, time_unit, view_limits
from orchestrator.pictures.sessions import search_time
from orchestrator.pictures.timeline import became, timeline_words
from orchestrator.pictures.tracks_html import interactive_tracks
from orchestrator.pictures.tracks_png import static_tracks
from orchestrator.pictures.view import StudyView, study_view
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from search_spaces.exploring import Parameter


def _run(number: int, start: float, end: float | None, **changes: object) -> TrialFacts:
    """A trial that ran from `start` to `end`, in seconds since the study was made."""
    held: dict[str, object] = {"driver": "here:1:ab", "worker": "here:10", "started": BORN + start}
    held["state"] = "running" if end is None else "finished"
    if end is not None:
        held |= {"ended": BORN + end, "seconds": end - start}
    return facts(number, **{**held, **changes})


FRIDAY, MONDAY = "here:1:ab", "here:2:cd"
DIED = "its driver died"


@pytest.mark.parametrize(
    ("runs", "now", "sessions"),
    [
        ([], None, []),
        ([_run(0, 0, 10), _run(1, 12, 20)], None, [(0, 20)]),  # one driver: gaps are its own
        ([_run(0, 0, 10), _run(1, 100, 130, driver=MONDAY)], None, [(0, 10), (100, 130)]),
        ([_run(0, 0, 10), _run(1, 5, 30, driver="there:9:ef")], None, [(0, 30)]),  # side by side
        ([_run(0, 0, 10), _run(1, 15, None)], None, [(0, 15)]),  # until when is not known
        ([_run(0, 0, 10), _run(1, 15, None)], 40, [(0, 40)]),
        # What died on Friday was noticed on Monday only.
        ([_run(0, 0, 10), _run(1, 5, 99, state="stopped", reason=DIED),
          _run(2, 100, 110, driver=MONDAY)], None, [(0, 10), (100, 110)]),
        # Trial 1 began on Friday, gave way after 5 s, and went on for 20 s on Monday.
        ([_run(0, 0, 10), _run(1, 5, 120, seconds=25.0, attempt=2, driver=MONDAY),
          _run(2, 100, 110, driver=MONDAY)], None, [(0, 10), (100, 120)]),
        # On Monday nothing else ran: then it began when its seconds say, or after Friday's last.
        ([_run(0, 0, 10), _run(1, 5, 120, seconds=25.0, attempt=2, driver=MONDAY)], None,
         [(0, 10), (95, 120)]),
        ([_run(0, 0, 10), _run(1, 5, 30, seconds=25.0, attempt=2, driver=MONDAY)], None,
         [(0, 30)]),
    ],
)  # fmt: skip
def test_sessions(
    runs: list[TrialFacts], now: float | None, sessions: list[tuple[float, float]]
) -> None:
    time = search_time(runs, None if now is None else BORN + now)
    found = [(session.start - BORN, session.end - BORN) for session in time.sessions]
    assert found == sessions


@pytest.mark.parametrize(
    ("moment", "searched"), [(-5, 0), (0, 0), (4, 4), (10, 10), (50, 10), (105, 15), (200, 40)]
)
def test_the_time_searched_leaves_breaks_out(moment: float, searched: float) -> None:
    time = search_time([_run(0, 0, 10), _run(1, 100, 130, driver=MONDAY)])
    assert time.at(BORN + moment) == searched
    assert time.breaks == ((10.0, 90.0),)
    assert time.seconds == 40


def _spans(runs: list[TrialFacts]) -> dict[str, list[tuple[int, float, float]]]:
    """By lane: number, start and end of each bar."""
    time = search_time(runs)
    return {
        f"{row} {lane.name}": [(b.trial.number, b.start - BORN, b.end - BORN) for b in lane.bars]
        for row, lane in enumerate(lanes(runs, time))
    }


def test_two_workers_are_two_lanes() -> None:
    runs = [
        _run(0, 0, 10),
        _run(1, 0, 6, worker="here:11"),
        _run(2, 7, 9, worker="here:11"),
        _run(3, 8, 20, worker="there:5"),
    ]
    assert _spans(runs) == {
        "0 here:10": [(0, 0, 10)],
        "1 here:11": [(1, 0, 6), (2, 7, 9)],
        "2 there:5": [(3, 8, 20)],
    }
    # 10 + 6 + 2 + 12 seconds of 3 lanes x 20
    time = search_time(runs)
    assert idle_share(lanes(runs, time), time) == pytest.approx(1 - 30 / 60)
    words = timeline_words(lanes(runs, time), time)
    assert words.startswith("3 workers, 20s of searching from 2026-")
    assert words.endswith("workers idle 50 % of it")


def test_a_new_process_takes_the_lane_of_one_that_ended() -> None:
    """Two sessions of two workers each, 20 s and 10 s long: two lanes, all of them counted."""
    runs = [
        _run(0, 0, 20),
        _run(1, 0, 10, worker="here:11"),
        _run(2, 100, 110, driver=MONDAY, worker="here:20"),
        _run(3, 100, 105, driver=MONDAY, worker="here:21"),
    ]
    spans = _spans(runs)
    assert sorted(len(bars) for bars in spans.values()) == [2, 2]
    assert all("2 processes in turn" in name for name in spans)
    time = search_time(runs)
    assert idle_share(lanes(runs, time), time) == pytest.approx(1 - (20 + 10 + 10 + 5) / (2 * 30))


def test_trials_of_unknown_workers_share_lanes_only_one_after_the_other() -> None:
    runs = [_run(0, 0, 10, worker=""), _run(1, 4, 8, worker=""), _run(2, 10, 12, worker="")]
    spans = _spans(runs)
    assert sorted(spans.values()) == [[(0, 0, 10), (2, 10, 12)], [(1, 4, 8)]]
    assert {name[2:] for name in spans} == {"here: worker not known"}


def test_a_trial_that_went_on_is_a_bar_in_each_session() -> None:
    """It worked 25 s: 20 s from Monday's start on, so the other 5 s were Friday's."""
    runs = [
        _run(0, 0, 10),
        _run(1, 5, 120, seconds=25.0, attempt=2, driver=MONDAY, worker="here:21"),
        _run(2, 100, 110, driver=MONDAY, worker="here:20"),
    ]
    bars = sorted(bar for held in _spans(runs).values() for bar in held)
    assert bars == [(0, 0, 10), (1, 5, 10), (1, 100, 120), (2, 100, 110)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "finished"),
        ({"state": "pruned", "stopped_at": 3}, "stopped early"),
        ({"state": "pruned"}, "infeasible or diverged"),
        ({"state": "failed"}, "failed"),
        ({"state": "stopped"}, "interrupted"),
        ({"state": "running"}, "running"),
    ],
)
def test_what_became_of_a_trial(changes: dict[str, object], words: str) -> None:
    assert became(facts(0, 0.5, **changes)) == words


def _view(trials: list[TrialFacts], spec: StudySpec) -> StudyView:
    return StudyView(spec, tuple(trials), {})


def _best(trials: list[TrialFacts], spec: StudySpec) -> list[int]:
    (track, *_) = best_so_far(_view(trials, spec), lambda trial: float(trial.number))
    return [point.trial.number for point in track.best]


def test_the_best_so_far_by_hand() -> None:
    values = [0.5, 0.4, 0.6, 0.6, 0.7]
    trials = [facts(n, value) for n, value in enumerate(values)]
    assert _best(trials, made_spec()) == [0, 2, 4]  # an equal one is no better
    down = made_spec(objectives=(ObjectiveSpec(metric="val_acc", direction="minimize"),))
    assert _best(trials, down) == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"repeat": True},
        {"origin": "warm_start"},
        {"state": "pruned", "stopped_at": 1, "steps": {1: 0.9}},
        {"metrics": {"val_acc": 0.9, "robust_acc": 0.1}},  # breaks the constraint
        {"values": (math.nan,)},
    ],
)
def test_who_cannot_be_the_best(changes: dict[str, object]) -> None:
    spec = made_spec(constraints=(ConditionSpec(metric="robust_acc", op=">=", bound=0.3),))
    kept = {"metrics": {"val_acc": 0.5, "robust_acc": 0.4}}
    trials = [facts(0, 0.5, **kept), facts(1, 0.9, **{**kept, **changes}), facts(2, 0.6, **kept)]
    assert _best(trials, spec) == [0, 2]


@pytest.mark.parametrize("trials", [2, 5, 7, 9, 30])
def test_there_is_no_trial_one_and_a_half(trials: int) -> None:
    view = _view([facts(n, 0.5) for n in range(trials)], made_spec())
    tracks = best_so_far(view, lambda trial: float(trial.number))
    span = (0.0, trials - 1.0)
    static = static_tracks(tracks, marks(view), title="", axis="", span=span, whole=True)
    ticks_T = static.axes[-1].get_xticks()
    assert len(ticks_T) >= 2 and all(float(tick).is_integer() for tick in ticks_T)
    moving = interactive_tracks(tracks, marks(view), axis="", span=span, whole=True)
    assert moving.layout.xaxis.dtick == (1 if trials <= 8 else None)


def test_a_stopped_trial_stands_where_it_had_come_to() -> None:
    steps = {"steps": {1: 0.2, 3: 0.3}, "stopped_at": 3, "state": "pruned", "started": BORN}
    spec = made_spec()
    (track,) = best_so_far(_view([facts(0, 0.5), facts(1, **steps)], spec), lambda t: t.number)
    assert [(p.kind, p.value) for p in track.points] == [("finished", 0.5), ("stopped", 0.3)]
    other = made_spec(gate=ObjectiveSpec(metric="val_loss", direction="minimize"))
    (track,) = best_so_far(_view([facts(0, 0.5), facts(1, **steps)], other), lambda t: t.number)
    assert [p.kind for p in track.points] == ["finished"]  # its steps are another metric's


def test_the_edge_of_the_front_by_hand() -> None:
    """Accuracy up, seconds down: corners are less accurate and slower than both neighbours."""
    values = [(0.7, 10.0), (0.8, 20.0), (0.9, 50.0), (0.75, 40.0)]
    trials = [facts(n, values=pair) for n, pair in enumerate(values)]
    front = front_of_view(_view(trials, two_objectives()))
    xs, ys = front.edge(0, 1)
    assert list(zip(xs, ys, strict=True)) == [
        (0.7, 10), (0.7, 20), (0.8, 20), (0.8, 50), (0.9, 50),
    ]  # fmt: skip
    assert front.words == "3 of 4 trials on the front; better: val_acc higher, train_seconds lower"


# The variance of each parameter's own effect, over the whole space, by hand: the backbone's three
# values lie 0.1 apart, so 0.01 x 2/3; lr moves the value linearly in its logarithm by 0.2 in all,
# so 0.04 / 12. Together 0.01: two thirds and one third. Dropout does nothing.
_LIFT = {"a": -0.1, "b": 0.0, "c": 0.1}
_SPACE = {
    "backbone": CategoricalDistribution(tuple(_LIFT)),
    "lr": FloatDistribution(1e-4, 1e-2, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
}


def _drawn(trials: int, *, conditional: bool = False) -> StudyView:
    """Trials at random of a space whose importances are known."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(trials):
        trial = study.ask(_SPACE)
        params = dict(trial.params)
        value = 0.5 + _LIFT[params["backbone"]] + 0.1 * math.log10(params["lr"])
        if conditional and params["backbone"] != "a":
            del params["dropout"]
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        distributions = {name: _SPACE[name] for name in params}
        study.add_trial(create_trial(params=params, distributions=distributions, value=value))
    return study_view(study, made_spec())


@pytest.mark.parametrize("conditional", [False, True])
def test_importances_against_a_known_objective(conditional: bool) -> None:
    found = importances(_drawn(100, conditional=conditional))
    assert found is not None
    shares = found.shares["val_acc"]
    assert found.names == ("backbone", "lr", "dropout")
    assert shares["backbone"].mean == pytest.approx(2 / 3, abs=0.1)
    assert shares["lr"].mean == pytest.approx(1 / 3, abs=0.1)
    assert shares["dropout"].mean < 0.02
    assert sum(share.mean for share in shares.values()) == pytest.approx(1)
    assert found.words == "fANOVA over 100 finished trials"


def test_importances_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[StudyView] = []
    monkeypatch.setattr(fanova, "importances", lambda view: calls.append(view) or importances(view))
    view = _drawn(12)
    assert draw_importances(view) is not None
    assert view.importances == importances(view)
    assert calls == [view]


def test_importances_say_what_they_rest_on() -> None:
    assert importances(_drawn(7)) is None
    few, many = importances(_drawn(12)), importances(_drawn(201))
    assert few is not None
    assert few.words == "fANOVA over 12 finished trials: only a hint, below 40"
    assert many is not None
    assert many.words == "fANOVA over 200 finished trials of 201, drawn at random"


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("val_acc", [0.1, 0.9], "share"),
        ("fgsm_acc_eps_0.5", [0.1], "share"),
        ("my_score", [0.2, 1.7], "plain"),  # somebody's own score is no share
        ("train_seconds", [3.0], "seconds"),
        ("val_loss", [0.5], "plain"),
        ("val_acc", [0.5, math.nan], "share"),
    ],
)
def test_the_kind_of_a_metric(name: str, values: list[float], kind: str) -> None:
    assert metric_scale(name, values).kind == kind


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([1.0, 2.0, 3.0], None),  # too few to tell
        ([float(n) for n in range(20)], None),
        # 0 to 9 and a million: the rest would be a line; 5 % of 9 are left free on both sides
        ([*(float(n) for n in range(10)), 1e6], (-0.45, 9.45)),
        ([*(float(n) for n in range(10)), 100.0], None),  # nine of a hundred can be seen
        ([5.0] * 20, None),
    ],
)
def test_what_lies_far_out_is_cut_off(
    values: list[float], limits: tuple[float, float] | None
) -> None:
    assert view_limits(values) == (limits if limits is None else pytest.approx(limits))


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([0.01, 1.0, 500.0], True),
        ([1.0, 2.0, 3.0], False),
        ([0.0, 1.0, 500.0], False),
        ([0.01, 500.0], False),  # too few to tell
        ([*(1 + 0.1 * n for n in range(20)), 1e9], False),  # one of them is no reason
    ],
)
def test_a_loss_over_decades_has_a_logarithmic_axis(values: list[float], log: bool) -> None:
    assert metric_scale("val_loss", values).log is log


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(20, "seconds"), (181, "minutes"), (3 * 3600, "hours"), (73 * 3600, "days")],
)
def test_the_unit_of_time(seconds: float, name: str) -> None:
    assert time_unit(seconds).name == name


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [("lr", 5, "lr"), ("tf_efficientnet_lite0", 11, "tf_ef…lite0"), ("abcdef", 5, "ab…ef")],
)
def test_names_are_shortened_in_their_middle(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short


LR = Parameter("lr", low=1e-4, high=1e-1, log=True)
KIND = Parameter("kind", choices=("a", "b", "c"))


@pytest.mark.parametrize(
    ("parameter", "value", "share"),
    [
        (LR, 1e-4, 0.0), (LR, 1e-1, 1.0), (LR, 1e-3, 1 / 3), (KIND, "b", 0.5), (KIND, "c", 1.0),
        (Parameter("d", low=0, high=0.5), 0.25, 0.5), (Parameter("k", choices=("x",)), "x", 0.0),
    ],
)  # fmt: skip
def test_where_a_value_lies_along_its_range(
    parameter: Parameter, value: object, share: float
) -> None:
    assert share_of_range(parameter, value) == pytest.approx(share)


@pytest.mark.parametrize("value", ["d", None])
def test_a_value_outside_lies_nowhere(value: object) -> None:
    assert math.isnan(share_of_range(KIND, value))


def test_ticks_of_ranges() -> None:
    assert [text for _, text in ticks(LR)] == ["1e-4", "1e-3", "0.01", "0.1"]
    batch = Parameter("batch_size", low=32, high=512, log=True, integer=True)
    assert [text for _, text in ticks(batch)] == ["32", "50", "100", "200", "512"]
    assert [text for _, text in ticks(KIND)] == ["a", "b", "c"]
    assert [number(value) for value in (0, 0.3, 512, 20_000, 3e-5)] == [
        "0", "0.3", "512", "20000", "3e-5",
    ]  # fmt: skip


def test_a_sample_keeps_the_best() -> None:
    trials = [facts(n, 0.001 * n) for n in range(500)]
    kept = sampled(trials, made_spec(), 100)
    assert len(kept) == 100
    assert [trial.number for trial in kept[:10]] == list(range(499, 489, -1))
    assert kept == sampled(trials, made_spec(), 100)
    assert sampled(trials[:5], made_spec(), 100)[0].number == 4


def test_labels_keep_clear_of_each_other() -> None:
    """Three points in one place: the first has room to its upper right, the next beside it."""
    sides = place_labels([(1, 1), (1.01, 1), (5, 5)], ["17", "18", "3"])
    assert sides[0] == (1, 1)
    assert sides[1] in ((-1, 1), (1, -1), (-1, -1))
    assert sides[2] == (1, 1)
    crowd = place_labels([(1 + 0.001 * n, 1) for n in range(9)], [str(n) for n in range(9)])
    assert sum(side is not None for side in crowd) == 4  # one to each side
