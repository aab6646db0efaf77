"""`Search`: a search through the command line, started, killed and gone on with."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from family import MARK, family, ray_workers, strays

HERE = Path(__file__).parent
SPACE = str(HERE / "equal_work.py")
# scikit-learn's digits, an untrained body whose features are cached: 1 to 2 s a trial.
SMALL = (
    "--data", "digits", "--train-size", "200", "--val-size", "100", "--robust-size", "8",
    "--weights", "random", "--set", "backbone=resnet18", "--set", "input_size=64",
    "--set", "batch_size=32", "--set", "epochs=100", "--set", "precision=float32",
    "--keep-models", "0",
)  # fmt: skip
PATIENCE = 240.0  # seconds that one session may take


class Search:
    """One study in a working folder of its own.

    Args:
        folder: to work in; made if it is missing.
        options: of `orchestrator search SPACE`.
        environment: beside the test's own.
        space: what to search; the study has the folder's name.
        going_on: options that `resume` wants to have again (`--storage`, `--address`).
        launcher: instead of `-m orchestrator.cli`.

    Attributes:
        process: of the session that was started last.
        began: when that was, Unix seconds.
    """

    process: subprocess.Popen[bytes]
    began: float

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        space: str = SPACE,
        going_on: tuple[str, ...] = (),
        launcher: tuple[str, ...] = ("-m", "orchestrator.cli"),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.study = folder, folder.name
        self.mark = secrets.token_hex(8)
        self._options, self._space, self._going_on = options, space, going_on
        self._launcher = launcher
        self._environment = {**(environment or {}), MARK: self.mark, "PYTHONUNBUFFERED": "1"}
        self._leaders: list[int] = []

    def start(self) -> Search:
        """Start it, or go on with what there is of it."""
        first = ("search", self._space, "--study", self.study, *self._options, *self._going_on)
        return self.run(*first)

    def resume(self, *options: str) -> Search:
        """`orchestrator resume`, or the search again where it was killed before it had a study."""
        if not self._has_study():
            return self.start()
        return self.run("resume", self.study, *self._going_on, *options)

    def run(self, *arguments: str) -> Search:
        """Start any command in this folder; what it prints goes into `session-N.log`."""
        self.began = time.time()
        with self._log(len(self._leaders)).open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._launcher, *arguments],
                cwd=self.folder,
                env={**os.environ, **self._environment, "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._leaders.append(self.process.pid)
        return self

    def wait(self, seconds: float = PATIENCE, *, status: int | None = 0) -> str:
        """What the session printed, once it has ended with `status` (None: any)."""
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end within {seconds:g} s:\n{self.printed}") from None
        assert status is None or ended == status, f"status {ended}:\n{self.printed}"
        return self.printed

    def kill(self) -> None:
        """SIGKILL to the driver, and to nothing else."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def runs(self) -> bool:
        """Whether the session is under way."""
        return self.process.poll() is None

    @property
    def printed(self) -> str:
        """What the last session printed so far."""
        return self._log(len(self._leaders) - 1).read_text(errors="replace")

    @property
    def trials_folder(self) -> Path:
        """Where the trials' folders are."""
        return self.folder / ".orchestrator" / self.study / "trials"

    def workers(self) -> list[psutil.Process]:
        """Ray's processes that run its trials, where it has a Ray of its own."""
        return [w for leader in self._leaders for w in ray_workers(leader, self.mark)]

    def strays(self, *, agents: bool = True) -> list[str]:
        """Processes that outlived their session, in words; with Ray's agents or without."""
        leaders = self._leaders
        return [line for each in leaders for line in strays(each, self.mark, agents=agents)]

    def end(self) -> None:
        """After a test, however it ended: nothing of it goes on."""
        for leader in self._leaders:
            for process in family(leader, self.mark):
                try:
                    process.kill()
                except psutil.Error:
                    continue

    def _has_study(self) -> bool:
        from orchestrator.study.store import open_storage, study_names
        from orchestrator.study.uris import storage_uri

        asked = dict(zip(self._going_on, self._going_on[1:], strict=False)).get("--storage")
        if asked is None and not (self.folder / "optuna.db").exists():
            return False
        uri = storage_uri(asked or f"sqlite:///{self.folder}/optuna.db")
        return self.study in study_names(open_storage(uri))

    def _log(self, number: int) -> Path:
        return self.folder / f"session-{number}.log"
