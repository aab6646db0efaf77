"""How soon a search starts its first head when the features are cached, and what a head costs.

    python benchmarks/second_search.py

Two searches over the same Lite backbones on real CIFAR-10, in a folder of their own. The first
one fills the feature cache; of the second one are taken:

- first head: from Ray being up (the first trial is asked for) to the first epoch of any trial;
- further head: a trial's wall time less its attack, for all but the first trial of each worker,
  in a search without attacks (`attack=none`), so that nothing but the head is in it.

Goals: first head within 5 s; each further head under 1 s.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from collections.abc import Sequence
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
        report([first_head(result) for result in rounds], further_heads(rounds))


def run(folder: Path, study: str, trials: int, *, attack: str) -> SearchResult:
    """One search; nothing of it stays but the feature cache."""
    return search(
        "backbone_compare",
        backbones=BACKBONES,
        trials=trials,
        settings={"input_size": 128, "attack": attack},
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


def further_heads(results: Sequence[SearchResult]) -> list[float]:
    """Wall seconds of every trial but the first two, which wait for their workers to start."""
    return [
        float(trial.seconds or 0.0)
        for result in results
        for trial in sorted(result.results, key=started)[2:]
    ]


def started(trial: TrialResult) -> float:
    """Unix seconds at which the trial was asked for."""
    return trial.started or 0.0


def report(first: Sequence[float], further: Sequence[float]) -> None:
    """A Markdown table of both, with what they were measured on."""
    print("| what | n | median s | range s |\n| --- | --- | --- | --- |")
    for name, values in (("first head after Ray is up", first), ("each further head", further)):
        low, high = min(values), max(values)
        print(
            f"| {name} | {len(values)} | {statistics.median(values):.2f} | {low:.2f}-{high:.2f} |"
        )
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "ray", "optuna", "mlflow"))
    python = platform.python_version()
    print(f"\n{platform.machine()}, {cpu_count()} cores, Python {python}, {packages}")


if __name__ == "__main__":
    main()
