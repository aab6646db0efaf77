"""What `search_quality.py` searches, and the ways it searches it."""

from __future__ import annotations

from heads_table import heads_table
from replayed_table import Arm, Problem
from scratch_table import scratch_table

# The defaults of TrialConfig, at the nearest levels of the table.
_HEAD = {
    "lr": 3.41e-5,
    "weight_decay": 1e-2,
    "dropout": 0.4,
    "batch_size": 64,
    "head_start": "ridge",
}
# A common recipe of SGD with momentum.
_NET = {"lr": 0.0611, "weight_decay": 1e-3, "batch_size": 128, "augment": "none"}
_LOGS = frozenset({"lr", "weight_decay", "batch_size"})

PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("heads", heads_table, _LOGS, ("val_acc",), _HEAD, trials=40),
        Problem("heads, no baseline", heads_table, _LOGS, ("val_acc",), None, trials=40),
        Problem("heads, loss", heads_table, _LOGS, ("val_loss",), _HEAD, trials=40),
        Problem("from scratch", scratch_table, _LOGS, ("val_acc",), _NET, trials=20),
        Problem("heads, accuracy and loss", heads_table, _LOGS, ("val_acc", "val_loss"), _HEAD, 40),
    )
}

_SAMPLERS = ("random", "qmc", "tpe", "cmaes", "nsga2", "gp")
_RUNGS = ("asha:first_rung=1", "asha:first_rung=3", "hyperband")
_EPOCHS = ("asha:first_rung=1", "asha:first_rung=3", "hyperband", "median", "patient")

# A repeated draw runs again and costs its epochs, as a point close by does in a real space, where
# hardly any two draws are the same; "answer" rows say what the engine's way with repeats changes.
_FULL = [Arm(sampler, duplicates="run") for sampler in _SAMPLERS]
_QUICK = [arm for arm in _FULL if arm.sampler != "gp"]  # a search with gp takes 7 to 10 CPU s


def _early(pruners: tuple[str, ...], fidelity: str, samplers: tuple[str, ...]) -> list[Arm]:
    return [
        Arm(sampler, pruner, fidelity, duplicates="run")  # type: ignore[arg-type]
        for pruner in pruners
        for sampler in samplers
    ]


_ANSWERED = [Arm("tpe"), Arm("tpe", "asha:first_rung=1", "runs")]
_ALL_STOPPED = [
    Arm(sampler, "asha:first_rung=1", "runs", exempt=0.0, duplicates="run")
    for sampler in ("random", "tpe")
]
_CYCLE = _early(_EPOCHS, "epochs", ("random", "tpe"))

ARMS = {
    "heads": [
        *_FULL,
        *_early(_RUNGS, "runs", ("random", "tpe", "cmaes")),
        *_early(_RUNGS[:1], "runs", ("nsga2", "gp")),
        *_ALL_STOPPED,
        *_CYCLE,
        *_ANSWERED,
    ],
    "heads, no baseline": [*_QUICK, *_early(_RUNGS[:2], "runs", ("random", "tpe", "cmaes"))],
    "heads, loss": [*_FULL, *_early(_RUNGS, "runs", ("random", "tpe", "cmaes")), *_ANSWERED],
    "from scratch": [*_FULL, *_early(_EPOCHS, "epochs", ("random", "tpe", "cmaes"))],
    "heads, accuracy and loss": [
        *(Arm(s, duplicates="run") for s in ("random", "tpe", "nsga2", "nsga3")),
        *_early(_RUNGS[:1], "runs", ("random", "tpe", "nsga2", "nsga3")),
    ],
}
