"""Runs the tests as two sessions side by side, since half of their time is waiting.

    python tests/two_at_once.py -m "not slow" [what pytest takes; with a path, one session alone]

One session has the whole searches, the other everything else; the output of the second one follows
that of the first. Both share one cache folder, so that data is fetched once. The last line sums up.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parent
# About half of the time of `make test`; what is not named here is in the other session.
FIRST = (
    *("search", "kill", "engine", "cli", "plan", "lr_range", "features", "comparing"),
    *("reporting", "promoting", "doctor", "security", "subsets", "folds", "ladder"),
)
NOTHING_COLLECTED = 5
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?)")


def sessions() -> tuple[list[str], list[str]]:
    """Paths of the two, which make up all tests."""
    first = [TESTS / name for name in FIRST]
    rest = [
        path
        for path in sorted(TESTS.iterdir())
        if path not in first and (path.is_dir() or path.name.startswith("test_"))
    ]
    return [str(path) for path in first], [str(path) for path in rest]


def main(arguments: list[str]) -> int:
    """Exit status: that of the session that went wrong, else 0."""
    if any(Path(word.partition("::")[0]).exists() for word in arguments):
        return subprocess.call([sys.executable, "-m", "pytest", *arguments])
    with tempfile.TemporaryDirectory(prefix="orchestrator-tests-") as folder:
        environment = {"ORCHESTRATOR_TEST_HOME": f"{folder}/home", **os.environ}
        logs = [Path(folder, f"{number}.log") for number in (1, 2)]
        running = [
            _start(paths, arguments, log, environment)
            for paths, log in zip(sessions(), logs, strict=True)
        ]
        try:
            _follow(running[0], logs[0])
            statuses = [process.wait() for process in running]
        except KeyboardInterrupt:
            statuses = [process.wait() for process in running]
        print(logs[1].read_text(errors="replace"))
        print(_summary([log.read_text(errors="replace") for log in logs]))
    wrong = [status for status in statuses if status not in (0, NOTHING_COLLECTED)]
    return wrong[0] if wrong else min(statuses)


def _start(
    paths: list[str], arguments: list[str], log: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *paths, *arguments]
    with log.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, env=environment)


def _follow(process: subprocess.Popen[bytes], log: Path) -> None:
    """Prints what comes into the log, until the process ends."""
    with log.open(errors="replace") as file:
        while process.poll() is None:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
        print(file.read())


def _summary(logs: list[str]) -> str:
    """The counts of both, in pytest's words."""
    counts: Counter[str] = Counter()
    for log in logs:
        last = next((line for line in reversed(log.splitlines()) if " in " in line), "")
        for number, word in _COUNT.findall(last):
            counts[word] += int(number)
    return "both sessions: " + ", ".join(f"{number} {word}" for word, number in counts.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
