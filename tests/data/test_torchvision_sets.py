"""cifar100, svhn, stl10, fashion_mnist: files written by hand, read by torchvision's own class.

The real downloads are not run: no test asks a host for 3 GB. torchvision checks MD5s, so the
classes that read are its own with the MD5s of the small files; nothing else of them is changed, but
for the address in the one test that downloads, from this machine.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import importlib
import os
import pickle
import struct
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from search_spaces.errors import UnavailableError, UsageError
from trainables.data import SOURCES
from trainables.data.source import DataRequest, Decoded, RouteFailed
from trainables.data.torchvision_reading import convert
from trainables.data.torchvision_set import TorchvisionSet

NOWHERE = "http://127.0.0.1:9"  # the discard port: connections are refused at once
NAMES = ("cifar100", "svhn", "stl10", "fashion_mnist")
TRAIN, TEST = (7, 0, 2), (9, 1)  # labels of three training and two test images


def pixel(number: int, y: int, x: int, channel: int) -> int:
    """Red is the row, green the column, blue tells the images apart."""
    return (y, x, 50 + 10 * number)[channel]


def written_plane(number: int, channel: int, size: int, *, by_column: bool = False) -> bytes:
    """One channel of one image, row after row (or column after column)."""
    places = [(y, x) for y in range(size) for x in range(size)]
    if by_column:
        places = [(y, x) for x in range(size) for y in range(size)]
    return bytes(pixel(number, y, x, channel) for y, x in places)


def expected(numbers: range, size: int) -> np.ndarray:
    images = np.empty((len(numbers), size, size, 3), np.uint8)
    for place, number in enumerate(numbers):
        images[place, :, :, 0] = np.arange(size)[:, None]
        images[place, :, :, 1] = np.arange(size)
        images[place, :, :, 2] = 50 + 10 * number
    return images


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_cifar100(root: Path) -> str:
    folder = root / "cifar-100-python"
    folder.mkdir()
    for name, numbers, labels in (("train", range(3), TRAIN), ("test", range(3, 5), TEST)):
        rows = [b"".join(written_plane(i, c, 32) for c in range(3)) for i in numbers]
        batch = {
            "data": np.stack([np.frombuffer(row, np.uint8) for row in rows]),
            "fine_labels": list(labels),
            "coarse_labels": [19] * len(labels),  # not to be taken
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    meta = {"fine_label_names": [f"fine{i}" for i in range(100)], "coarse_label_names": ["x"]}
    (folder / "meta").write_bytes(pickle.dumps(meta, protocol=2))
    return (
        "from torchvision.datasets import CIFAR100\n"
        "class Written(CIFAR100):\n"
        f"    train_list = [['train', '{md5(folder / 'train')}']]\n"
        f"    test_list = [['test', '{md5(folder / 'test')}']]\n"
        f"    meta = {{**CIFAR100.meta, 'md5': '{md5(folder / 'meta')}'}}\n"
    )


def write_svhn(root: Path) -> str:
    from scipy.io import savemat

    lists = ""
    for name, numbers, labels in (("train", range(3), TRAIN), ("test", range(3, 5), TEST)):
        pixels_HWCN = np.empty((32, 32, 3, len(numbers)), np.uint8)
        for place, number in enumerate(numbers):
            for y, x, channel in np.ndindex(32, 32, 3):
                pixels_HWCN[y, x, channel, place] = pixel(number, y, x, channel)
        as_filed = np.array([[label or 10] for label in labels], np.uint8)  # 10 stands for 0
        path = root / f"{name}_32x32.mat"
        savemat(path, {"X": pixels_HWCN, "y": as_filed})
        lists += f"        '{name}': ['', '{path.name}', '{md5(path)}'],\n"
    return (
        "from torchvision.datasets import SVHN\n"
        f"class Written(SVHN):\n    split_list = {{\n{lists}    }}\n"
    )


def write_stl10(root: Path) -> str:
    folder = root / "stl10_binary"
    folder.mkdir()
    lists = {"train": [], "test": []}
    for name, numbers, labels in (("train", range(3), TRAIN), ("test", range(3, 5), TEST)):
        planes = [written_plane(i, c, 96, by_column=True) for i in numbers for c in range(3)]
        (folder / f"{name}_X.bin").write_bytes(b"".join(planes))
        (folder / f"{name}_y.bin").write_bytes(bytes(label + 1 for label in labels))
        lists[name] = [[p, md5(folder / p)] for p in (f"{name}_X.bin", f"{name}_y.bin")]
    (folder / "unlabeled_X.bin").write_bytes(bytes(3 * 96 * 96))
    lists["train"].append(["unlabeled_X.bin", md5(folder / "unlabeled_X.bin")])
    return (
        "from torchvision.datasets import STL10\n"
        "class Written(STL10):\n"
        f"    train_list = {lists['train']}\n    test_list = {lists['test']}\n"
    )


def write_fashion_mnist(root: Path) -> str:
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for name, numbers, labels in (("train", range(3), TRAIN), ("t10k", range(3, 5), TEST)):
        grey = b"".join(written_plane(i, 2, 14) * 4 for i in numbers)  # 28 x 28 = 4 x 14 x 14
        head = struct.pack(">IIII", 0x803, len(labels), 28, 28)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(head + grey)
        head = struct.pack(">II", 0x801, len(labels))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(head + bytes(labels))
    # Its class checks no MD5 of the unpacked files, so it is torchvision's as it is.
    return "from torchvision.datasets import FashionMNIST as Written\n"


WRITERS: dict[str, Callable[[Path], str]] = {
    "cifar100": write_cifar100,
    "svhn": write_svhn,
    "stl10": write_stl10,
    "fashion_mnist": write_fashion_mnist,
}


@pytest.fixture
def written(tmp_path, monkeypatch) -> Callable[[str], tuple[TorchvisionSet, Path]]:
    """A source that expects the few images of its hand-written files, and their folder."""

    def write(name: str) -> tuple[TorchvisionSet, Path]:
        root, modules = tmp_path / "root", tmp_path / "modules"
        root.mkdir()
        modules.mkdir()
        module = f"written_{name}_{tmp_path.name}"  # its MD5s are those of this test's files
        (modules / f"{module}.py").write_text(WRITERS[name](root))
        monkeypatch.setenv("PYTHONPATH", str(modules))
        monkeypatch.syspath_prepend(modules)
        source = SOURCES.get(name)
        assert isinstance(source, TorchvisionSet)
        return dataclasses.replace(source, dataset=f"{module}:Written", counts=(3, 2)), root

    return write


def read(source: TorchvisionSet, root: Path, scratch: Path) -> Decoded:
    """In this process: `make` starts another, which costs 3 s for the import of torchvision."""
    scratch.mkdir(exist_ok=True)
    convert(source.task(root, scratch, fetch=False))
    return source.collect(scratch, "test")


def make(source: TorchvisionSet, root: Path, scratch: Path) -> Decoded:
    scratch.mkdir(exist_ok=True)
    return source.make(DataRequest(source.name, data_dir=root), scratch, print)


@pytest.mark.parametrize(("name", "size"), [("cifar100", 32), ("svhn", 32), ("stl10", 96)])
def test_colours_rows_columns_and_labels_are_as_they_were_written(written, tmp_path, name, size):
    source, root = written(name)
    decoded = read(source, root, tmp_path / "scratch")
    np.testing.assert_array_equal(decoded.images_NHWC, expected(range(3), size))
    np.testing.assert_array_equal(decoded.test_images_NHWC, expected(range(3, 5), size))
    assert decoded.images_NHWC.dtype == np.uint8
    assert (decoded.labels_N.tolist(), decoded.test_labels_N.tolist()) == ([*TRAIN], [*TEST])
    known = {
        "cifar100": tuple(f"fine{i}" for i in range(100)),
        "svhn": ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
        "stl10": (
            "airplane",
            "bird",
            "car",
            "cat",
            "deer",
            *("dog", "horse", "monkey", "ship", "truck"),
        ),
    }
    assert decoded.classes == known[name]


def test_grey_becomes_three_equal_channels(written, tmp_path):
    source, root = written("fashion_mnist")
    decoded = read(source, root, tmp_path / "scratch")
    assert decoded.images_NHWC.shape == (3, 28, 28, 3)
    for place, image in enumerate([*decoded.images_NHWC, *decoded.test_images_NHWC]):
        assert np.unique(image).tolist() == [50 + 10 * place]
    assert (decoded.labels_N.tolist(), decoded.test_labels_N.tolist()) == ([*TRAIN], [*TEST])
    assert len(decoded.classes) == 10
    assert [decoded.classes[label] for label in TRAIN] == ["Sneaker", "T-shirt/top", "Pullover"]


def test_the_inner_folder_may_be_named_and_another_size_may_not(written, tmp_path):
    source, root = written("fashion_mnist")
    decoded = make(source, root / "FashionMNIST", tmp_path / "scratch")
    assert (decoded.route, len(decoded.labels_N)) == (f"folder {root}", 3)
    with pytest.raises(UsageError, match="28 pixels"):
        source.identify(DataRequest(source.name, image_size=32))


DAMAGE = [
    (lambda root: (root / "test_32x32.mat").unlink(), "test_32x32.mat is missing"),
    pytest.param(
        lambda root: (root / "test_32x32.mat").write_bytes(b"x"),
        "not found or corrupted",
        marks=pytest.mark.slow,  # another process imports torchvision, as in two tests here
    ),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGE)
def test_a_folder_that_is_not_as_it_must_be_is_refused(written, tmp_path, damage, said):
    source, root = written("svhn")
    damage(root)
    with pytest.raises(UsageError, match=said):
        make(source, root, tmp_path / "scratch")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"counts": (50_000, 2)}, r"training images are \[3, 28, 28, 3\].*not \[50000, 28"),
        ({"counts": (3, 2), "classes": ("a", "b")}, "training labels are not 0 to 1"),
    ],
)
def test_other_images_in_the_right_format_are_refused(written, tmp_path, changes, said):
    source, root = written("fashion_mnist")
    with pytest.raises(RouteFailed, match=said):
        read(dataclasses.replace(source, **changes), root, tmp_path / "scratch")


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a host on this machine serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_torchvision_downloads_checks_and_unpacks(written, served, tmp_path, monkeypatch):
    """The whole way, from a host that serves the small files instead of the real ones."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    source, root = written("fashion_mnist")
    folder, address = served
    for path in (root / "FashionMNIST" / "raw").iterdir():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    resources = [(path.name, md5(path)) for path in folder.iterdir()]
    module, _, _ = source.dataset.partition(":")
    (tmp_path / "modules" / f"{module}.py").write_text(
        "from torchvision.datasets import FashionMNIST\n"
        "class Written(FashionMNIST):\n"
        f"    mirrors = ['{address}']\n    resources = {resources}\n"
    )
    (tmp_path / "scratch").mkdir()
    said: list[str] = []
    source = dataclasses.replace(source, url=f"{address}{resources[0][0]}")
    decoded = source.make(DataRequest(source.name), tmp_path / "scratch", said.append)
    assert (decoded.labels_N.tolist(), decoded.test_labels_N.tolist()) == ([*TRAIN], [*TEST])
    assert decoded.images_NHWC.shape == (3, 28, 28, 3)
    assert decoded.route == "torchvision's download"
    assert said == ["downloading Fashion-MNIST with torchvision (31 MB)"]


