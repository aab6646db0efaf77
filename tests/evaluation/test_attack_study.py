"""`attack` and `orchestrator attack` on a study of real trials, and what the report makes of it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from evaluated_study import NET, EvaluatedStudy, make_study
from json_keys import check

from orchestrator.attacking.agreement import rung_agreements
from orchestrator.attacking.attack import attack
from orchestrator.attacking.epsilon import choose_epsilon
from orchestrator.attacking.files import read_attacks, write_attack, write_trial
from orchestrator.attacking.request import AttackRequest
from orchestrator.attacking.result import StudyAttack
from orchestrator.cli.app import main
from orchestrator.cli.attack import attack as attack_command
from orchestrator.reporting.blocks import Table, plain
from orchestrator.reporting.material import read_material
from orchestrator.reporting.sections.ladder import ladder_section
from orchestrator.tracking.store import open_client
from orchestrator.tracking.sync import sync
from orchestrator.views.ladder_words import verdict_words
from search_spaces.errors import UsageError
from trainables.attacks.ladder.rungs import Rung
from trainables.reports import RobustnessCurve

TINY = NET.replace(width=4, depth=1)
ATTACKED = {"attack": "fgsm", "eps_255": (0.0, 2.0, 8.0, 32.0), "robust_size": 24}
SHORT = (Rung("pgd2", "pgd:steps=2", keep=1, share=1.0),)
Line = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def attacked_study(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedStudy:
    """A study named `hard` with two finished trials, both attacked by FGSM in their search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluated_study.PROBE", TINY.replace(**ATTACKED))
        patch.setattr("evaluated_study.NET", TINY.replace(epochs=8, **ATTACKED))
        return make_study(tmp_path_factory.mktemp("hard"), "hard")


@pytest.fixture(scope="module")
def found(attacked_study: EvaluatedStudy) -> StudyAttack:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(attacked_study.folder.parents[1])
        return attack("hard", passes=20_000, eps_255=32.0, storage=attacked_study.storage)


@pytest.fixture
def at(
    attacked_study: EvaluatedStudy,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Line:
    monkeypatch.chdir(attacked_study.folder.parents[1])
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_trials_keep_the_figure_of_their_own_attack(
    found: StudyAttack, attacked_study: EvaluatedStudy
) -> None:
    """The search's column is what the trial wrote down; the attack changes nothing of a trial."""
    assert {each.number for each in found.trials} == {0, 1}
    for each in found.trials:
        curve = attacked_study.reports[each.number].robustness
        assert curve is not None
        assert each.recorded == curve.worst_case[curve.eps_255.index(32.0)]
        assert each.attack == "fgsm"
        stored = json.loads((attacked_study.trial_folder(each.number) / "report.json").read_text())
        assert stored["metrics"]["robust_score"] == pytest.approx(
            attacked_study.reports[each.number].metrics["robust_score"]
        )
    assert found.ladder.count == 24
    digest = attacked_study.reports[0].robustness
    assert digest is not None
    assert found.ladder.sample_digest == digest.provenance["sample_digest"]


def test_stronger_attacks_leave_less(found: StudyAttack) -> None:
    for each in found.trials:
        pgd = found.ladder.rungs[0].accuracy(each.name)
        assert pgd is not None and each.recorded is not None
        assert found.union(each.name).accuracy <= pgd <= found.ladder.clean[each.name]


def test_the_files_say_the_same(found: StudyAttack, attacked_study: EvaluatedStudy) -> None:
    write_attack(found)
    (read,) = [a for a in read_attacks(attacked_study.folder) if a.ladder.eps_255 == 32]
    assert json.dumps(read.to_json()) == json.dumps(found.to_json())
    for each in found.trials:
        name = "ladder-linf-eps32.json"
        path = attacked_study.trial_folder(each.number) / "evaluation" / name
        held = json.loads(path.read_text())
        assert held["union"]["accuracy"] == found.union(each.name).accuracy
        assert held["rungs"][0]["rung"] == "pgd10"
        assert held["search"] == each.recorded
    (attacked_study.folder / "ladder" / "linf-eps99.json").write_text("{")
    assert read in read_attacks(attacked_study.folder)  # a damaged one is passed over
    (attacked_study.folder / "ladder" / "linf-eps99.json").unlink()


def test_the_command_answers_with_the_documented_keys(at: Line) -> None:
    line = ("attack", "hard", "--passes", "5000", "--eps", "32", "--gate", "0.9", "--json")
    status, out, err = at(*line)
    assert status == 0, err
    check("orchestrator attack STUDY --json", json.loads(out))


def test_the_command_shows_each_trial_and_what_was_spent(at: Line) -> None:
    status, out, err = at("attack", "hard", "--passes", "5000", "--eps", "32", "--trials", "1,0")
    assert status == 0, err
    assert "pgd50x10" in out and "ensemble" in out and "union" in out
    assert "passes" in out and "24 validation images" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--eps", "0"), "--eps is above 0"),
        (("--eps", "0.00784"), "--eps 2"),  # 2/255, as other libraries want it
        (("--gate", "40"), "--gate 0.4"),
        (("--trials", "0,x"), "x"),
        (("--trials", "4"), "trial 4 is failed"),
        (("--trials", "99"), "0 to 4"),
        (("--time", "soon"), "A duration"),
        (("--top", "0"), "top"),
    ],
)
def test_mistakes_are_told_with_status_2(at: Line, arguments: tuple[str, ...], words: str) -> None:
    status, out, err = at("attack", "hard", *arguments)
    assert status == 2 and out == ""
    assert words in " ".join(err.split())


