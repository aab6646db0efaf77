"""How soon does each way to search find what random search finds in the end?

    python benchmarks/search_quality.py --processes 2

Searches over tables of real results (`heads_table.py`: frozen-head training on CIFAR-10 features;
`scratch_table.py`: a small net from scratch), replayed through the engine's own conductor, samplers
and pruners on a fake clock, 2 workers, up to 100 seeds each; a seed also settles the split. Every
arm, random search too, tries the same baseline first, and spends the same number of epochs.

Reported: regret (the best there is in the table minus the best full run so far) at several
budgets, and the epochs an arm needs until its mean regret is as low as random's at the end, as a
share of random's epochs. Values of trials that were stopped early count for nothing. Intervals are
95 %, by the bootstrap over seeds.

Goal: at most half of random's epochs. The tables are built where they are missing (45 CPU minutes
on one thread). A replay takes 0.1 to 0.5 CPU seconds where every trial runs to its end, 5 to 25
where early stopping makes hundreds of short trials of the same epochs, and 7 to 10 with gp: all of
them with 100 seeds are many hours. So they are kept (`--keep`), and `--kept` reports what is there.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import quality_report
from problems import ARMS, PROBLEMS
from quality_table import ResultTable
from replayed_table import Arm, Trace, run_arm

LEAST_SEEDS = 9  # below which the kept replays of an arm are not reported
RESULT = Path(__file__).parent / "results" / "search_quality.md"


def main() -> None:
    """Replays what was asked for, prints the tables, and writes them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--samplers", nargs="+", help="only arms with one of these (and random)")
    parser.add_argument("--keep", type=Path, help="folder of replays, to go on after a break")
    parser.add_argument("--kept", action="store_true", help="only what --keep holds: no replays")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    options = parser.parse_args()
    if options.kept and options.keep is None:
        parser.error("--kept reports what --keep holds: name its folder")
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come; two of them share two cores
    began = time.perf_counter()
    found = {}
    for problem in options.problems:
        arms = [
            arm
            for arm in ARMS[problem]
            if not options.samplers or arm.sampler in (*options.samplers, "random")
        ]
        if options.kept:
            traces = kept(problem, arms, options.seeds, options.keep)
        else:
            traces = replays(problem, arms, options.seeds, options.processes, options.keep)
        found[problem] = quality_report.Outcome(PROBLEMS[problem], table_of(problem), traces)
        print(quality_report.section(found[problem]), flush=True)
    minutes = (time.perf_counter() - began) / 60
    took = f"{minutes:.0f} minutes in {options.processes} processes."
    how = "Replayed in parts." if options.kept else took
    options.out.write_text(quality_report.whole(found, how))


def replays(
    problem: str, arms: Sequence[Arm], seeds: int, processes: int, keep: Path | None = None
) -> dict[Arm, list[Trace]]:
    """Every arm with every seed."""
    table_of(problem)  # built once, before processes want it
    jobs = [(problem, arm, seed, keep) for arm, seed in itertools.product(arms, range(seeds))]
    with get_context("spawn").Pool(processes) as pool:
        traces = pool.starmap(once, jobs, chunksize=5)
    return {arm: traces[i * seeds : (i + 1) * seeds] for i, arm in enumerate(arms)}


def kept(problem: str, arms: Sequence[Arm], most: int, keep: Path) -> dict[Arm, list[Trace]]:
    """Every arm with the seeds 0, 1, ... that are there; no arm with fewer than `LEAST_SEEDS`."""
    found = {}
    for arm in arms:
        places = [place(problem, arm, seed, keep) for seed in range(most)]
        count = sum(1 for _ in itertools.takewhile(Path.exists, places))
        if count >= LEAST_SEEDS:
            found[arm] = [once(problem, arm, seed, keep) for seed in range(count)]
    return found


def place(problem: str, arm: Arm, seed: int, keep: Path) -> Path:
    """Where a replay is kept."""
    return keep / f"{problem}, {arm}, {seed}.npz"


def once(problem: str, arm: Arm, seed: int, keep: Path | None = None) -> Trace:
    """One search; the one kept from an earlier run of this program, if there is."""
    path = place(problem, arm, seed, keep) if keep else None
    if path is not None and path.exists():
        with np.load(path) as held:
            return Trace(held["work_T"], held["values_TM"], int(held["trials"]))
    trace = run_arm(table_of(problem), PROBLEMS[problem], arm, seed)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, work_T=trace.work_T, values_TM=trace.values_TM, trials=trace.trials)
    return trace


@cache
def table_of(problem: str) -> ResultTable:
    """The problem's table."""
    return PROBLEMS[problem].table()


if __name__ == "__main__":
    main()
