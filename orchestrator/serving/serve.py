"""`serve(model)`: load it, listen, answer until told to end."""

from __future__ import annotations

import trainables  # noqa: F401  (before torch: its threads are to sleep while they wait)

# isort: split
import torch

from orchestrator.say import Say, silent
from orchestrator.serving.app import create_app
from orchestrator.serving.batcher import Batcher
from orchestrator.serving.following import Followed, follow
from orchestrator.serving.guard import own_names
from orchestrator.serving.http_server import server_of
from orchestrator.serving.listening import listening_socket, url_of
from orchestrator.serving.metrics import ServerMetrics
from orchestrator.serving.reloading import AliasWatcher
from orchestrator.serving.routes import Serving
from orchestrator.serving.served_model import Classifier, ModelSlot, made_ready
from orchestrator.serving.settings import LOOPBACK, ServeSettings
from orchestrator.study.uris import tracking_uri as resolved
from orchestrator.tracking.environment import failing_fast
from orchestrator.using.loading import load_classifier


def serve(
    model: str,
    *,
    settings: ServeSettings | None = None,
    tracking_uri: str | None = None,
    say: Say = print,
) -> None:
    """Serve a model over HTTP until SIGTERM or Ctrl-C, which let running requests end.

    Args:
        model: NAME@ALIAS or NAME (its champion), followed where it moves; NAME/VERSION,
            `models:/...`, or a model's folder, which stay as they are.
        settings: where it listens, and how requests share the net.
        tracking_uri: of the MLflow registry (default: as everywhere).
        say: is told the address, and of each newer model.

    Raises:
        UsageError: there is no such model, or the port is taken.
        UnavailableError: the registry is away, or the model cannot be used.
    """
    chosen = settings or ServeSettings()
    listening = listening_socket(chosen.host, chosen.port)
    try:
        with failing_fast():
            serving = _loaded(model, chosen, resolved(tracking_uri), say)
            app = create_app(serving, own_names(chosen.host, chosen.allowed_hosts))
            say(_greeting(serving, url_of(listening), chosen))
            server_of(app).run(sockets=[listening])
    finally:
        listening.close()


def _loaded(model: str, settings: ServeSettings, uri: str, say: Say) -> Serving:
    torch.set_num_threads(settings.torch_threads)
    followed = follow(model, uri)
    place = f"{followed.name}/{followed.newest()}" if followed else model
    classifier = load_classifier(place, tracking_uri=uri)
    return assemble(classifier, settings, followed, say)


def assemble(
    classifier: Classifier,
    settings: ServeSettings,
    followed: Followed | None = None,
    say: Say = silent,
) -> Serving:
    """The parts of a server around a classifier, which is tried first.

    Raises:
        UnavailableError: it does not answer as a classifier does.
    """
    metrics = ServerMetrics()
    first = made_ready(classifier, settings.max_batch)
    slot = ModelSlot(first)
    metrics.serving(first)
    batcher = Batcher(
        max_batch=settings.max_batch,
        max_wait_ms=settings.max_wait_ms,
        count=metrics.batches.observe,
        together=settings.batching,
    )
    if followed is None:
        return Serving(slot, batcher, metrics)
    watcher = AliasWatcher(
        slot,
        followed.newest,
        followed.load,
        every=settings.reload_seconds,
        largest_batch=settings.max_batch,
        metrics=metrics,
        say=say,
    )
    return Serving(slot, batcher, metrics, watcher, followed.alias)


def _greeting(serving: Serving, url: str, settings: ServeSettings) -> str:
    follows = f", and follows {serving.alias}" if serving.alias else ""
    line = f"{url} answers with {serving.slot.current.title}{follows}; Ctrl-C ends it."
    if settings.host not in (LOOPBACK, "localhost", "::1"):
        line += " It can be reached from other machines, without a password."
    return line
