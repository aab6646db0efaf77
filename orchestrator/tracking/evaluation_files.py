"""The evaluations that lie in a trial's folder, and whether its run has them.

`orchestrator evaluate` sends them itself; where MLflow was away, or was made anew, `orchestrator
sync` does. Files of an evaluation that was written elsewhere (`--out`) are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlflow.store.artifact.artifact_repo import ArtifactRepository

from orchestrator.evaluating.files import PLACE

PLACES = (PLACE, f"{PLACE}/model")
"""The trial's own, and those of its exported model."""


def kept_evaluations(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Place among the artifacts, and file."""
    if folder is None:
        return
    for place in PLACES:
        for path in sorted((folder / place).glob("[!.]*")):
            if path.is_file():
                yield place, path


def lacks_evaluations(repository: ArtifactRepository, folder: Path | None) -> bool:
    """Whether a file is not among the artifacts, or is there with another size.

    A file that was replaced while MLflow was away has its old content there; that of the numbers
    holds its own time and figures to all digits, so that its size hardly ever stays the same.
    """
    kept = {f"{place}/{path.name}": path for place, path in kept_evaluations(folder)}
    if not kept:
        return False
    sizes = {
        entry.path: entry.file_size
        for place in PLACES
        for entry in repository.list_artifacts(place)
        if not entry.is_dir
    }
    return any(not _is_there(path, sizes.get(name, -1)) for name, path in kept.items())


def _is_there(path: Path, size: int | None) -> bool:
    """Whether an artifact of that size is it; None where its store says none, -1 without one."""
    return size is None or size == path.stat().st_size


def send_evaluations(repository: ArtifactRepository, folder: Path | None) -> None:
    """Send all of them; one that is there is written over."""
    for place, path in kept_evaluations(folder):
        repository.log_artifact(str(path), place)
