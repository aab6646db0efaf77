"""From what is to be evaluated to a classifier and the data that it is held against."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.evaluating.source import Source, config_of_run, run_source
from orchestrator.study.uris import tracking_uri
from search_spaces.errors import OrchestratorError, UsageError
from trainables.config import TrialConfig
from trainables.data import ImageData, load
from trainables.evaluating import (
    Classify,
    Split,
    as_trained,
    prepare_again,
    trial_classifier,
)
from trainables.evaluation.evaluation import Fact
from trainables.setup import TrialSetup
from trainables.splits import Splits
from trainables.splitting import chooses_images, split_for

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from orchestrator.using.classifier import LoadedClassifier


CORRUPTION_IMAGES = 1000
"""At each corruption and severity."""
MASKING_SECONDS = 30.0
"""About so long to look for masked gradients."""


@dataclass(frozen=True)
class EvaluateRequest:
    """What a person asked for; the arguments are those of `evaluate`."""

    what: str | None = None
    split: Split = "val"
    out: Path | None = None
    data: str | None = None
    data_dir: Path | None = None
    image_size: int | None = None
    device: str = "auto"
    pictures: bool = True
    best_epoch: str | None = None
    corruptions: str | None = None
    corruption_images: int = CORRUPTION_IMAGES
    masking_seconds: float = MASKING_SECONDS
    storage: str | None = None
    tracking_uri: str | None = None


@dataclass(frozen=True, eq=False)
class Ready:
    """A classifier, and the data that it is to be held against.

    Args:
        net: puts the same together to be attacked: images01_NCHW in [0, 1] -> logits_NK, with
            gradients, on the device that `facts` name.
    """

    classify: Classify
    net: Callable[[], nn.Module]
    data: ImageData
    splits: Splits | None
    facts: dict[str, Fact]


def make_ready(source: Source, request: EvaluateRequest) -> tuple[Source, Ready]:
    """The classifier and its data; a model's source is told its run and study, if it has any.

    Raises:
        UsageError: the data is not named, or named where it need not be, or has changed since.
        UnavailableError: data, weights or the model cannot be had here.
    """
    if source.model is not None:
        return _of_model(source, source.model, request)
    assert source.record is not None
    record = source.record
    if request.data is not None or request.image_size is not None:
        rule = "A trial is evaluated on its own data: --data and --image-size are for bare models."
        raise UsageError(rule, got=request.data or request.image_size)
    if request.data_dir is not None and isinstance(record.config, TrialConfig):
        record = replace(record, config=record.config.replace(data_dir=request.data_dir))
    setup = prepare_again(record, device=request.device)
    assert isinstance(record.config, TrialConfig)  # else `prepare_again` has refused it
    facts: dict[str, Fact] = {
        "split_digest": record.report.digests.get("split"),
        "weights_digest": setup.key.weights_digest,
        "input_size": setup.key.input_size,
        "precision": setup.key.precision,
        "device": setup.one_device,
    }
    weights = record.report.weights
    classify = trial_classifier(record.config, setup, weights)
    net = partial(_trial_net, record.config, setup, weights)
    return source, Ready(classify, net, setup.data, setup.splits, facts)


def _trial_net(
    config: TrialConfig, setup: TrialSetup, weights: Mapping[str, np.ndarray]
) -> nn.Module:
    from trainables.trial_model import trial_model

    return trial_model(config, setup, weights)


def _of_model(source: Source, model: str, request: EvaluateRequest) -> tuple[Source, Ready]:
    """A model of MLflow's; where a trial of ours made it, on that trial's data and splits."""
    from orchestrator.using.loading import load_classifier

    uri = tracking_uri(request.tracking_uri)
    loaded = load_classifier(model, tracking_uri=uri)
    config = config_of_run(loaded.run_id, uri) if loaded.run_id else None
    if config is None and request.data is None:
        rule = "The data must be named for a model that no trial is known of."
        raise UsageError(rule, hint="Add: --data NAME")
    if config is not None and request.data not in (None, config.data):
        rule = f"A trial's model is evaluated on the trial's own data, which is {config.data}."
        raise UsageError(rule, got=request.data)
    if config is not None:
        source = _with_trial(source, loaded, request)
    data = load(
        request.data or (config.data if config else ""),
        data_dir=request.data_dir or (config.data_dir if config else None),
        image_size=request.image_size or (config.image_size if config else None),
    )
    _check_data(loaded, source, data, model)
    splits = None if config is None else _splits(config, data, source, request)
    return source, Ready(loaded.logits, partial(_model_net, model, uri), data, splits, _ON_CPU)


_ON_CPU: dict[str, Fact] = {"device": "cpu"}


def _model_net(model: str, uri: str) -> nn.Module:
    """Its graph, run node by node, since autograd does not follow it as it was loaded."""
    from orchestrator.promoting.exported import load_net
    from orchestrator.tracking.model_places import fetch_model, find_model
    from orchestrator.using.mlmodel import FILE, GRAPH

    found = find_model(model, uri)
    with tempfile.TemporaryDirectory(prefix="orchestrator-model-") as into:
        fetch_model(found, uri, Path(into), names=(FILE, GRAPH))
        return load_net(Path(into), uri=found.uri, digest=found.digest)[0]


def _splits(
    config: TrialConfig, data: ImageData, source: Source, request: EvaluateRequest
) -> Splits:
    """Those of the trial's config; images that a strategy chose are known to the trial alone."""
    splits = split_for(config, data, gpu=False)
    if source.record is not None:
        return as_trained(source.record, splits, data.digest)
    if chooses_images(config) and request.split == "train":
        rule = f"The training images that {config.subset} chose are known to the model's trial."
        raise UsageError(rule, got="train", hint="Its study is not here. Add: --split val")
    return splits


def _with_trial(source: Source, loaded: LoadedClassifier, request: EvaluateRequest) -> Source:
    """The model's source with the study and trial that it is of, where they are here."""
    try:
        found = run_source(loaded.run_id, storage=request.storage, tracking=request.tracking_uri)
    except OrchestratorError:  # the study is not here: the data counts its openings
        return replace(source, run_id=loaded.run_id)
    return replace(found, name=source.name, model=source.model, run_id=loaded.run_id)


def _check_data(loaded: LoadedClassifier, source: Source, data: ImageData, model: str) -> None:
    """The data must have the model's classes, and be what its trial, if any, was trained on."""
    digest = source.record.report.digests.get("data") if source.record else None
    if digest not in (None, data.digest):
        rule = f"{model} was trained on {data.name} with the digest {digest}, which has changed."
        raise UsageError(rule, got=data.digest)
    named = loaded.facts.classes
    if named and named != data.classes:
        rule = f"{model} tells other classes apart than {data.name} has."
        raise UsageError(rule, got=", ".join(named[:10]))
