"""What a person may call a model, and the URI of MLflow's that it stands for."""

from __future__ import annotations

import re
from pathlib import Path

from search_spaces.errors import UsageError

DEFAULT_ALIAS = "champion"
_SCHEMES = ("models:/", "runs:/")
_NAME = r"[^/@:\\]+"
_ALIAS = re.compile(rf"({_NAME})@([A-Za-z0-9_.-]+)")
_VERSION = re.compile(rf"({_NAME})/(\d+|latest)")


def model_uri(model: str) -> str:
    """`NAME@alias`, `NAME/VERSION` or `NAME` (its champion) as `models:/...`; URIs as they are.

    Raises:
        UsageError: none of these.
    """
    if model.startswith(_SCHEMES):
        if ".." in model.split("/"):
            raise UsageError("A model's URI names no folder above its own.", got=model)
        return model
    if _ALIAS.fullmatch(model) or _VERSION.fullmatch(model):
        return f"models:/{model}"
    if re.fullmatch(_NAME, model) and model not in (".", ".."):
        return f"models:/{model}@{DEFAULT_ALIAS}"
    raise UsageError(
        "A model is NAME@ALIAS, NAME/VERSION, NAME (its champion), models:/ID, or a folder with "
        "an MLmodel file.",
        got=model,
    )


def model_folder(model: str) -> Path | None:
    """The folder that `model` names, if it is one that holds a model.

    Raises:
        UsageError: a path of something else.
    """
    path = Path(model).expanduser()
    if (path / "MLmodel").is_file():
        return path.resolve()
    if path.is_file() or (path.is_dir() and (path.is_absolute() or "/" in model)):
        rule = "A model's folder holds a file MLmodel."
        raise UsageError(rule, got=model)
    return None
