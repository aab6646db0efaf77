"""`load_classifier`: a model by its name, its URI or its folder, without running code from it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.study.uris import tracking_uri as tracking_store
from orchestrator.using.classifier import LoadedClassifier
from orchestrator.using.mlmodel import FILE, GRAPH, ModelFacts, read_mlmodel
from orchestrator.using.names import model_folder, model_uri
from orchestrator.using.pt2_archive import clean_archive
from orchestrator.using.refusal import RefusedModel
from search_spaces.errors import UsageError
from trainables.device import resolve_device
from trainables.exporting.graph import file_digest

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def load_classifier(
    model: str, *, tracking_uri: str | None = None, device: str = "cpu"
) -> LoadedClassifier:
    """The model that `model` names.

    Args:
        model: `NAME@alias`, `NAME/VERSION`, `NAME` (its champion), `models:/...`, `runs:/...`, or
            a folder that holds an `MLmodel`.
        tracking_uri: of the MLflow store, as asked for; unused for a folder.
        device: cpu, cuda, cuda:N or auto.

    Raises:
        UsageError: there is no such model, or no such device.
        UnavailableError: the store is away.
        RefusedModel: the file could run code, or is not the one that was logged.
    """
    folder = model_folder(model)
    if folder is not None:
        return load_folder(folder, name=folder.name, uri=str(folder), device=device)
    uri = model_uri(model)
    from orchestrator.tracking.model_places import fetch_model, find_model

    store = tracking_store(tracking_uri)
    found = find_model(uri, store)
    with tempfile.TemporaryDirectory(prefix="orchestrator-model-") as into:
        there = fetch_model(found, store, Path(into), names=(FILE, GRAPH))
        _check_files(there, found.uri)
        loaded = load_folder(
            Path(into),
            name=found.name or model,
            version=found.version,
            uri=found.uri,
            digest=found.digest,
            device=device,
        )
    return replace(loaded, run_id=found.run_id)


def load_folder(
    folder: Path,
    *,
    name: str,
    uri: str,
    version: str | None = None,
    digest: str = "",
    device: str = "cpu",
) -> LoadedClassifier:
    """The model in a folder with an `MLmodel` and a `data/model.pt2`.

    Args:
        digest: what the store says is the graph's SHA-256; "" where it does not say.

    Raises:
        as `load_classifier`.
    """
    facts = read_mlmodel(folder / FILE, uri)
    graph = folder / GRAPH
    if not graph.resolve().is_relative_to(folder.resolve()):
        raise RefusedModel(uri, "its graph lies outside of its folder")
    there = [str(path.relative_to(folder)) for path in folder.glob("*") if path.is_file()]
    _check_files((*there, *(f"data/{path.name}" for path in (folder / "data").glob("*"))), uri)
    logged = digest or facts.digest
    if logged and file_digest(graph) != logged:
        raise RefusedModel(uri, f"its graph is not the one that was logged (SHA-256 {logged})")
    answer, count = _answer(graph, facts, uri, resolve_device(device))
    classes = facts.classes or tuple(str(index) for index in range(count))
    if len(classes) != count:
        raise RefusedModel(uri, f"it names {len(classes)} classes and tells {count} apart")
    return LoadedClassifier(name, version, uri, classes, facts.image_size, facts, answer)


def _check_files(there: Sequence[str], uri: str) -> None:
    """Of these paths in the model's folder, the two that are needed must be some.

    Raises:
        UsageError: it is no model.
        RefusedModel: it is one without an exported graph.
    """
    if FILE not in there:
        raise UsageError(f"{uri} is no model: it has no {FILE}.")
    if GRAPH not in there:
        data = [path for path in there if path.startswith("data/")]
        kept = ", ".join(sorted(data or set(there) - {FILE})) or "nothing"
        reason = f"it has no exported graph ({GRAPH}) but {kept[:200]}, and a pickle can run code"
        raise RefusedModel(uri, reason)


def _answer(
    graph: Path, facts: ModelFacts, uri: str, device: str
) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """The graph as a function of arrays, and the number of its classes."""
    import torch

    program = _program(graph, uri)
    if device != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    module = program.module(check_guards=False)

    def answer(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            tensor = torch.from_numpy(np.array(images)).to(device)  # a copy: torch must own it
            logits = module(tensor, probabilities=0) if facts.takes_kind else module(tensor)
            logits_NK: np.ndarray = logits.float().cpu().numpy()
        return logits_NK

    try:
        size = facts.image_size or 32
        shape = answer(np.zeros((2, size, size, 3), np.uint8)).shape
    except Exception as error:  # whatever somebody's graph may raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(f"{uri} is no classifier of uint8 images: {lines[0][:200]}") from None
    if len(shape) != 2 or shape[0] != 2:
        raise UsageError(f"{uri} is no classifier: it answers 2 images with an array {shape}.")
    return answer, shape[1]


def _program(graph: Path, uri: str) -> ExportedProgram:
    """The exported program of a file, of which torch sees the harmless parts only."""
    import torch

    log = logging.getLogger("torch.export")
    before = log.level
    log.setLevel(logging.ERROR)  # it tells its own story of a file that it cannot read
    try:
        return torch.export.load(clean_archive(graph, uri))
    except RefusedModel:
        raise
    except Exception as error:  # torch raises many kinds for a damaged file
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RefusedModel(uri, f"torch cannot read its graph: {lines[0][:200]}") from None
    finally:
        log.setLevel(before)
