"""Reports of real studies: what is in the page is in the study, and every study has a page.

Digits through two tiny nets from scratch, and a trainable of one's own; no Ray, no network.
"""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from json_keys import check
from local_study import run_study
from page_check import check_markdown, check_page
from screens import lay_out

from orchestrator import SearchResult, load_study
from orchestrator.cli.app import main
from orchestrator.reporting import StudyReport, report
from orchestrator.reporting.blocks import Table, plain
from orchestrator.views.numbers import percent

MOST_BYTES = 4_000_000
"""A page of one study; a mail takes it."""

BOWL = """
from search_spaces import Objective, Space

def suggest(trial, context):
    return {"x": trial.suggest_float("x", -5, 5), "y": trial.suggest_float("y", -5, 5)}

def roll(config):
    for epoch in range(1, 6):
        if config["x"] > 3:
            raise RuntimeError("no way to postgresql://me:hunter2@db/x <b>there</b>")
        height = config["x"] ** 2 + config["y"] ** 2
        yield {"height": height + 1 / epoch, "width": abs(config["x"])}

SPACE = Space("bowl", "Where is the bottom <of it>?", suggest, objectives=(
    Objective("height", False),), fidelity="epochs")
"""


# A module of its own: other tests load one called bowl into the same process.
OWN = {"space": "steep_bowl.py", "trainable": "steep_bowl:roll"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "steep_bowl.py").write_text(BOWL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture(scope="module")
def digits(place: Path) -> SearchResult:
    """Four trials of two nets, five epochs each; attacked."""
    return run_study(
        data="digits", backbones=("mini_vgg", "mlp"), trials=4, train_size=80, val_size=60,
        robust_size=20, study="digits-1",
        settings=("tune=all", "epochs=5", "width=4", "depth=1"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(digits: SearchResult) -> StudyReport:
    return report("digits-1", send=False)


def tables(section: str, made: StudyReport) -> list[Table]:
    held = made.section(section)
    assert held is not None
    return [block for block in held.blocks if isinstance(block, Table)]


def test_the_page_needs_nothing_but_itself(made: StudyReport, place: Path) -> None:
    assert made.folder == place / ".orchestrator" / "digits-1" / "report"
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    seen = check_page(page)
    assert len(page.encode()) < MOST_BYTES
    assert len(seen.images) == len(made.figures) >= 8
    assert {f"figure-{figure.name}" for figure in made.figures} <= set(seen.ids)


def test_markdown_says_the_same_with_the_same_pictures(made: StudyReport) -> None:
    assert made.folder is not None
    text = check_markdown(made.folder / "report.md")
    for figure in made.figures:
        assert f"](pictures/{figure.name}.png)" in text
    for sentence in made.answer:
        assert re.sub(r"[\\*]", "", sentence) in re.sub(r"[\\*]", "", text)
    files = {str(path.relative_to(made.folder)) for path in made.files}
    assert files == {
        "report.html", "report.md", *(f"pictures/{each.name}.png" for each in made.figures)
    }  # fmt: skip


@pytest.mark.slow
def test_without_mlflow_none_of_it_is_imported(digits: SearchResult, place: Path) -> None:
    ask = (
        "import sys; from orchestrator.reporting import report;"
        "made = report('digits-1', 'apart', send=False); print(len(made.files));"
        "print([name for name in sys.modules if name.partition('.')[0] in ('mlflow', 'ray')])"
    )
    run = subprocess.run([sys.executable, "-c", ask], cwd=place, capture_output=True, text=True)
    files, modules = run.stdout.splitlines()
    assert int(files) >= 8
    assert modules == "[]"


def test_figures_are_the_studys_own(made: StudyReport, digits: SearchResult) -> None:
    best = digits.best
    assert best is not None
    value = f"{100 * best.metrics['val_acc']:.1f} %"
    assert f"({value[:-2]}" not in made.answer[0]
    assert f"(trial {best.number}) has the highest val_acc: {value} (95 %: " in made.answer[0]
    assert ("best val_acc", value) in made.highlights
    assert ("labels used", "140") in made.highlights
    *_, every = tables("ranking", made)
    column = every.columns.index("val_acc ↑")
    shown = {plain(row[0]): plain(row[column]).partition(" (")[0] for row in every.rows}
    assert shown == {str(t.number): percent(t.metrics["val_acc"]) for t in digits.ranked}


def test_robustness_and_confusions_are_those_of_the_trials_files(
    made: StudyReport, digits: SearchResult
) -> None:
    (left,) = tables("attack", made)
    best = digits.ranked[0]
    held = json.loads((Path(best.folder) / "report.json").read_text())
    curve = dict(zip(held["robustness"]["eps_255"], held["robustness"]["worst_case"], strict=True))
    row = next(row for row in left.rows if plain(row[0]) == str(best.number))
    for eps, value in curve.items():
        assert plain(row[left.columns.index(f"{eps:g}/255")]) == percent(value)
    (pairs,) = tables("confusion", made)
    counts, names = held["confusion"]["val"], held["classes"]
    most = max(c for i, line in enumerate(counts) for j, c in enumerate(line) if i != j)
    first = [plain(words) for words in pairs.rows[0]]
    assert first[2] == str(most) == str(counts[names.index(first[0])][names.index(first[1])])


def test_the_cost_adds_up(made: StudyReport, digits: SearchResult) -> None:
    from orchestrator.reporting.spent import spent

    found = spent(digits.results)
    assert found.seconds == pytest.approx(sum(t.seconds or 0 for t in digits.results))
    attacked = sum(t.metrics["attack_seconds"] for t in digits.ranked)
    assert found.share("attack_seconds") == pytest.approx(attacked / found.seconds)
    words = check_page((made.folder or Path()).joinpath("report.html").read_text()).text
    assert f"{percent(found.share('attack_seconds'))} % of the finished trials' time" in words


def test_what_it_rests_on_can_be_copied(made: StudyReport, digits: SearchResult) -> None:
    assert made.folder is not None
    text = (made.folder / "report.md").read_text(encoding="utf-8")
    spec = digits.spec
    for held in (spec.data.digest, spec.split.digest, digits.ranked[0].digest):
        assert held in text
    assert "orchestrator search backbone_compare --study digits-1 " in text
    assert f"torch=={spec.versions['torch']}" in text


def test_the_command_in_the_report_goes_on_with_the_study(made: StudyReport, place: Path) -> None:
    """Every choice that it writes out is the one that the study was made with."""
    from orchestrator.reporting.commands import search_command, wrapped

    made_of = search_command(load_study("digits-1").spec)
    assert shlex.split(wrapped(made_of).replace("\\\n", "")) == shlex.split(made_of)
    assert main([*shlex.split(made_of)[1:], "--dry-run"]) == 0


@pytest.fixture(scope="module")
def bowl(place: Path) -> SearchResult:
    """Of a trainable of one's own, some trials of which fail with a password in their reason."""
    return run_study(
        **OWN, trials=16, study="bowl-1", seed=3, max_failures=50,
        tries=("x=4,y=0",), pruner="asha:first_rung=1", sampler="random",
    )  # fmt: skip


@pytest.fixture(scope="module")
def failed(place: Path) -> SearchResult:
    """Not one trial ended well."""
    return run_study(
        **OWN, trials=2, study="bowl-3", max_failures=2,
        settings=("x=4",),
    )  # fmt: skip


@pytest.mark.slow
def test_a_trainable_of_ones_own_has_a_report(bowl: SearchResult, place: Path) -> None:
    made = report("bowl-1", place / "bowl-report", send=False)
    assert made.folder is not None
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    seen = check_page(page)
    text = check_markdown(made.folder / "report.md")
    assert bowl.best is not None
    assert f"lowest height: {bowl.best.metrics['height']:.4g}, after 16 of 16" in made.answer[0]
    assert "hunter2" not in page + text
    assert "me:***@db" in seen.text
    assert "<b>there</b>" in seen.text  # as text
    assert {s.name for s in made.sections} == {
        "setting", "ranking", "progress", "learning", "parameters", "cost", "fidelity", "next",
        "reproduce",
    }  # fmt: skip
    stopped = sum(trial.stopped_at is not None for trial in bowl.results if trial.counts)
    assert stopped >= 1
    assert "steps saved" in seen.text
    failed = sum(trial.state == "failed" for trial in bowl.results)
    assert failed >= 1
    (troubles,) = tables("cost", made)
    assert sum(int(plain(row[1])) for row in troubles.rows) == failed
    assert "failures" in {step.rule for step in made.next_steps}


@pytest.mark.slow
def test_two_objectives_have_a_front(bowl: SearchResult, place: Path) -> None:
    result = run_study(
        **OWN, trials=8, study="bowl-2",
        objective="-height,+width", max_failures=50,
    )  # fmt: skip
    made = report("bowl-2", send=False)
    (front,) = tables("front", made)
    assert {int(plain(row[0])) for row in front.rows} == {trial.number for trial in result.front}
    assert "pareto" in {figure.name for figure in made.figures}
    check_page((made.files[0]).read_text(encoding="utf-8"))


def test_the_command_line_says_where_it_is(
    failed: SearchResult, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And writes over what it wrote before."""
    capsys.readouterr()
    line = ["report", "bowl-3", "--no-mlflow", "--out", "there"]
    assert main(line) == 0
    said = capsys.readouterr().out
    assert str(place / "there" / "report.html") in said
    before = sorted(path for path in (place / "there").rglob("*") if path.is_file())
    assert main([*line, "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    check("orchestrator report STUDY --json", held)
    assert " ".join(held["answer"][0].split()) in " ".join(said.split())
    assert held["html"] == str(place / "there" / "report.html")
    assert sorted(str(place / "there" / name) for name in held["files"]) == list(map(str, before))
    assert sorted(path for path in (place / "there").rglob("*") if path.is_file()) == before


def test_a_running_trial_is_no_end(place: Path, failed: SearchResult) -> None:
    """A trial under way in the database; the report says what there is so far."""
    import optuna

    from orchestrator.study.store import load_study as open_study
    from orchestrator.study.store import open_storage

    study = open_study(open_storage(f"sqlite:///{place}/optuna.db"), "bowl-3")
    before = len(study.get_trials(deepcopy=False))
    study.enqueue_trial({"x": 1.0, "y": 1.0})
    trial = study.ask()
    trial.suggest_float("x", -5, 5)
    made = report("bowl-3", send=False)
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    assert trial.number == before
    assert "1 running" in (made.files[1]).read_text(encoding="utf-8")


def test_a_study_in_which_nothing_ended_well(place: Path, failed: SearchResult) -> None:
    """Failed trials only; then a study that was made and never begun."""
    made = report("bowl-3", send=False)
    assert made.answer[0].startswith("No trial has finished with a value")
    check_page(made.files[0].read_text(encoding="utf-8"))
    check_markdown(made.files[1])
    with sqlite3.connect(place / "optuna.db") as held:  # as a driver that is killed leaves it
        (study,) = held.execute("select study_id from studies where study_name='bowl-3'").fetchone()
        for table in ("trial_params", "trial_values", "trial_user_attributes",
                      "trial_system_attributes", "trial_intermediate_values"):  # fmt: skip
            held.execute(
                f"delete from {table} where trial_id in "
                "(select trial_id from trials where study_id = ?)", (study,),
            )  # fmt: skip
        held.execute("delete from trials where study_id = ?", (study,))
    empty = report("bowl-3", send=False)
    assert "(0 of 2 trials ended)" in empty.answer[0]
    assert empty.figures == ()
    check_page(empty.files[0].read_text(encoding="utf-8"))


def test_what_cannot_be_reported_is_said(
    place: Path, failed: SearchResult, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["report", "bowl-9"]) == 2
    assert "bowl-3" in capsys.readouterr().err
    (place / "file").write_text("")
    assert main(["report", "bowl-3", "--out", "file/x", "--no-mlflow"]) == 1
    said = capsys.readouterr().err
    assert "--out" in said
    assert "Traceback" not in said


def test_mlflow_that_is_away_costs_nothing_but_a_line(failed: SearchResult, place: Path) -> None:
    made = report("bowl-3")
    assert made.unsent == f"there is no {place}/mlflow.db"
    assert made.files


@pytest.mark.slow
def test_it_is_an_artifact_of_the_studys_run_once(
    bowl: SearchResult, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By command, sent twice; and by the search's own end, of which a sync does the same."""
    import mlflow

    from orchestrator.tracking import pictures
    from orchestrator.tracking.sync import sync

    client = mlflow.MlflowClient(f"sqlite:///{place}/mlflow.db")
    storage = f"sqlite:///{place}/optuna.db"
    parent = str(sync(storage, "bowl-1").parent_run_id)

    def held(folder: str = "report") -> set[str]:
        return {entry.path for entry in client.list_artifacts(parent, folder)}

    assert held() == set()  # its trials took less than seconds
    for _ in range(2):
        sent = report("bowl-1")
        assert sent.unsent == ""
        assert held() == {"report/report.html", "report/report.md", "report/pictures"}
        names = {f"report/pictures/{figure.name}.png" for figure in sent.figures}
        assert held("report/pictures") == names
    monkeypatch.setattr(pictures, "_WORTH", 0.0)
    page = Path(bowl.spec.folder) / "report" / "report.html"
    page.unlink()
    assert sync(storage, "bowl-1").note == ""
    assert held() == {"report/report.html", "report/report.md", "report/pictures"}
    assert "The search is running" not in check_page(page.read_text(encoding="utf-8")).text


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_scrolls_no_page_sideways(width: int, made: StudyReport, tmp_path: Path) -> None:
    layout = lay_out(made.files[0], width, tmp_path)
    assert layout.width == width
    assert layout.scroll <= width
    assert layout.out == ()
    assert layout.images == layout.small == 0
    assert layout.boxes > 0 or width > 1000  # a phone's tables scroll, each in its own box
