"""What good requests are answered with: worked out by hand, and as MLflow's own server has it."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from colour_model import BLUE, CLASSES, GREEN, RED, picture, pixels, softmax, surely
from json_keys import check
from running_server import JSON, PNG, Answer, Running, ask, form, wait_for_ping

from orchestrator.tracking.bound import start_bound
from orchestrator.using.loading import load_classifier


def test_an_image_as_body(server: Running) -> None:
    answer = server.ask("POST", "/predict", picture(), PNG)
    assert answer.status == 200
    (found,) = answer.json["predictions"]
    assert found["label"] == "red" and found["file"] is None
    assert found["probability"] == found["probabilities"]["red"]
    assert found["probability"] == pytest.approx(surely(10), abs=1e-6)
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert answer.json["model"] == "colours-10" and answer.json["version"] is None


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "image/png; q=1"])
def test_the_kind_of_an_image_is_seen_in_its_bytes(server: Running, kind: str) -> None:
    body = picture(GREEN, 300, 200, "JPEG")
    answer = server.ask("POST", "/predict", body, {"content-type": kind})
    assert answer.json["predictions"][0]["label"] == "green"


def test_files_of_different_sizes_keep_their_order_and_names(server: Running) -> None:
    files = [
        ("a.png", picture(BLUE)),
        ("ä b.jpg", picture(RED, 90, 30, "JPEG")),
        ("", picture(GREEN)),
    ]
    answer = server.ask("POST", "/predict", *form(*files))
    found = answer.json["predictions"]
    assert [each["label"] for each in found] == ["blue", "red", "green"]
    assert [each["file"] for each in found] == ["a.png", "ä b.jpg", ""]


@pytest.mark.parametrize("key", ["inputs", "instances"])
@pytest.mark.parametrize("layout", ["last", "first"])
def test_invocations_give_logits_of_either_layout(server: Running, key: str, layout: str) -> None:
    images = np.concatenate([pixels(RED, size=5), pixels(BLUE, size=5)])
    if layout == "first":
        images = images.transpose(0, 3, 1, 2)
    answer = server.ask("POST", "/invocations", json.dumps({key: images.tolist()}), JSON)
    np.testing.assert_allclose(answer.json["predictions"], [[10, 0, 0], [0, 0, 10]], atol=1e-5)


def test_invocations_give_probabilities_where_asked(server: Running) -> None:
    grey = np.full((1, 4, 6, 3), (51, 102, 0), np.uint8)
    asked = {"inputs": grey.tolist(), "params": {"probabilities": True, "unknown": "x"}}
    answer = server.ask("POST", "/invocations", json.dumps(asked), JSON)
    np.testing.assert_allclose(answer.json["predictions"], [softmax([2, 4, 0])], atol=1e-6)


def test_many_images_go_in_pieces_and_come_back_in_order(server: Running) -> None:
    shades = np.arange(200, dtype=np.uint8)
    images = np.zeros((200, 2, 3, 3), np.uint8)
    images[..., 0] = shades[:, None, None]
    answer = server.ask("POST", "/invocations", json.dumps({"inputs": images.tolist()}), JSON)
    reds = np.array(answer.json["predictions"])[:, 0]
    np.testing.assert_allclose(reds, shades / 255 * 10, atol=1e-4)


def test_health_says_which_model_answers(server: Running) -> None:
    health = server.ask("GET", "/health").json
    assert health["ready"] is True and health["model"] == "colours-10"
    assert health["registry"] is None and health["alias"] is None and health["failed"] is None


def test_mlflows_own_client_is_content(server: Running, folders: list[Path]) -> None:
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    place, _, port = server.url.removeprefix("http://").partition(":")
    client = ScoringServerClient(place, int(port))
    client.ping()
    client.wait_server_ready(timeout=5)
    assert client.get_version() == __import__("mlflow").__version__
    images = np.concatenate([pixels(RED, size=4), pixels(GREEN, size=4)])
    given = client.invoke(images).get_predictions().to_numpy()
    np.testing.assert_allclose(given, load_classifier(str(folders[0])).logits(images), atol=1e-6)


SAME = [
    {"inputs": pixels(RED, 2).tolist()},
    {"instances": pixels(BLUE, 1, 3).tolist()},
    {"inputs": pixels(GREEN, 3, 7).transpose(0, 3, 1, 2).tolist()},
    {"inputs": pixels().astype(float).tolist(), "more": "ignored"},
    {"inputs": pixels().tolist(), "params": {"other": 1}},
]
REFUSED_BY_BOTH = [
    "[1, 2]", "{", "{}", '{"inputs": [1]}', '{"inputs": [[[["x", 1, 2]]]]}', '{"inputs": []}',
    '{"inputs": [[[[1, 2, 256]]]]}', '{"inputs": [[[[NaN, 1, 2]]]]}',
    '{"inputs": [[[[1, 2, 3]], [[1]]]]}', '{"inputs": [[[[1, 2]]]]}', '{"dataframe_split": {}}',
]  # fmt: skip


def test_answers_have_the_documented_keys(server: Running) -> None:
    check("POST /predict", server.ask("POST", "/predict", *form(("a.png", picture()))).json)
    asked = json.dumps({"inputs": pixels().tolist()})
    check("POST /invocations", server.ask("POST", "/invocations", asked, JSON).json)
    check("GET /health", server.ask("GET", "/health").json)


@pytest.mark.slow
def test_mlflow_models_serve_gives_the_same(
    server: Running, folders: list[Path], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}"}
    line = ["mlflow", "models", "serve", "-m", str(folders[0]), "--env-manager", "local"]
    with (tmp_path / "log").open("wb") as log:
        command = [f"{scripts}/{line[0]}", *line[1:], "-p", str(port)]
        theirs = start_bound(command, env=environment, output=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for_ping(url, theirs, tmp_path / "log")

        def both(body: str) -> list[Answer]:
            return [ask(at, "POST", "/invocations", body, JSON) for at in (url, server.url)]

        for path in ("/ping", "/version"):
            one, other = ask(url, "GET", path), server.ask("GET", path)
            assert (one.status, one.body) == (other.status, other.body)
        for body in map(json.dumps, SAME):
            one, other = (
                ask(place, "POST", "/invocations", body, JSON) for place in (url, server.url)
            )
            assert (one.status, other.status) == (200, 200), (one.body, other.body)
            assert one.json.keys() == other.json.keys()
            np.testing.assert_allclose(
                one.json["predictions"], other.json["predictions"], atol=1e-6
            )
        for body in REFUSED_BY_BOTH:
            one, other = (
                ask(place, "POST", "/invocations", body, JSON) for place in (url, server.url)
            )
            assert 400 <= other.status < 500 and one.status >= 400, (body, one.body)
        text = {"content-type": "text/plain"}
        assert ask(url, "POST", "/invocations", "x", text).status == 415
        assert server.ask("POST", "/invocations", "x", text).status == 415
    finally:
        theirs.terminate()
        theirs.wait(30)


def test_classes_are_those_of_the_model(folders: list[Path]) -> None:
    assert load_classifier(str(folders[0])).classes == CLASSES
