"""How soon a search starts its first head when the features are cached, and what a head costs.

    python benchmarks/second_search.py

Two searches over the same Lite backbones on real CIFAR-10, in a folder of their own. The first
one fills the feature cache; of the second one are taken:

- first head: from Ray being up (the first trial is asked for) to the first epoch of any trial;
- further head, cost: the search's seconds for each of them, two at a time on two cores;
- further head, wall: a trial's wall time, for all but the first trial of each worker process, in a
  search without attacks (`attack=none`), so that nothing but the head is in it; 30 epochs on
  1,000 labels, its reports, files and study entries included.

Goals: first head within 5 s; each further head costs under 1 s.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

from orchestrator import SearchResult, search
from orchestrator.results import TrialResult

BACKBONES = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")


def main() -> None:
    """Run both searches and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), "warm-up", len(BACKBONES), attack="none")
        rounds = [
            run(Path(folder), f"round-{index}", arguments.trials, attack="none")
            for index in range(arguments.rounds)
        ]
        measured = {
            "first head after Ray is up": [first_head(result) for result in rounds],
            "each further head, seconds of the search": [cost(result) for result in rounds],
            "each further head, wall": [s for result in rounds for s in further(result)],
        }
        report(measured)


def run(folder: Path, study: str, trials: int, *, attack: str) -> SearchResult:
    """One search; nothing of it stays but the feature cache."""
    return search(
        "backbone_compare",
        backbones=BACKBONES,
        trials=trials,
        # Epochs and batch size at their defaults: they decide how long a head trains.
        settings={"input_size": 128, "attack": attack, "epochs": 30, "batch_size": 64},
        storage=f"sqlite:///{folder}/optuna.db",
        tracking_uri=f"sqlite:///{folder}/mlflow.db",
        checkpoints=folder / "trials",
        study=study,
        keep_models=0,
    )


def first_head(result: SearchResult) -> float:
    """Seconds from the first trial's being asked for to the first finished epoch."""
    asked = min(started(trial) for trial in result.results)
    epochs = [
        row["time"]
        for trial in result.results
        for row in json.loads((Path(trial.folder) / "history.json").read_text())
    ]
    return min(epochs) - asked


def reused(result: SearchResult) -> list[TrialResult]:
    """All trials but the first of each worker process, which waits for the process."""
    seen: set[str] = set()
    found = []
    for trial in sorted(result.results, key=started):
        if trial.worker in seen:
            found.append(trial)
        seen.add(trial.worker)
    return found


def further(result: SearchResult) -> list[float]:
    """Wall seconds of each further head."""
    return [float(trial.seconds or 0.0) for trial in reused(result)]


def cost(result: SearchResult) -> float:
    """Seconds from the start of the first further head to the end of the last, a head."""
    heads = reused(result)
    ended = max(started(trial) + float(trial.seconds or 0.0) for trial in heads)
    return (ended - min(started(trial) for trial in heads)) / len(heads)


def started(trial: TrialResult) -> float:
    """Unix seconds at which the trial was asked for."""
    return trial.started or 0.0


def report(measured: Mapping[str, Sequence[float]]) -> None:
    """A Markdown table, with what it was measured on."""
    print("| what | n | median s | range s |\n| --- | --- | --- | --- |")
    for name, values in measured.items():
        low, high, middle = min(values), max(values), statistics.median(values)
        print(f"| {name} | {len(values)} | {middle:.2f} | {low:.2f} to {high:.2f} |")
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "ray", "optuna", "mlflow"))
    python = platform.python_version()
    print(f"\n{platform.machine()}, {cpu_count()} cores, Python {python}, {packages}")


if __name__ == "__main__":
    main()
