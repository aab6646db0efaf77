"""What a person does to a search, and what happens to it: stopped, extended, without its database.

The trial is one of one's own that only waits, in the driver's own process: what is tried here is
the engine around it.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import logged_trial
import mlflow
import pytest
from auditing import assert_clean, audit, read_story
from logged_trial import ends, read_log
from postgres_server import PostgresServer
from real_search import Search

from orchestrator.study.store import open_storage, study_names

WAITING = "waiting for the study database"
# sqlite's own patience with another writer is a minute; with this it is half a second.
IMPATIENT = (
    "-c",
    "from orchestrator.study import store; store._SQLITE_WAIT = 0.5; "
    "from orchestrator.cli.__main__ import main; main()",
)


class Line(Search):
    """A search of `logged_trial` in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        pause: float = 0.05,
        storage: str = "",
        launcher: tuple[str, ...] = ("-m", "orchestrator.cli"),
        log: Path | None = None,
    ) -> None:
        self.log = log or folder / "runs.log"
        super().__init__(
            folder,
            "--trainable",
            "logged_trial:train",
            *("--set", f"log={self.log}", "--set", f"pause={pause}"),
            *options,
            space="logged_trial.py",
            going_on=("--local", *(("--storage", storage) if storage else ())),
            launcher=launcher,
        )
        shutil.copy(logged_trial.__file__, folder)


