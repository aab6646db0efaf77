"""The files of an attack on a study: one for the study, and each trial's own beside its figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.attacking.result import SCHEMA, AttackedTrial, StudyAttack
from orchestrator.evaluating.files import PLACE
from search_spaces.errors import UnavailableError
from trainables.atomic import write_json

FOLDER = "ladder"
"""In a study's folder: the results, one file for each norm and epsilon, and `perturbations/`."""
FILE = "ladder.json"
"""In `evaluation/` of a trial's folder, before there was one for each norm and epsilon: that is
`ladder-NORM-epsEPS.json`. `orchestrator sync` sends all of them, and their figures as metrics."""


def write_attack(found: StudyAttack) -> Path:
    """The study's file; the one of the same norm and epsilon before is replaced.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    ladder = found.ladder
    path = found.folder / f"{ladder.norm}-eps{ladder.eps_255:g}.json"
    with writing_to(found.folder):
        found.folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {"schema": SCHEMA, **found.to_json()})
    return path


def write_trial(found: StudyAttack, trial: AttackedTrial, folder: Path) -> Path:
    """What the ladder said of one trial, into its own folder; replaced as that of the study is.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    ladder = found.ladder
    path = folder / PLACE / f"ladder-{ladder.norm}-eps{ladder.eps_255:g}.json"
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, trial_facts(found, trial))
    return path


def trial_facts(found: StudyAttack, trial: AttackedTrial) -> dict[str, Any]:
    """Its figure on each rung, with what makes it comparable."""
    ladder = found.ladder.to_json()
    rungs = [
        {"rung": rung["rung"], "attack": rung["attack"], "settled": rung["settled"], **figure}
        for rung in ladder["rungs"]
        for figure in rung["figures"]
        if figure["name"] == trial.name
    ]
    (union,) = [each for each in ladder["union"] if each["name"] == trial.name]
    about = ("count", "sample_digest", "norm", "eps_255", "resolution", "seed")
    return {
        "schema": SCHEMA,
        "study": found.study,
        "trial": trial.number,
        "search": trial.recorded,
        **{key: ladder[key] for key in about},
        "clean": ladder["clean"][trial.name],
        "rungs": rungs,
        "union": union,
        "beside": [each.number for each in found.trials],
        "made": found.made,
    }


def read_attacks(study_folder: Path) -> tuple[StudyAttack, ...]:
    """All that lie in a study's folder, newest first; a damaged one is passed over."""
    found = []
    for path in sorted((study_folder / FOLDER).glob("[!.]*.json")):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held.get("schema") == SCHEMA:
                found.append(StudyAttack.from_json(held))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return tuple(sorted(found, key=lambda each: -each.made))


def read_trial_ladders(folder: Path | None) -> tuple[Mapping[str, Any], ...]:
    """What `trial_facts` gave, from a trial's folder: the newest of each norm and epsilon."""
    found: dict[tuple[str, float], Mapping[str, Any]] = {}
    for path in sorted((folder / PLACE).glob("ladder*.json")) if folder is not None else []:
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held["schema"] != SCHEMA:
                continue
            key = str(held["norm"]), float(held["eps_255"])
            held["made"] = float(held["made"])
        except (OSError, ValueError, TypeError, KeyError):  # damaged
            continue
        if key not in found or found[key]["made"] < held["made"]:
            found[key] = held
    return tuple(found[key] for key in sorted(found))


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """An error of the disk, in words."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"The folder {folder}", [("writing", str(error))]) from None
