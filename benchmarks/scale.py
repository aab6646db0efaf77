"""Does the two-thousandth trial cost what the first did, and where does the time go?

    python benchmarks/scale.py [--trials 2000]

This engine through its public door, with trials of 5 reports that do nothing, 2 at a time, the
default sampler, ASHA with rungs 1 and 3, sqlite stores. Printed: seconds a trial for each hundred
(between the ends of trials, so that start-up is left out), and for the first and the last hundred
what the driver's thread spent in the parts of the engine. Sending to MLflow runs beside it in a
process of its own, whose seconds are given for the whole search.

Goal: the last hundred cost at most 1.5 times the first. About 10 minutes.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import overhead_engine
from machine import machine
from optuna.storages import RDBStorage
from optuna.study import Study
from overhead_trials import STAMP
from overhead_value import Asked
from stopwatch import Stopwatch

from orchestrator.results import SearchResult
from orchestrator.study.conductor import Conductor
from orchestrator.study.early import EarlyStopper
from orchestrator.study.samplers.seeded import SeededSampler

RESULT = Path(__file__).parent / "results" / "scale.md"
HUNDRED = 100
WATCHED = {
    "whole process": None,
    "next trial: `Conductor.next`": (Conductor, "next"),
    "of it the sampler's draw": (SeededSampler, "sample_relative"),
    "a report: `Conductor.heard`": (Conductor, "heard"),
    "of it stopping early": (EarlyStopper, "report"),
    "reading the study": (Study, "_get_trials"),
    "writing a report": (RDBStorage, "set_trial_intermediate_value"),
    "writing an attribute": (RDBStorage, "set_trial_user_attr"),
}
Reading = Mapping[str, tuple[float, float]]


def main() -> None:
    """Runs the search, prints the tables, and writes them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--local", action="store_true", help="without Ray, one trial at a time")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # so that workers find the trials
    os.environ["OMP_NUM_THREADS"] = "1"
    watch = Stopwatch({name: place for name, place in WATCHED.items() if place})
    readings = note_hundreds(watch)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # MLflow keeps its artifacts there
        os.environ[STAMP] = f"{folder}/stamp"
        asked = Asked("nothing", Path(folder), options.trials, seed=0)
        result = overhead_engine.searched(asked, sampler=None, local=options.local)
        readings.append(watch.read())
        began = overhead_engine.began(asked)
        text = report(seconds_by_hundred(result, began), readings, result, options.local)
    print(text)
    options.out.write_text(text)


def note_hundreds(watch: Stopwatch) -> list[Reading]:
    """What the watch shows when trial 0, 100, 200, ... is asked for."""
    readings: list[Reading] = []
    ask = Study.ask

    def asked(study: Study, *arguments: object, **keywords: object) -> object:
        trial = ask(study, *arguments, **keywords)  # type: ignore[arg-type]
        if trial.number % HUNDRED == 0:
            readings.append(watch.read())
        return trial

    Study.ask = asked  # type: ignore[method-assign,assignment]
    return readings


def seconds_by_hundred(result: SearchResult, began: float) -> list[float]:
    """Seconds a trial of the first hundred that ended, the second, ..."""
    ends = [began, *sorted(trial.ended or 0.0 for trial in result.results)][::HUNDRED]
    return [(after - before) / HUNDRED for before, after in itertools.pairwise(ends)]


def report(
    by_hundred: Sequence[float], readings: Sequence[Reading], result: SearchResult, local: bool
) -> str:
    """The whole result file."""
    trials = len(result.results)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    beside = (children.ru_utime + children.ru_stime) / trials
    hundreds = "\n".join(
        f"| {HUNDRED * i + 1:,} to {HUNDRED * (i + 1):,} | {seconds:.3f} "
        f"| {seconds / by_hundred[0]:.2f} |"
        for i, seconds in enumerate(by_hundred)
    )
    return f"""# Does the last trial cost what the first did?

{trials:,} trials of 5 reports that do nothing, {"one" if local else "2"} at a time, sampler
{result.spec.sampler}, ASHA with rungs 1 and 3, sqlite. Goal: the last hundred at most 1.5 times the
first: {by_hundred[-1] / by_hundred[0]:.2f}.

| trials | s/trial | of the first hundred's |
| --- | --- | --- |
{hundreds}

Where the driver's process spends its time, milliseconds a trial:

{parts(readings)}

Children of the driver (sending to MLflow, Ray's processes), CPU: {1000 * beside:.0f} ms a trial,
start-up included. {machine("ray", "optuna", "mlflow")}

    python {" ".join(["benchmarks/scale.py", *sys.argv[1:]])}
"""


def parts(readings: Sequence[Reading]) -> str:
    """A row for each part of the driver's work in the first and in the last hundred."""
    lines = [
        "| part | first hundred: wall | CPU | last hundred: wall | CPU |",
        "| --- | --- | --- | --- | --- |",
    ]
    spans = [(readings[0], readings[1]), (readings[-2], readings[-1])]
    for name in WATCHED:
        cells = [
            f"{1000 * (after[name][kind] - before[name][kind]) / HUNDRED:.1f}"
            for before, after in spans
            for kind in (0, 1)
        ]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
