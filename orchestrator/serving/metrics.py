"""What Prometheus reads at `/metrics`, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from orchestrator.serving.served_model import ServedModel

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class ServerMetrics:
    """Counted by the server; one instance a server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter(
            "orchestrator_http_requests", "Requests answered.", ("path", "status"), registry=own
        )
        self.seconds = Histogram(
            "orchestrator_http_request_seconds",
            "Seconds from the head of a request to the end of its answer.",
            ("path",),
            buckets=_SECONDS,
            registry=own,
        )
        self.in_progress = Gauge(
            "orchestrator_http_requests_in_progress", "Requests being answered.", registry=own
        )
        self.batches = Histogram(
            "orchestrator_batch_images",
            "Images in one pass through the net.",
            buckets=_IMAGES,
            registry=own,
        )
        self.model = Gauge(
            "orchestrator_model_info",
            "1 for the model that answers.",
            ("name", "version"),
            registry=own,
        )
        self.since = Gauge(
            "orchestrator_model_since_seconds",
            "Unix time at which it began to answer.",
            registry=own,
        )
        self.reloads = Counter(
            "orchestrator_model_reloads", "Newer models.", ("outcome",), registry=own
        )
        self.registry_up = Gauge(
            "orchestrator_registry_up", "1 while the model registry answers.", registry=own
        )
        for outcome in ("loaded", "failed"):
            self.reloads.labels(outcome)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def serving(self, model: ServedModel) -> None:
        """`model` answers from now on, and no other."""
        self.model.clear()
        self.model.labels(model.classifier.name, model.classifier.version or "").set(1)
        self.since.set(model.since)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)
