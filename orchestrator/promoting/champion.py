"""The present champion: who it is, on what data it was trained, and its net.

The registry's incumbent is the one thing that is read back from MLflow.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from torch import nn

from orchestrator.study.spec import DataSpec
from orchestrator.study.uris import sqlite_path
from orchestrator.tracking.registry import Version, read_seats, read_version
from orchestrator.tracking.talking import talking_to
from search_spaces.errors import UsageError

ELSEWHERE = "Name another registered model: --name NAME."


def champion_of(name: str, tracking_uri: str) -> Version | None:
    """None where there is none, or no such model, or no store yet.

    Raises:
        UnavailableError: the store is away.
    """
    path = sqlite_path(tracking_uri)
    if path is not None and not path.exists():
        return None
    with talking_to(tracking_uri, f"The registered model {name}") as client:
        return read_version(client, name, read_seats(client, name).champion)


def check_same_data(champion: Version, data: DataSpec) -> None:
    """A model of other data cannot be compared: its test images are others.

    Raises:
        UsageError: it was trained on other data, or nobody knows on which; says what differs.
    """
    who = f"{champion.name}@champion (version {champion.number})"
    known, digest = champion.tags.get("data", ""), champion.tags.get("data_digest", "")
    if not digest:
        rule = f"{who} says nothing of the data that it was trained on, so nothing is compared."
        raise UsageError(rule, hint=ELSEWHERE)
    if digest == data.digest:
        return
    if known != data.name:
        rule = f"{who} was trained on {known}, and this study's trials on {data.name}."
    else:
        rule = f"{who} was trained on {known} with the digest {digest}; this study's is another."
    raise UsageError(rule, got=data.digest, hint=ELSEWHERE)


def load_champion(champion: Version, tracking_uri: str, classes: tuple[str, ...]) -> nn.Module:
    """Its net, differentiable: images01_NCHW -> logits_NK, float32, on the CPU.

    Raises:
        UsageError: it tells other classes apart.
        UnavailableError: its files are not to be had.
        RefusedModel: its files are not what was logged.
    """
    from orchestrator.promoting.exported import load_net
    from orchestrator.tracking.model_places import fetch_model, find_model
    from orchestrator.using.mlmodel import FILE, GRAPH

    uri = f"models:/{champion.name}/{champion.number}"
    found = find_model(uri, tracking_uri)
    with tempfile.TemporaryDirectory(prefix="orchestrator-champion-") as into:
        fetch_model(found, tracking_uri, Path(into), names=(FILE, GRAPH))
        net, own = load_net(Path(into), uri=uri, digest=found.digest)
    if own != classes:
        rule = f"{uri} tells other classes apart than this study's trials."
        raise UsageError(rule, got=", ".join(own[:10]), hint=ELSEWHERE)
    return net
