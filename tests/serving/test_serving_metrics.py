"""What Prometheus is told is what happened."""

from __future__ import annotations

import json
from pathlib import Path

from colour_model import picture, pixels
from prometheus_client.parser import text_string_to_metric_families
from running_server import JSON, PNG, Running, form, running

from orchestrator.serving.settings import ServeSettings
from orchestrator.using.loading import load_classifier


def read(server: Running) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and its labels' values."""
    answer = server.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.body.decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_requests_batches_and_the_model_are_counted(folders: list[Path]) -> None:
    settings = ServeSettings(port=0, threads=1, max_batch=4)
    with running(load_classifier(str(folders[0])), settings) as server:
        for _ in range(3):
            server.ask("POST", "/predict", picture(), PNG)
        server.ask("POST", "/predict", *form(("a", picture()), ("b", picture())))
        server.ask("POST", "/predict", b"?", PNG)
        server.ask("POST", "/predict", b"?", PNG | {"content-length": str(1 << 40)})
        server.ask("POST", "/predict", b"?", PNG | {"host": "evil.example"})
        server.ask("POST", "/invocations", json.dumps({"inputs": pixels(count=9).tolist()}), JSON)
        server.ask("GET", "/no/such/path")
        server.ask("GET", "/another")
        told = read(server)
    requests = "orchestrator_http_requests_total"
    assert told[(requests, "/predict", "200")] == 4
    assert told[(requests, "/predict", "400")] == 1
    assert told[(requests, "/predict", "413")] == 1
    assert told[(requests, "/predict", "421")] == 1
    assert told[(requests, "/invocations", "200")] == 1
    assert told[(requests, "other", "404")] == 2  # one label for all paths that there are not
    assert told[("orchestrator_http_request_seconds_count", "/predict")] == 7
    assert told[("orchestrator_http_request_seconds_bucket", "+Inf", "/predict")] == 7
    # 3 single images, a form of 2, and 9 in pieces of 4, 4 and 1
    assert told[("orchestrator_batch_images_count",)] == 7
    assert told[("orchestrator_batch_images_sum",)] == 3 + 2 + 9
    assert told[("orchestrator_batch_images_bucket", "1.0")] == 4
    assert told[("orchestrator_model_info", "colours-10", "")] == 1
    assert told[("orchestrator_http_requests_in_progress",)] == 1  # that for the metrics


def test_two_servers_count_for_themselves(server: Running, folders: list[Path]) -> None:
    with running(load_classifier(str(folders[1]))) as other:
        other.ask("POST", "/predict", picture(), PNG)
        told = read(other)
    assert told[("orchestrator_http_requests_total", "/predict", "200")] == 1
    assert ("orchestrator_model_info", "colours-10", "") not in told
