"""Which models are followed, and how to ask the registry about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.serving.served_model import Classifier
from orchestrator.tracking.alias import alias_version
from orchestrator.using.loading import load_classifier
from orchestrator.using.names import model_folder, model_uri


@dataclass(frozen=True)
class Followed:
    """A model's alias, and how to ask where it points and to load a version.

    Args:
        name, alias: `NAME@ALIAS`.
        newest: its version now.
        load: a version's classifier.
    """

    name: str
    alias: str
    newest: Callable[[], str]
    load: Callable[[str], Classifier]


def follow(model: str, uri: str) -> Followed | None:
    """How to follow the alias that `model` names in the registry at `uri`; None for a fixed model.

    Raises:
        UsageError: `model` is none of the names of a model.
    """
    if model_folder(model) is not None:
        return None
    name, at, alias = model_uri(model).removeprefix("models:/").rpartition("@")
    if not at:
        return None
    return Followed(
        name,
        alias,
        newest=lambda: alias_version(name, alias, tracking_uri=uri),
        load=lambda version: load_classifier(f"{name}/{version}", tracking_uri=uri),
    )
