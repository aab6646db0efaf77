"""Logs the net of a finished trial as a model of its own: files, figures, model card."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
import numpy as np
import torch
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, Metric
from torch.export import ExportedProgram

from orchestrator.tracking.batches import fitting
from orchestrator.tracking.leftovers import clear_leftovers, promoted_tags
from orchestrator.tracking.model_places import DIGEST_TAG
from orchestrator.tracking.models import delete_model
from orchestrator.tracking.packing import CARD, NetToPack, example_of, write_model
from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.data import ImageData, load
from trainables.exporting.agreement import Agreement, agreement_with_trial
from trainables.exporting.fresh_latency import measure_file
from trainables.exporting.graph import export_graph, save_graph
from trainables.exporting.latency import LatencyReport
from trainables.exporting.net import PRECISION, exportable_classifier
from trainables.exporting.onnx_file import write_onnx
from trainables.record import TrialRecord

MODEL_CARD, LATENCY, ONNX = "model_card.md", "latency.json", "model.onnx"


@dataclass(frozen=True)
class PromotedModel:
    """A logged model, ready to be registered.

    Args:
        model_id, uri: `m-...` and `models:/m-...`.
        place: artifact URI of its folder.
        digest: SHA-256 of its graph.
        latency: of a fresh process on this machine.
        agreement: with the trial's own predictions; None where it kept none.
        onnx_difference: largest difference of probabilities between ONNX file and graph; None
            without an ONNX file.
        files: paths in the model's folder.
        tags: of the logged model; they may be repeated at a version.
    """

    model_id: str
    uri: str
    place: str
    digest: str
    latency: LatencyReport
    agreement: Agreement | None
    onnx_difference: float | None
    files: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class _Made:
    """All that is found out before MLflow hears of the model."""

    net: NetToPack
    latency: LatencyReport
    agreement: Agreement | None
    onnx_difference: float | None


def log_promoted_model(
    record: TrialRecord,
    *,
    client: MlflowClient,
    run_id: str,
    model_card: str,
    onnx: bool = False,
) -> PromotedModel:
    """Export the trial's net, measure it, hold it against the trial, and log it in `run_id`.

    Args:
        record: of a finished trial, weights included.
        run_id: the run that the model is an output of; its latency and memory go there too.
        model_card: Markdown; lies beside the model as `model_card.md`.
        onnx: also as `model.onnx`; wants the extra `onnx`.

    Raises:
        UsageError: the trial of a trainable of somebody's own, or its data has changed.
        UnavailableError: data, weights, or what ONNX needs, are not to be had here.
        TrialFailed: the exported net says something else than the trial, or gives no answer.
        MlflowException: or whatever else a store may raise; no model is left then.
    """
    config = record.config
    if not isinstance(config, TrialConfig):
        rule = "A model is made of a trial of this package's own trainables."
        raise UsageError(rule, got=str(record.folder))
    with tempfile.TemporaryDirectory(prefix="orchestrator-promoted-") as folder:
        made = _make(record, config, Path(folder), onnx=onnx)
        run = client.get_run(run_id)
        clear_leftovers(client, run.info.experiment_id)
        model = client.create_logged_model(
            run.info.experiment_id,
            name=f"{_allowed(config.backbone)}, promoted",
            source_run_id=run_id,
            tags=promoted_tags(),
            model_type="image classifier",
        )
        try:
            return _log(made, client, model, run_id, model_card, Path(folder))
        except BaseException:
            delete_model(client, model, client.tracking_uri)
            raise


def _make(record: TrialRecord, config: TrialConfig, folder: Path, *, onnx: bool) -> _Made:
    data = _data(record, config)
    net = exportable_classifier(config, record.report.weights)
    example_NHWC = example_of(data.images_NHWC)
    program = export_graph(net, example_NHWC)
    answer = program.module(check_guards=False)
    agreement = agreement_with_trial(_probabilities(answer), record, data)
    difference = None
    if onnx:
        difference = write_onnx(net, example_NHWC, folder / ONNX, answer=answer)
    latency = _latency(program, example_NHWC[0], folder)
    facts = {
        "backbone": config.backbone,
        "image_size": data.image_size,
        "input_size": net.input_size,
        "trial_precision": _precision(record, config),
        "data": data.name,
        "digests": dict(record.report.digests),
        "config_digest": config.digest,
        "agreement_with_trial": agreement.to_json() if agreement else None,
        "onnx": {"file": ONNX, "largest_difference": difference} if onnx else None,
    }
    to_pack = NetToPack(program, record.report.classes or data.classes, example_NHWC, facts)
    return _Made(to_pack, latency, agreement, difference)


def _precision(record: TrialRecord, config: TrialConfig) -> str:
    """What the trial computed in, as it wrote it down; else what was asked for."""
    curve = record.report.robustness
    return str(curve.provenance.get("precision") if curve else "") or config.precision


def _data(record: TrialRecord, config: TrialConfig) -> ImageData:
    data = load(config.data, data_dir=config.data_dir, image_size=config.image_size)
    then = record.report.digests.get("data", data.digest)
    if data.digest != then:
        rule = f"A model is held against the data of its trial, whose digest was {then}."
        raise UsageError(rule, got=data.digest, hint="Bring it back, or search again.")
    return data


def _probabilities(answer: Callable[..., torch.Tensor]) -> Callable[[np.ndarray], np.ndarray]:
    def ask(images_NHWC: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            images = torch.from_numpy(np.array(images_NHWC))
            probabilities_NK: np.ndarray = answer(images, probabilities=1).numpy()
        return probabilities_NK

    return ask


def _latency(program: ExportedProgram, image_HWC: np.ndarray, folder: Path) -> LatencyReport:
    """Of the file, in a process of its own; the file goes again."""
    path = folder / "measured.pt2"
    save_graph(program, path)
    try:
        return measure_file(path, image_HWC)
    finally:
        path.unlink()


def _log(
    made: _Made,
    client: MlflowClient,
    model: LoggedModel,
    run_id: str,
    model_card: str,
    folder: Path,
) -> PromotedModel:
    """READY is set last: what is not READY was never whole."""
    path = folder / "model"
    digest = write_model(made.net, path, model, run_id)
    (path / MODEL_CARD).write_text(model_card, encoding="utf-8")
    (path / LATENCY).write_text(json.dumps(made.latency.to_json(), indent=1), encoding="utf-8")
    if made.onnx_difference is not None:
        (folder / ONNX).rename(path / ONNX)
    files = sorted(str(f.relative_to(path)) for f in path.rglob("*") if f.is_file())
    client.log_model_artifacts(model.model_id, str(path))
    tags = fitting(_tags(made.net, digest))
    client.set_logged_model_tags(model.model_id, tags)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.log_batch(run_id, metrics=_metrics(made.latency, run_id, model.model_id))
    client.finalize_logged_model(model.model_id, "READY")
    return PromotedModel(
        model_id=model.model_id,
        uri=f"models:/{model.model_id}",
        place=str(model.artifact_location),
        digest=digest,
        latency=made.latency,
        agreement=made.agreement,
        onnx_difference=made.onnx_difference,
        files=tuple(files),
        tags=tags,
    )


def _tags(net: NetToPack, digest: str) -> dict[str, str]:
    """What the pages of MLflow show of the model; all of it is in its `MLmodel` too."""
    facts = net.facts
    digests: Mapping[str, Any] = facts["digests"]
    return {
        DIGEST_TAG: digest,
        "classes": json.dumps(list(net.classes)),
        "input": CARD["input"],
        "image_size": str(facts["image_size"]),
        "input_size": str(facts["input_size"]),
        "precision": PRECISION,
        **{f"digest.{name}": str(value) for name, value in digests.items()},
    }


def _metrics(latency: LatencyReport, run_id: str, model_id: str) -> list[Metric]:
    now = int(time.time() * 1000)
    return [
        Metric(name, value, now, 0, model_id=model_id, run_id=run_id)
        for name, value in latency.metrics().items()
    ]


def _allowed(name: str) -> str:
    """MLflow bars these signs in a model's name."""
    return "".join("_" if sign in "/:.%\"'" else sign for sign in name)