@pytest.mark.parametrize("name", NAMES)
def test_without_network_it_ends_soon_and_names_each_route(tmp_path, monkeypatch, name):
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, NOWHERE)
    source = SOURCES.get(name)
    start = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        source.make(DataRequest(name), tmp_path, print)
    assert time.monotonic() - start < 10
    for said in ("torchvision's download: its host cannot", "missing", "--data digits"):
        assert said in str(caught.value)
    assert source.files[0] in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_host_and_files_are_those_of_torchvisions_class(name):
    source = SOURCES.get(name)
    module, _, attribute = source.dataset.partition(":")
    theirs = getattr(importlib.import_module(module), attribute)
    if name == "svhn":
        urls = [theirs.split_list[split][0] for split in ("train", "test")]
        files = [theirs.split_list[split][1] for split in ("train", "test")]
    elif name == "fashion_mnist":
        names = [file for file, _ in theirs.resources]
        urls = [f"{theirs.mirrors[0]}{names[0]}"]
        files = [f"{attribute}/raw/{file.removesuffix('.gz')}" for file in names]
        assert theirs.classes[7] == "Sneaker"
    else:
        urls = [theirs.url]
        listed = [file for file, _ in (*theirs.train_list, *theirs.test_list)]
        listed += ["meta"] if name == "cifar100" else []
        files = [f"{theirs.base_folder}/{file}" for file in listed]
    assert source.url in urls
    assert sorted(source.files) == sorted(files)
    assert "extra" not in str(source.files)


@pytest.mark.parametrize("name", NAMES)
def test_the_real_data_is_as_published(name):
    """The one check that needs the real files; skipped with words where no folder holds them."""
    folder = os.environ.get("ORCHESTRATOR_TORCHVISION_DATA", "")
    source = SOURCES.get(name)
    if not folder or not all((Path(folder) / file).is_file() for file in source.files):
        pytest.skip(f"not run: ORCHESTRATOR_TORCHVISION_DATA names no folder that holds {name}")
    from trainables.data import load

    data = load(name, data_dir=Path(folder))
    assert (len(data), data.test_count) == source.counts
    assert data.image_size == source.size