MakeLine = Callable[..., Line]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[MakeLine]:
    """Makes a search: `line("name", "--trials", "5")`."""
    made: list[Line] = []

    def make(name: str, *options: str, **more: object) -> Line:
        made.append(Line(tmp_path / name, *options, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for search in made:
        search.end()


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited too long for {what}"
        time.sleep(0.02)


def has_run(search: Line, trials: int) -> Callable[[], bool]:
    return lambda: len(ends(search.log)) >= trials


def is_amid(search: Line) -> bool:
    """Whether a trial stands between two epochs."""
    lines = read_log(search.log)
    return bool(lines) and lines[-1].what == "epoch" and lines[-1].epoch == 2


def counted(search: Line, storage: str | None = None) -> int:
    return len(read_story(search.folder, search.study, storage=storage).counted)


@pytest.mark.slow
def test_stop_from_another_terminal(line: MakeLine):
    search = line("stopped", "--trials", "30", pause=0.1).start()
    wait_for(has_run(search, 2), "two trials")
    wait_for(lambda: is_amid(search), "a third to be under way")
    driver = search.process
    search.run("stop", "stopped").wait(60)
    assert "orchestrator resume stopped" in search.printed
    assert driver.wait(60) == 0
    before = counted(search)
    assert 2 <= before < 30
    story = read_story(search.folder, "stopped")
    assert [trial.reason for trial in story.trials if trial.state == "stopped"] == [
        "stopped by `orchestrator stop`"
    ]
    search.resume("--trials", str(before + 3)).wait()
    assert_clean(audit(search.folder, "stopped"))
    again = [t.attempt for t in read_story(search.folder, "stopped").trials if t.attempt > 1]
    assert again == [2]  # the one that was under way went on under its own number
    assert search.strays() == []
    search.run("stop", "stopped").wait(60, status=2)
    assert "does not" in search.printed  # run any more


@pytest.mark.slow
def test_a_finished_search_is_extended(line: MakeLine):
    search = line("longer", "--trials", "3").start()
    search.wait()
    search.resume().wait()
    assert counted(search) == 3  # it had all that it was to have
    search.resume("--add-trials", "2").wait()
    assert counted(search) == 5
    assert_clean(audit(search.folder, "longer"))
    assert len(ends(search.log)) == 5


@pytest.mark.slow
def test_failed_trials_are_run_again_when_asked(line: MakeLine):
    search = line("broken", "--trials", "4", "--max-failures", "2")
    (search.folder / "broken").touch()
    search.start().wait(status=1)
    assert "2 trials failed in this session" in search.printed
    (search.folder / "broken").unlink()
    search.resume("--retry-failed").wait()
    story = read_story(search.folder, "broken")
    assert [(t.origin, t.of) for t in story.trials if t.origin == "retry"] == [
        ("retry", "0"),
        ("retry", "1"),
    ]
    assert [t.params for t in story.trials[2:4]] == [t.params for t in story.trials[:2]]
    assert_clean(audit(search.folder, "broken", failed=2))
    assert "ZeroDivisionError" in (search.trials_folder / "00000" / "error.txt").read_text()
    search.resume("--retry-failed", "--add-trials", "1").wait()
    assert counted(search) == 5  # each of them has its successor: nothing is retried twice
    assert len(read_story(search.folder, "broken").trials) == 7


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["finish", "checkpoint"])
def test_a_time_budget_and_another(line: MakeLine, ending: str):
    search = line("timed", "--trials", "500", "--time-budget", "2s", "--on-budget", ending)
    search.start().wait()
    assert "the time budget is used up" in search.printed
    first = counted(search)
    search.resume("--time-budget", "2s").wait()
    second = counted(search)
    assert 0 < first < second < 500
    states = [trial.state for trial in read_story(search.folder, "timed").trials]
    assert states.count("stopped") == (1 if ending == "checkpoint" else 0)
    search.resume("--trials", str(second + 1)).wait()
    assert_clean(audit(search.folder, "timed"))


@pytest.mark.slow
def test_delete_takes_away_what_it_said_and_nothing_else(line: MakeLine):
    search = line("gone", "--trials", "2").start()
    search.wait()
    # Another study in the same stores and the same experiment.
    search.run(*(word if word != "gone" else "stays" for word in _again(search))).wait()
    search.run("delete", "gone").wait(status=1)  # nobody answered: nothing happens
    assert counted(search) == 2
    search.run("delete", "gone", "--yes").wait()
    assert "2 trials" in search.printed
    assert "3 runs" in search.printed
    assert not (search.folder / ".orchestrator" / "gone").exists()
    assert study_names(open_storage(f"sqlite:///{search.folder}/optuna.db")) == ["stays"]
    client = mlflow.MlflowClient(f"sqlite:///{search.folder}/mlflow.db")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    kept = {run.data.tags["orchestrator.study"] for run in client.search_runs(ids)}
    assert kept == {"stays"}
    assert_clean(audit(search.folder, "stays"))


def _again(search: Line) -> tuple[str, ...]:
    """The command line of the search."""
    return ("search", search._space, "--study", search.study, *search._options, *search._going_on)


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_postgresql_is_away_for_a_while(line: MakeLine, postgres: PostgresServer):
    search = line("away", "--trials", "8", pause=0.1, storage=postgres.uri).start()
    wait_for(has_run(search, 2), "two trials")
    wait_for(lambda: is_amid(search), "a third to be under way")
    postgres.stop()
    wait_for(lambda: WAITING in search.printed, "the search to say that it waits", 30)
    time.sleep(3)
    assert search.runs
    postgres.start()
    search.wait()
    assert_clean(audit(search.folder, "away", storage=postgres.uri))
    assert max(ends(search.log).values()) == 1


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_a_search_that_waits_for_its_database_can_be_stopped(
    line: MakeLine, postgres: PostgresServer
):
    search = line("tired", "--trials", "8", pause=0.1, storage=postgres.uri).start()
    wait_for(has_run(search, 2), "two trials")
    postgres.stop()
    wait_for(lambda: WAITING in search.printed, "the search to say that it waits", 30)
    search.process.terminate()
    search.wait(60, status=None)
    assert "Traceback" not in search.printed
    assert "resume" in search.printed
    postgres.start()
    search.resume().wait()
    assert_clean(audit(search.folder, "tired", storage=postgres.uri))


@pytest.mark.slow
def test_sqlite_is_locked_by_somebody_else(line: MakeLine):
    search = line("locked", "--trials", "6", pause=0.1, launcher=IMPATIENT).start()
    wait_for(has_run(search, 2), "two trials")
    other = sqlite3.connect(search.folder / "optuna.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    wait_for(lambda: WAITING in search.printed, "the search to say that it waits", 30)
    time.sleep(2)
    assert search.runs
    other.execute("ROLLBACK")
    other.close()
    search.wait()
    assert_clean(audit(search.folder, "locked"))
    assert max(ends(search.log).values()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own: sqlite's two files take 4 MB each."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a file system takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_the_disk_is_full_for_a_while(line: MakeLine, small_disk: Path, tmp_path: Path):
    store = f"sqlite:///{tmp_path}/mlflow.db"  # elsewhere: its schema alone is over a megabyte
    options = ("--trials", "6", "--tracking-uri", store)
    search = line("disk/full", *options, pause=0.1, log=tmp_path / "runs.log").start()
    wait_for(has_run(search, 2), "two trials")
    filler = fill(small_disk)
    wait_for(lambda: "room" in search.printed or WAITING in search.printed, "it to say so", 30)
    time.sleep(3)
    assert search.runs
    filler.unlink()
    search.wait()
    assert_clean(audit(search.folder, "full"))
    assert max(ends(search.log).values()) == 1


def fill(disk: Path) -> Path:
    """A file that leaves no room for another byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return filler
