"""A session that kills itself at its n-th step, one step a commit or a change to a folder.

Started as a script in a working folder; each line on standard input is a JSON object with `study`
and `kill_at` (0: never), answered by `{"killed": ..., "points": ...}`. Forks for each of them, so
that all libraries are imported once.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import traceback
from pathlib import Path

TRIALS = 3
_WRITING = {"INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"}
_FOLDER_CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}


class CrashPoints:
    """The script, seen from a test; `folder` is its working folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), *options],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def session(self, study: str, kill_at: int = 0) -> tuple[bool, int]:
        """Run a session of the study; whether it was killed, and how many points it had.

        Raises:
            AssertionError: it ended by itself, and not well.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps({"study": study, "kill_at": kill_at}), file=self._process.stdin, flush=True
        )
        answer = json.loads(self._process.stdout.readline())
        assert not answer["error"], answer["error"]
        return answer["killed"], answer["points"]

    def __enter__(self) -> CrashPoints:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class _Counter:
    """Counts points, and kills its process at one of them."""

    def __init__(self, kill_at: int, pipe: int) -> None:
        self._kill_at, self._pipe = kill_at, pipe
        self._points = 0
        self._writes = False

    def on_statement(self, connection: object, cursor: object, text: str, *_: object) -> None:
        self._writes |= text.lstrip().split(None, 1)[0].upper() in _WRITING

    def on_commit(self, *_: object) -> None:
        """Just before it; just after is the same as before the next one."""
        if self._writes:
            self._point()
        self._writes = False

    def on_event(self, name: str, arguments: tuple[object, ...]) -> None:
        if name in _FOLDER_CHANGES:
            self._point()

    def _point(self) -> None:
        self._points += 1
        if self._points == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self) -> None:
        """The parent, how many there were."""
        os.write(self._pipe, struct.pack("i", self._points))


def _session(study: str, counter: _Counter, options: dict[str, str]) -> None:
    """All of a session but MLflow, which has a process of its own."""
    from sqlalchemy import Engine, event

    from orchestrator import session
    from orchestrator.plan.build import plan_search
    from orchestrator.request import SearchRequest
    from orchestrator.stop import StopRequest

    folder = Path.cwd()
    request = SearchRequest(
        space="logged_trial.py",
        trainable="logged_trial:train",
        settings=(f"log={folder / (study + '.log')}", "pause=0"),
        trials=TRIALS,
        local=True,
        study=study,
        **options,
    )
    event.listen(Engine, "before_cursor_execute", counter.on_statement)
    event.listen(Engine, "commit", counter.on_commit)
    sys.addaudithook(counter.on_event)
    plan = plan_search(request)
    with session._alone(plan):
        opened = session._open(plan, plan.spec)
        session._run_trials(plan, plan.spec, opened, session.make_board(plan), StopRequest())
    counter.tell()


def _forked(study: str, kill_at: int, options: dict[str, str]) -> dict[str, object]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _session(study, _Counter(kill_at, writing), options)
        except BaseException:
            os.write(writing, struct.pack("i", -1) + traceback.format_exc().encode()[-4000:])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    points = struct.unpack("i", told[:4])[0] if told else 0
    return {"killed": os.WIFSIGNALED(status), "points": points, "error": told[4:].decode()}


def _serve() -> None:
    # What every session needs, once.
    import optuna.storages._rdb.alembic  # noqa: F401
    import torch  # noqa: F401

    import orchestrator.plan.build
    import orchestrator.session  # noqa: F401

    sys.path.insert(0, str(Path.cwd()))
    out, sys.stdout = sys.stdout, sys.stderr
    options = dict(option.split("=", 1) for option in sys.argv[1:])
    for line in sys.stdin:
        asked = json.loads(line)
        answer = _forked(asked["study"], asked["kill_at"], options)
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    _serve()
