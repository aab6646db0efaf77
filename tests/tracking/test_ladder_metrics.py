"""Figures of `orchestrator attack` in MLflow: sent once, replaced, and there when made anew."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow_server import Server, copy_store
from study_by_hand import MadeStudy, create_study

from orchestrator.attacking.files import write_trial
from orchestrator.attacking.result import AttackedTrial, StudyAttack
from orchestrator.study.facts import read_facts
from orchestrator.study.store import read_spec
from orchestrator.tracking.evaluations import send_files
from orchestrator.tracking.ladder_metrics import ladder_metrics
from trainables.attacks.ladder.result import LadderResult, RungFigure, RungResult, UnionFigure

PGD10 = ("pgd10", 0.5, 0.5, 0.5, 40)
ENSEMBLE = ("ensemble", 0.25, 0.125, 0.375, 16)
FIRST = {
    "ladder_eps_8/n": 64.0,
    "ladder_eps_8/clean_acc": 0.75,
    "ladder_eps_8/union_acc": 0.2,
    "ladder_eps_8/pgd10_acc": 0.5,
    "ladder_eps_8/pgd10_acc_low": 0.5,
    "ladder_eps_8/pgd10_acc_high": 0.5,
    "ladder_eps_8/pgd10_n": 40.0,
    "ladder_eps_8/ensemble_acc": 0.25,
    "ladder_eps_8/ensemble_acc_low": 0.125,
    "ladder_eps_8/ensemble_acc_high": 0.375,
    "ladder_eps_8/ensemble_n": 16.0,
}


def attack_by_hand(
    folder: Path,
    when: float,
    *rungs: tuple[str, float | None, float, float, int],
    union: float = 0.2,
    eps_255: float = 8.0,
    norm: str = "linf",
) -> Path:
    """What `attack` leaves in a trial's folder; each rung: name, accuracy, low, high, n."""
    name = "trial 0"
    results = tuple(
        RungResult(
            rung, {"attack": rung},
            (RungFigure(name, acc, low, high, 40, n, 1, 0, 10, 0.1),), (name,), True, "",
        )
        for rung, acc, low, high, n in rungs
    )  # fmt: skip
    ladder = LadderResult(
        count=64, sample_digest="d" * 16, norm=norm, eps_255=eps_255, resolution=32, seed=0,
        margin=0.02, alpha=0.05, gate=None, clean={name: 0.75}, rungs=results,
        union=(UnionFigure(name, union, union, 0, 1),), passes=1, seconds=1.0,
    )  # fmt: skip
    trial = AttackedTrial(name, 0, "alexnet", None, "fgsm")
    found = StudyAttack("s", ladder, (trial,), (), "", when, 1.0, folder)
    return write_trial(found, trial, folder)


def held(folder: Path) -> dict[str, float]:
    return {row.key: row.value for row in ladder_metrics(folder)}


def test_each_epsilon_and_norm_has_a_section_of_its_own(tmp_path: Path) -> None:
    """A rung without an attacked image has bounds, and no accuracy."""
    attack_by_hand(tmp_path, 100, PGD10, ENSEMBLE)
    attack_by_hand(tmp_path, 200, ("pgd10", None, 0.0, 0.75, 0), eps_255=0.5)
    attack_by_hand(tmp_path, 300, eps_255=128.0, norm="l2")
    beside = {
        "ladder_eps_0.5/n": 64.0,
        "ladder_eps_0.5/clean_acc": 0.75,
        "ladder_eps_0.5/union_acc": 0.2,
        "ladder_eps_0.5/pgd10_acc_low": 0.0,
        "ladder_eps_0.5/pgd10_acc_high": 0.75,
        "ladder_eps_0.5/pgd10_n": 0.0,
        "ladder_l2_eps_128/n": 64.0,
        "ladder_l2_eps_128/clean_acc": 0.75,
        "ladder_l2_eps_128/union_acc": 0.2,
    }
    assert held(tmp_path) == FIRST | beside and ladder_metrics(None) == []


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", '{"schema": 1}', '{"schema": 0, "norm": "linf", "eps_255": 8, "made": 9e9}',
        '{"schema": 1, "norm": "linf", "eps_255": 4, "made": 1, "union": {}}',
        '{"schema": 1, "norm": "linf", "eps_255": 2, "made": "soon"}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_passed_over(tmp_path: Path, content: str) -> None:
    path = attack_by_hand(tmp_path, 100, PGD10, ENSEMBLE)
    path.with_name("ladder-linf-eps4.json").write_text(content)
    assert held(tmp_path) == FIRST


def test_the_file_of_an_earlier_version_counts_unless_there_is_a_newer_one(tmp_path: Path) -> None:
    """It was one for all epsilons, the newest attack's."""
    path = attack_by_hand(tmp_path, 100, PGD10, ENSEMBLE)
    path.rename(path.with_name("ladder.json"))
    assert held(tmp_path) == FIRST
    attack_by_hand(tmp_path, 200, union=0.1)
    assert held(tmp_path) == {
        "ladder_eps_8/n": 64.0, "ladder_eps_8/clean_acc": 0.75, "ladder_eps_8/union_acc": 0.1,
    }  # fmt: skip


@pytest.fixture
def study(tmp_path: Path, store: str) -> MadeStudy:
    """A finished trial whose run is in MLflow."""
    made = create_study(tmp_path, store)
    made.add_finished(0.8)
    assert made.sync().complete
    return made


