"""Run as a script: a process that sends a study is killed at each call it makes, one after another.

    kill_at_each_call.py FOLDER EMPTY_STORE [EVERY]

For n = 1, 2, ... (or in steps of EVERY) a child sends the study and kills itself before its n-th
call, another one after it; then a third sends what is left. What MLflow holds then is held against
the study, each time. The kills are real (SIGKILL, in a process of its own); only their moment is
arranged. Prints how many there were, and what was found to be wrong, as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow_audit import slips
from plain_study import PlainStudy, plain_study

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.store import open_client

_CALLS = (
    (MlflowClient, ("create_experiment", "create_run", "log_batch", "set_terminated")),
    (LocalArtifactRepository, ("log_artifact", "log_artifacts")),
)


def main() -> None:
    root, schema = Path(sys.argv[1]), Path(sys.argv[2])
    study, store = _study(root), root / "mlflow.db"
    shutil.copyfile(schema, root / "warm.db")
    open_client(f"sqlite:///{root}/warm.db").search_runs(["0"])  # what a child would do each time
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    found, kills = [], 0
    for after in (False, True):
        for nth in range(every, 100, every):
            shutil.copyfile(schema, store)
            killed = _in_a_child(lambda n=nth, a=after: _send(study, kill_at=n, after=a))
            assert _in_a_child(lambda: _send(study)) == 0
            found += [f"call {nth}, after={after}: {slip}" for slip in slips(study, store)]
            shutil.rmtree(root / "mlruns")
            if killed == 0:
                break
            kills += 1
    print(json.dumps({"kills": kills, "found": found}))


def _study(place: Path) -> PlainStudy:
    study = plain_study(place)
    study.finished(0.1, 0.3)
    number = study.start()
    study.report(number, 0.2, 0.1)
    study.end(number, "pruned", reason="stopped early at step 2", stopped_at=2)
    return study


def _send(study: PlainStudy, *, kill_at: int = 0, after: bool = False) -> None:
    calls = 0

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            mine = calls == kill_at
            if mine and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = call(*arguments, **named)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return run

    if kill_at:
        for owner, names in _CALLS:
            for name in names:
                setattr(owner, name, watched(getattr(owner, name)))
    # Not the last pass: it draws, which takes longer than all the rest and sends no trial.
    result = Projection(study.storage, study.name).run_pass(last=False)
    assert result.complete, result


def _in_a_child(act: Callable[[], None]) -> int:
    """The signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "a child failed"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    main()
