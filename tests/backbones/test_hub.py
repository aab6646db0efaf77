"""The hub: asked once, given up in time, and nothing half-made is left by a download."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainables.backbones import download, hub

Serve = Callable[[bytes, int], tuple[str, list[str]]]
CONTENT = b"weights" * 1000
HASH = hashlib.sha256(CONTENT).hexdigest()[:8]


@pytest.fixture(autouse=True)
def not_asked_yet() -> Iterator[None]:
    hub._ask_all.cache_clear()
    yield
    hub._ask_all.cache_clear()


@pytest.fixture
def hub_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts another address in the place of those that torchvision and timm give."""

    def put(url: str) -> None:
        monkeypatch.setattr(hub, "_torchvision_url", lambda: url)
        monkeypatch.setattr(hub, "_timm_url", lambda: url)

    return put


def test_a_hub_that_answers_is_asked_once(serve: Serve, hub_at: Callable[[str], None]) -> None:
    url, requests = serve(CONTENT, len(CONTENT))
    hub_at(url)
    assert [hub.hub_reachable() for _ in range(3)] == [(True, "")] * 3
    assert hub.hub_reachable(library="timm") == (True, "")
    assert requests == ["HEAD", "HEAD"]  # one a library


def test_a_name_server_that_hangs_does_not_hang_us(
    hub_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> None:
        time.sleep(2)
        raise socket.gaierror("at last")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    hub_at("http://weights.invalid/file")
    begun = time.monotonic()
    assert hub.hub_reachable(timeout=0.3) == (False, "no answer within 0.3 s")
    assert hub.hub_reachable(timeout=0.3, library="timm") == (False, "no answer within 0.3 s")
    assert time.monotonic() - begun < 1  # one wait for both, not one for each; 2 s without a limit


def test_a_server_that_accepts_and_says_nothing(hub_at: Callable[[str], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub_at(f"http://127.0.0.1:{silent.getsockname()[1]}/file")
        assert hub.hub_reachable(timeout=0.3) == (False, "no answer within 0.3 s")


def test_a_closed_port_says_why(hub_at: Callable[[str], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    hub_at(f"http://127.0.0.1:{port}/file")
    reachable, reason = hub.hub_reachable()
    assert not reachable
    assert "refused" in reason


def test_the_real_hubs_are_settled_within_five_seconds() -> None:
    import torchvision.models  # noqa: F401 (its import is not what is timed)

    begun = time.monotonic()
    reachable, reason = hub.hub_reachable()
    assert time.monotonic() - begun < 5.5
    assert reachable == (reason == "")


@pytest.mark.usefixtures("bare_machine")
def test_a_download_is_whole_checked_and_made_once(serve: Serve) -> None:
    url, requests = serve(CONTENT, len(CONTENT))
    source = download.UrlHub("torchvision", f"net-{HASH}.pth", lambda: url)
    path = source.download(None)
    assert path.read_bytes() == CONTENT
    assert source.download(None) == path
    assert requests == ["GET"]


@pytest.mark.parametrize(
    ("name", "claimed", "reason"),
    [("net-00000000.pth", len(CONTENT), "not 00000000"), ("net.pth", len(CONTENT) + 9, "ended")],
)
@pytest.mark.usefixtures("bare_machine")
def test_a_download_that_is_wrong_leaves_nothing(
    name: str, claimed: int, reason: str, serve: Serve, tmp_path: Path
) -> None:
    url, _ = serve(CONTENT, claimed)
    with pytest.raises(OSError, match=reason):
        download.UrlHub("torchvision", name, lambda: url).download(None)
    left = [path.name for path in (tmp_path / "home" / "weights").iterdir()]
    assert [name for name in left if not name.endswith(".lock")] == []


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("vgg16-397923af.pth", "397923af"),
        ("alexnet-owt-7be5be79.pth", "7be5be79"),
        ("resnet18.pth", None),
        ("resnet18-mine.pth", None),
    ],
)
def test_the_hash_a_name_states(name: str, stated: str | None) -> None:
    assert download.stated_hash(name) == stated
