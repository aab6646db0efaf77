"""Which states of its database a library knows, read from its migrations without running them.

Alembic keeps a chain of files, each with its `revision` and the one before; the database holds the
revision it stands at. Source: alembic.sqlalchemy.org, "Tutorial: Create a Migration Script".
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_FOLDERS = {
    "optuna": "storages/_rdb/alembic/versions",
    "mlflow": "store/db_migrations/versions",
}


@dataclass(frozen=True)
class Revisions:
    """All that a library knows, and the newest of them; both empty where it cannot be told."""

    known: frozenset[str] = frozenset()
    newest: frozenset[str] = frozenset()


def revisions_of(library: str) -> Revisions:
    """Of `optuna` or `mlflow` as it is installed here; imports neither."""
    spec = find_spec(library)
    if spec is None or spec.origin is None:
        return Revisions()
    return read_revisions(Path(spec.origin).parent / _FOLDERS[library])


def read_revisions(folder: Path) -> Revisions:
    """The chain in a folder of migrations."""
    known: set[str] = set()
    before: set[str] = set()
    for path in folder.glob("*.py"):
        said = _assigned(path)
        known.update(said.get("revision", ()))
        before.update(said.get("down_revision", ()))
    return Revisions(frozenset(known), frozenset(known - before))


def _assigned(path: Path) -> dict[str, tuple[str, ...]]:
    """`revision` and `down_revision` of a file; a merge has several of the latter."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                found[target.id] = _strings(value)
    return found


def _strings(node: ast.AST) -> tuple[str, ...]:
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return tuple(value for value in constants if isinstance(value, str))
