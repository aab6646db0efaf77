"""What a trial costs beyond itself: Ray Tune with its wrappers, Optuna alone, and this engine.

    python benchmarks/overhead.py

100 trials of 5 reports, 2 at a time, in three set-ups, in turn, each search in a process of its own
under this one: (a) Ray Tune's `Tuner` with its OptunaSearch and MLflowLoggerCallback and a function
trainable; (b) Optuna alone with MLflow logging in one process, two threads; (c) this engine with
all its durability. The sampler is TPE with the same seed, the pruner asynchronous successive
halving with rungs 1 and 3, the stores are sqlite. Once with trials that do nothing (their one
figure never changes, so that nobody stops any: 500 reports in all three), once with a head trained
on digits, its files among the artifacts.

Seconds a trial: from the first trial's code beginning to run to the last trial's end, divided by
the trials; so start-up is left out everywhere. Of (c), whose MLflow side lags behind on purpose,
also the seconds until MLflow held everything. What each set-up recorded is counted afterwards.

Goal, for trials that do nothing: (c) at most 1/8 of (a) and at most 3 times (b). About 20 minutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machine import machine
from overhead_count import count
from overhead_trials import KINDS, STAMP
from overhead_value import Asked, Took

HERE = Path(__file__).parent
RESULT = HERE / "results" / "overhead.md"
SYSTEMS = {"a": "overhead_tune", "b": "overhead_optuna", "c": "overhead_engine"}
TITLES = {"nothing": "Trials that do nothing", "head": "A head on digits, with its files"}
NAMES = {
    "a": "(a) Ray Tune, OptunaSearch, MLflowLoggerCallback",
    "b": "(b) Optuna and MLflow in one process",
    "c": "(c) this engine",
}


def main() -> None:
    """Runs what was asked for, prints the tables, and writes them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--one", nargs=3, metavar=("SYSTEM", "KIND", "FOLDER"), help="(internal)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.one:
        run_one(*options.one, options.trials, options.seed)
        return
    runs: dict[tuple[str, str], list[dict[str, float]]] = {}
    for kind in options.kinds:
        if kind == "head":
            once("b", kind, 3, 0)  # extracts the features that all searches find cached
        for seed in range(options.rounds):
            for system in options.systems:
                found = once(system, kind, options.trials, seed)
                runs.setdefault((kind, system), []).append(found)
                print(kind, system, found, flush=True)
    earlier = options.out.read_text() if options.out.exists() else ""
    text = report(runs, options.trials, earlier)
    print(text)
    options.out.write_text(text)


def run_one(system: str, kind: str, folder: str, trials: int, seed: int) -> None:
    """One search in this process; what it took goes to `took.json`."""
    asked = Asked(kind, Path(folder), trials, seed)
    took: Took = importlib.import_module(SYSTEMS[system]).run(asked)
    (asked.folder / "took.json").write_text(json.dumps(asdict(took)))


def once(system: str, kind: str, trials: int, seed: int) -> dict[str, float]:
    """One search in a process of its own; seconds a trial, and what it recorded."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command = [sys.executable, __file__, "--one", system, kind, place]
        environment = {
            **os.environ,
            STAMP: str(folder / "stamp"),
            "PYTHONPATH": str(HERE),  # so that workers find the trials
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "OMP_NUM_THREADS": "1",
        }
        done = subprocess.run(
            [*command, "--trials", str(trials), "--seed", str(seed)],
            cwd=folder,  # MLflow keeps its artifacts there
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{NAMES[system]} failed:\n{done.stderr[-4000:]}")
        took = Took(**json.loads((folder / "took.json").read_text()))
        counts = count(Asked(kind, folder, trials, seed))
    return {
        "seconds": (took.ended - took.began) / trials,
        "recorded": (took.recorded - took.began) / trials,
        **asdict(counts),
    }


def report(
    runs: Mapping[tuple[str, str], Sequence[Mapping[str, float]]], trials: int, earlier: str = ""
) -> str:
    """The whole result file; a kind that was not measured now is taken from an `earlier` one."""
    measured = {kind for kind, _ in runs}
    parts = [table(kind, runs) if kind in measured else section(earlier, kind) for kind in KINDS]
    parts = [part for part in parts if part]
    return f"""# What a trial costs beyond itself

{trials} trials of 5 reports, 2 at a time. Seconds a trial, median of n (lowest to highest); ratios
are of runs of the same round.

{chr(10).join(parts)}
Goal, for trials that do nothing: (c) / (a) at most 0.125, (c) / (b) at most 3.

What is compared, and how, is said in `benchmarks/overhead.py`. {machine("ray", "optuna", "mlflow")}

    python benchmarks/overhead.py
"""


def section(text: str, kind: str) -> str:
    """The part of a result file on this kind of trials, "" where there is none."""
    _, found, rest = text.partition(f"## {TITLES[kind]}\n")
    rows = rest.partition("\n## ")[0].partition("\nGoal")[0].strip()
    return f"## {TITLES[kind]}\n\n{rows}\n" if found else ""


def table(kind: str, runs: Mapping[tuple[str, str], Sequence[Mapping[str, float]]]) -> str:
    """A row for each set-up."""
    lines = [
        f"## {TITLES[kind]}\n",
        "| set-up | n | s/trial | until MLflow held all, s/trial | (c) / this | study: trials, "
        "reports | MLflow: runs, reports, artifacts |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for system in SYSTEMS:
        held = runs.get((kind, system), [])
        if held:
            lines.append(row(system, held, runs.get((kind, "c"), [])))
    return "\n".join(lines) + "\n"


def row(
    system: str, held: Sequence[Mapping[str, float]], ours: Sequence[Mapping[str, float]]
) -> str:
    """Its figures, and those of (c) as a multiple of them."""
    seconds = [each["seconds"] for each in held]
    ratios = [c["seconds"] / each for c, each in zip(ours, seconds, strict=False)]
    cells: list[Any] = [
        NAMES[system],
        len(held),
        spread(seconds),
        spread([each["recorded"] for each in held]),
        spread(ratios) if system != "c" else "1",
        ", ".join(among(held, name) for name in ("trials", "study_reports")),
        ", ".join(among(held, name) for name in ("runs", "reports", "artifacts")),
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    if not values:
        return ""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def among(held: Sequence[Mapping[str, float]], name: str) -> str:
    """A count, or the range of it."""
    low, high = min(each[name] for each in held), max(each[name] for each in held)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


if __name__ == "__main__":
    main()
