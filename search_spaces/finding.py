"""Finds a space by its registered name or in a file of one's own."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

from search_spaces.errors import UnknownNameError, UsageError
from search_spaces.registry import Registry
from search_spaces.space import Space

SPACES: Registry[Space] = Registry(
    "search space",
    {
        "backbone_compare": "search_spaces.backbone_compare:SPACE",
        "lr_range": "search_spaces.lr_range:SPACE",
        "onecycle": "search_spaces.onecycle:SPACE",
        "regularization": "search_spaces.regularization:SPACE",
        "augmentation": "search_spaces.augmentation:SPACE",
        "input_size": "search_spaces.input_size:SPACE",
        "batch_size": "search_spaces.batch_size:SPACE",
        "subset_size": "search_spaces.subset_size:SPACE",
        "subset_strategy": "search_spaces.subset_strategy:SPACE",
        "scratch_compare": "search_spaces.scratch_compare:SPACE",
        "small_data": "search_spaces.small_data:SPACE",
        "everything": "search_spaces.everything:SPACE",
        "robust": "search_spaces.robust:SPACE",
        "weak_supervision": "search_spaces.weak_supervision:SPACE",
        "robust_few_labels": "search_spaces.robust_few_labels:SPACE",
    },
    group="orchestrator.search_spaces",
)


# Of studies that a command makes; nobody names them, and they are on no list.
_OF_COMMANDS = {"repeats": "search_spaces.repeats"}


def find_space(name: str) -> Space:
    """The space called `name`, or the one in the file at that path (`path/to/file.py`).

    Raises:
        UnknownNameError: no such name; lists the valid ones and the nearest.
        UsageError: the file is missing, does not run, or has no `SPACE`.
    """
    if name.endswith(".py") or "/" in name:
        return _from_file(Path(name))
    if name in _OF_COMMANDS:
        own: Space = importlib.import_module(_OF_COMMANDS[name]).SPACE
        return own
    if name.startswith("reference_"):
        from search_spaces.references import find_reference_space

        return find_reference_space(name)
    if name not in SPACES:
        hint = "A space of your own is named by its path: my_space.py"
        raise UnknownNameError(SPACES.kind, name, SPACES.names(), hint=hint)
    return SPACES.get(name)


def _from_file(path: Path) -> Space:
    if not path.is_file():
        raise UsageError("A space named by a path must be a Python file.", got=str(path))
    spec = importlib.util.spec_from_file_location(f"search_space_{path.stem}", path.resolve())
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        where = f"{type(error).__name__}: {error}"
        raise UsageError(f"The space in {path} must run without an error.", got=where) from error
    space = getattr(module, "SPACE", None)
    if not isinstance(space, Space):
        hint = "Give it one: SPACE = Space(name=..., question=..., suggest=..., baselines=...)"
        raise UsageError(f"{path} must define SPACE, a search_spaces.Space.", got=space, hint=hint)
    return space