def test_the_report_shows_the_ladder_and_the_agreements(
    found: StudyAttack, attacked_study: EvaluatedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(attacked_study.folder.parents[1])
    write_attack(found)
    material = read_material("hard", storage=attacked_study.storage)
    assert found.ladder in [each.ladder for each in material.ladders]
    material = replace(material, ladders=(found,))
    section = ladder_section(material)
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert len(table.rows) == 2
    assert [plain(row[0]) for row in table.rows] == [str(t.number) for t in found.ranked]
    text = json.dumps([str(block) for block in section.blocks])
    assert found.agreements[0].first == "search" and found.agreements[0].second == "pgd10"
    assert all(f"{each.first} to {each.second}" in text for each in found.agreements)


def test_no_ladder_no_section(small_study: EvaluatedStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small_study.folder.parents[1])
    material = read_material("small", storage=small_study.storage)
    assert not ladder_section(material).blocks


def test_a_trial_on_other_images_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluated_study.PROBE", TINY.replace(epochs=1))
    monkeypatch.setattr("evaluated_study.NET", TINY.replace(epochs=1, split_seed=7))
    made = make_study(tmp_path, "mixed")
    monkeypatch.chdir(tmp_path)
    told = attack("mixed", rungs=SHORT, storage=made.storage)
    assert len(told.trials) == len(told.left_out) == 1
    assert "validation images are others" in told.left_out[0]["reason"]
    assert told.trials[0].recorded is None  # neither was attacked in its search
    with pytest.raises(UsageError, match="--trials names each trial once"):
        attack("mixed", trials=(0, 0), storage=made.storage)


def _curve(worst: dict[float, float], norm: str = "linf") -> RobustnessCurve:
    rows = tuple(worst), tuple(worst.values())
    return RobustnessCurve(*rows, rows[1], 100, {"norm": norm, "attack": "fgsm"})


@pytest.mark.parametrize(
    ("curves", "eps", "norm"),
    [
        ([], 8.0, "linf"),
        ([_curve({0: 0.9, 2: 0.5, 8: 0.3})], 8.0, "linf"),
        ([_curve({0: 0.9, 2: 0.5, 8: 0.1}), _curve({0: 0.5, 2: 0.4, 8: 0.19})], 2.0, "linf"),
        ([_curve({0: 0.9, 0.5: 0.1, 8: 0.0})], 0.5, "linf"),  # nowhere a fifth: the least
        ([_curve({0: 0.9, 8: 0.5, 16: 0.4})], 8.0, "linf"),  # no further than scores go
        ([_curve({0: 0.9, 64: 0.5, 128: 0.3}, "l2")], 128.0, "l2"),
        ([_curve({0: 0.9})], 8.0, "linf"),
    ],
)
def test_the_epsilon_is_one_that_tells_trials_apart(
    curves: list[RobustnessCurve], eps: float, norm: str
) -> None:
    assert choose_epsilon(curves)[:2] == (eps, norm)


def test_agreements_by_hand(found: StudyAttack) -> None:
    """Four trials; the search has one pair of six the wrong way round: tau = (5 - 1) / 6."""
    figure = found.ladder.rungs[0].figures[0]
    accuracy = {"a": 0.5, "b": 0.4, "c": 0.3, "d": 0.2}
    figures = tuple(replace(figure, name=n, accuracy=acc) for n, acc in accuracy.items())
    ladder = replace(
        found.ladder, rungs=(replace(found.ladder.rungs[0], figures=figures),), union=()
    )
    (told,) = rung_agreements(ladder, {"a": 0.9, "b": 0.7, "c": 0.8, "d": 0.6})
    assert (told.first, told.second, told.n, told.same_best) == ("search", "pgd10", 4, True)
    assert told.agreement is not None
    assert told.agreement.tau == pytest.approx(4 / 6)
    (pair,) = rung_agreements(ladder, {"c": 0.9, "a": 0.7, "x": 1.0})
    assert pair.agreement is None and not pair.same_best and pair.n == 2


def test_the_folder_that_cannot_be_written_is_told(
    at: Line, attacked_study: EvaluatedStudy
) -> None:
    kept = attacked_study.folder / "ladder"
    aside = attacked_study.folder / "ladder-aside"
    if kept.exists():
        kept.rename(aside)
    kept.write_text("a file where a folder should be")
    try:
        status, _, err = at("attack", "hard", "--passes", "2000", "--top", "1")
    finally:
        kept.unlink()
        if aside.exists():
            aside.rename(kept)
    assert status == 1
    assert "The folder" in err and "Traceback" not in err


def test_the_commands_defaults_are_the_requests() -> None:
    asked = AttackRequest()
    options = inspect.signature(attack_command).parameters
    for name in ("top", "eps_255", "passes", "gate", "margin", "seed", "device"):
        assert options[name.removesuffix("_255")].default == getattr(asked, name)
    assert options["time"].default is None  # `--help` says it in words
    assert asked.seconds == 600


def test_the_words_name_a_finalist_that_the_union_leaves_more(found: StudyAttack) -> None:
    best = found.best
    assert best is not None
    (other,) = [each for each in found.trials if each is not best]
    (own,) = [each for each in found.ladder.union if each.name == best.name]
    figure = found.ladder.rungs[-1].figures[0]
    for share, said in ((0.25, f" leaves {other.name} more, though: 25.0 %."), (0.125, "")):
        union = (replace(own, accuracy=0.125), replace(own, name=other.name, accuracy=share))
        figures = tuple(replace(figure, name=each.name) for each in found.trials)
        last = replace(found.ladder.rungs[-1], figures=figures)
        words = verdict_words(
            replace(found, ladder=replace(found.ladder, union=union, rungs=(last,)))
        )
        assert words.startswith(f"Trial {best.number} leads with about 12.5 %")
        assert words.endswith(said) and ("though" in words) == bool(said)


def test_its_figures_are_metrics_of_the_trials_runs(
    found: StudyAttack, attacked_study: EvaluatedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a real store: from the study's files first, then by an attack that is run again."""
    folder = attacked_study.folder.parents[1]
    monkeypatch.chdir(folder)
    uri = f"sqlite:///{folder}/mlflow.db"
    client = open_client(uri)
    for each in found.trials:
        write_trial(found, each, attacked_study.trial_folder(each.number))
    run_ids = sync(attacked_study.storage, "hard", pictures=False).run_ids
    again = attack("hard", rungs=SHORT, eps_255=32, storage=attacked_study.storage)
    assert again.unsent == ""
    for each in again.trials:
        rows = client.get_metric_history(run_ids[each.number], "ladder_eps_32/pgd10_acc")
        first, last = sorted(rows, key=lambda row: row.timestamp)
        assert first.value == found.ladder.rungs[0].accuracy(each.name)
        assert last.value != last.value and {first.step, last.step} == {0}  # taken back
        shown = client.get_run(run_ids[each.number]).data.metrics
        assert _of_ladder(shown) == _expected(again, each.name)


def _of_ladder(shown: dict[str, float]) -> dict[str, float]:
    own = {name: value for name, value in shown.items() if name.startswith("ladder_eps_32/")}
    return {name: value for name, value in own.items() if value == value}


def _expected(found: StudyAttack, name: str) -> dict[str, float]:
    ladder = found.ladder
    told: dict[str, float | None] = {"n": ladder.count, "clean_acc": ladder.clean[name]}
    for rung in ladder.rungs:
        for figure in rung.figures:
            if figure.name == name:
                of = rung.rung
                told |= {f"{of}_acc": figure.accuracy, f"{of}_n": figure.attacked}
                told |= {f"{of}_acc_low": figure.low, f"{of}_acc_high": figure.high}
    told["union_acc"] = found.union(name).accuracy
    return {f"ladder_eps_32/{key}": value for key, value in told.items() if value is not None}