def folder_of(made: MadeStudy) -> Path:
    return Path(read_facts(made.study.get_trials(deepcopy=False)[0]).folder)


def figures(uri: str, run_id: str) -> dict[str, float]:
    """As MLflow's tables show them."""
    metrics = MlflowClient(uri).get_run(run_id).data.metrics
    return {name: value for name, value in metrics.items() if name.startswith("ladder")}


def history(uri: str, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(row.step, row.value) for row in MlflowClient(uri).get_metric_history(run_id, name)]


def above(uri: str, name: str, least: float) -> list[str]:
    """Runs that a person finds by a filter, sorted by the same figure."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("orchestrator")
    assert experiment is not None
    given = [experiment.experiment_id], f"metrics.`{name}` > {least}"
    return [run.info.run_id for run in client.search_runs(*given, order_by=[f"metrics.`{name}`"])]


def test_sync_sends_each_figure_once(
    study: MadeStudy, tmp_path: Path, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a run that was complete before, and to one that is made anew. A study of hundreds of
    trials that were not attacked is not asked for each of their runs."""
    asked, real = [], MlflowClient.get_run

    def asking(client: MlflowClient, run_id: str) -> Run:
        asked.append(run_id)
        return real(client, run_id)

    monkeypatch.setattr(MlflowClient, "get_run", asking)
    assert study.sync().run_ids[0] not in asked
    attack_by_hand(folder_of(study), 1_790_000_100.5, PGD10, ENSEMBLE)
    (tmp_path / "new").mkdir()
    for uri in (study.tracking_uri, copy_store(schema, tmp_path / "new")):
        for _ in range(2):
            result = study.sync(tracking_uri=uri)
            assert result.complete
        assert figures(uri, result.run_ids[0]) == FIRST
        for name, value in FIRST.items():
            assert history(uri, result.run_ids[0], name) == [(0, value)]
        (row,) = MlflowClient(uri).get_metric_history(result.run_ids[0], "ladder_eps_8/n")
        assert row.timestamp == 1_790_000_100_500  # the attack's own moment


def test_an_attack_that_is_run_again_takes_the_place(study: MadeStudy) -> None:
    """No further step; what the second one does not give any more is no number."""
    uri, folder = study.tracking_uri, folder_of(study)
    attack_by_hand(folder, 1_790_000_100, PGD10, ENSEMBLE)
    run_id = study.sync().run_ids[0]
    assert above(uri, "ladder_eps_8/ensemble_acc", 0.2) == [run_id]
    attack_by_hand(folder, 1_790_000_200, ("pgd10", 0.375, 0.25, 0.5, 8), union=0.3)
    for _ in range(2):
        assert study.sync().complete
    changed = {"union_acc": 0.3, "pgd10_acc": 0.375, "pgd10_acc_low": 0.25, "pgd10_n": 8.0}
    now = {name: value for name, value in FIRST.items() if "ensemble" not in name}
    now |= {f"ladder_eps_8/{name}": value for name, value in changed.items()}
    shown = figures(uri, run_id)
    assert {name: value for name, value in shown.items() if not math.isnan(value)} == now
    assert {name for name in shown if math.isnan(shown[name])} == FIRST.keys() - now.keys()
    assert held(folder) == now  # a run that is made anew holds just these
    assert above(uri, "ladder_eps_8/ensemble_acc", 0.0) == []
    for name in FIRST:
        rows = history(uri, run_id, name)
        assert {step for step, _ in rows} == {0}
        assert len(rows) == 1 + (shown[name] != FIRST[name])
    attack_by_hand(folder, 1_790_000_300, PGD10, ENSEMBLE)  # it reaches the ensemble again
    study.sync()
    assert figures(uri, run_id) == FIRST


@pytest.mark.slow
def test_a_run_that_was_half_sent_gets_them_too(tmp_path: Path, store: str) -> None:
    """Attacked while MLflow held the trial as running: the end brings them."""
    made = create_study(tmp_path, store)
    number = made.add_running()
    run_id = made.sync(live=True).run_ids[number]
    made.finish_running(number, 0.8)
    attack_by_hand(folder_of(made), 1_790_000_100, PGD10, ENSEMBLE)
    assert made.sync().run_ids[number] == run_id
    assert figures(store, run_id) == FIRST


@pytest.mark.slow
def test_over_a_server_no_number_is_a_value_as_well(tmp_path: Path, server: Server) -> None:
    """By `attack`'s own way, and through HTTP, where NaN is a word."""
    made = create_study(tmp_path, server.uri, name="ladder-over-http")
    made.add_finished(0.8)
    run_id = made.sync().run_ids[0]
    for when, rungs in ((1_790_000_100, (PGD10, ENSEMBLE)), (1_790_000_200, (PGD10,))):
        path = attack_by_hand(folder_of(made), when, *rungs)
        told = send_files(
            [path], server.uri, "evaluation", run_id=run_id, spec=read_spec(made.study), trial=0,
            ladders=folder_of(made),
        )  # fmt: skip
        assert told == ""
    shown = figures(server.uri, run_id)
    assert math.isnan(shown["ladder_eps_8/ensemble_acc"])
    assert shown["ladder_eps_8/pgd10_acc"] == 0.5
    assert history(server.uri, run_id, "ladder_eps_8/pgd10_acc") == [(0, 0.5)]
