"""Every file that comes from elsewhere: none runs code, fills the memory, or leaves its place.

Shapes: N images.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from orchestrator.tracking.files import read_examples
from trainables.backbones.errors import WeightsRefused
from trainables.backbones.state import read_state
from trainables.backbones.weights import find_weights
from trainables.checkpoint import Checkpoint
from trainables.data import cifar100, fashion_mnist
from trainables.data.arrays import read_folder, write_folder
from trainables.data.cifar10 import npm_route
from trainables.data.cifar10.batches import TEST_FILES, TRAIN_FILES, read_batches
from trainables.data.source import Decoded, RouteFailed
from trainables.data.torchvision_reading import convert
from trainables.state_file import DamagedFile, _checksum, write_state
from trainables.state_file import read_state as read_checkpoint

# Weights of a backbone


def _old_form(value: object, path: Path) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def _zip_form(value: object, path: Path) -> None:
    torch.save(value, path)


def _bare(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


@pytest.mark.parametrize("name", ["resnet18.pth", "resnet18.pt", "resnet18.safetensors"])
@pytest.mark.parametrize("write", [_old_form, _zip_form, _bare])
def test_a_pickle_as_weights_is_refused_and_not_run(
    name: str, write: Callable[[object, Path], None], malice: object, mark: Path, tmp_path: Path
) -> None:
    write({"conv1.weight": malice}, tmp_path / name)
    for given in (tmp_path, tmp_path / name):
        with pytest.raises(WeightsRefused, match="cannot be read as tensors"):
            find_weights("resnet18", weights_dir=given, allow_download=False)
    assert not mark.exists()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_one_number_that_says_it_is_a_million_millions(dtype: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "resnet18.pth"
    torch.save({"conv1.weight": torch.zeros(1, dtype=dtype).expand(10**6, 10**6)}, path)
    assert path.stat().st_size < 10_000
    with pytest.raises(WeightsRefused, match="claims more numbers than it holds"):
        read_state(path)


def test_weights_that_unpack_to_far_more_than_they_are(tmp_path: Path) -> None:
    honest, bomb = tmp_path / "honest.pth", tmp_path / "bomb.pth"
    torch.save({"conv1.weight": torch.zeros(4_000_000)}, honest)
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(bomb, "w") as target:
        for member in source.infolist():
            target.writestr(member.filename, source.read(member), zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < honest.stat().st_size / 100
    assert torch.load(bomb, weights_only=True)["conv1.weight"].shape == (4_000_000,)  # it would
    with pytest.raises(WeightsRefused, match=r"unpacked it would have 0\.0 GB"):
        read_state(bomb)
    assert read_state(honest)["conv1.weight"].shape == (4_000_000,)


# Checkpoints


def test_a_pickle_as_checkpoint_is_left_aside(malice: object, mark: Path, tmp_path: Path) -> None:
    for write in (_old_form, _zip_form, _bare):
        write({"epoch": 3, "weights": malice}, tmp_path / "state.safetensors")
        checkpoint = Checkpoint(tmp_path, digest="d")
        assert checkpoint.load() is None
        assert "it is damaged" in checkpoint.take_note()
    assert not mark.exists()


def _forged(path: Path, tree: str, **arrays: np.ndarray) -> None:
    """A file with a right checksum over whatever it says."""
    header = {"schema": "1", "digest": "d", "epoch": "3"}
    named = {**arrays, "tree": np.frombuffer(tree.encode(), dtype=np.uint8)}
    path.write_bytes(save(named, metadata={**header, "checksum": _checksum(named, header)}))


_EIGHT = np.zeros(8, dtype=np.uint8)
_HUGE = [10**6, 10**6, 10**6]
# JSON of a state, none of which `write_state` writes.
FORGED: dict[str, str] = {
    "a function of torch for a type": '{"#":"tensor","dtype":"load","shape":[8],"bytes":"0"}',
    "a module of torch for a type": '{"#":"tensor","dtype":"hub","shape":[8],"bytes":"0"}',
    "no such type": '{"#":"tensor","dtype":"float99","shape":[8],"bytes":"0"}',
    "a huge tensor of no bytes": json.dumps(
        {"#": "tensor", "dtype": "float32", "shape": _HUGE, "bytes": "none"}
    ),
    "a huge tensor of 8 bytes": json.dumps(
        {"#": "tensor", "dtype": "float32", "shape": _HUGE, "bytes": "0"}
    ),
    "an array of objects": '{"#":"array","dtype":"|O","shape":[1],"bytes":"0"}',
    "a huge array": json.dumps({"#": "array", "dtype": "<f4", "shape": _HUGE, "bytes": "0"}),
    "an array that is not there": '{"#":"array","dtype":"<f4","shape":[2],"bytes":"7"}',
    "an array without a shape": '{"#":"array","dtype":"<f4","bytes":"0"}',
    "a dict of no pairs": '{"#":"dict","items":[1]}',
    "a million lists in each other": "[" * 10**6,
    "no JSON": "os.system('true')",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_checkpoint_is_damaged(name: str, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    _forged(path, FORGED[name], **{"0": _EIGHT, "none": _EIGHT[:0]})
    with pytest.raises(DamagedFile):
        read_checkpoint(path)
    checkpoint = Checkpoint(tmp_path, digest="d")
    assert checkpoint.load() is None
    assert "it is damaged" in checkpoint.take_note()


def test_the_forger_can_write_what_is_read(tmp_path: Path) -> None:
    """Else the tests above would pass for another reason."""
    path = tmp_path / "state.safetensors"
    _forged(path, '{"x":{"#":"tensor","dtype":"float32","shape":[2],"bytes":"0"}}', **{"0": _EIGHT})
    assert torch.equal(read_checkpoint(path)[0]["x"], torch.zeros(2))
    write_state(path, {"empty": torch.empty(3, 0)}, {})
    assert read_checkpoint(path)[0]["empty"].shape == (3, 0)


# CIFAR batches


class _Calls:
    """Pickles as a call of `module.name` with some arguments."""

    def __init__(self, module: str, name: str, *arguments: str) -> None:
        self.held = b"\x80\x04" + b"".join(
            b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name)
        )
        self.held += b"\x93(" + b"".join(
            b"\x8c" + bytes([len(word)]) + word.encode() for word in arguments
        )
        self.held += b"tR."


CALLS = [
    ("os", "mkdir"),
    ("posix", "mkdir"),
    ("builtins", "eval"),
    ("builtins", "__import__"),
    ("numpy", "load"),
    ("numpy", "dtype.__class__"),
    ("numpy", "f2py.os.mkdir"),
    ("numpy.core.multiarray", "fromfile"),
    ("_codecs", "lookup"),
    ("pickle", "loads"),
]


@pytest.mark.parametrize(("module", "name"), CALLS)
def test_a_batch_that_calls_something_is_refused(
    module: str, name: str, tmp_path: Path, mark: Path
) -> None:
    (tmp_path / TRAIN_FILES[0]).write_bytes(_Calls(module, name, str(mark)).held)
    with pytest.raises(RouteFailed, match="which no batch file needs"):
        read_batches(tmp_path)
    assert not mark.exists()


def test_a_call_in_a_batch_would_be_made(tmp_path: Path, mark: Path) -> None:
    pickle.loads(_Calls("os", "mkdir", str(mark)).held)
    assert mark.is_dir(), "the calls are harmless: the tests test nothing"


def test_a_batch_of_the_real_form_is_read(tmp_path: Path) -> None:
    rows = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    for name in (*TRAIN_FILES, *TEST_FILES):
        (tmp_path / name).write_bytes(pickle.dumps({"data": rows, "labels": [3, 7]}, protocol=2))
    images_NHWC, labels_N, *_ = read_batches(tmp_path)
    assert images_NHWC.shape == (10, 32, 32, 3) and labels_N.tolist() == [3, 7] * 5


def test_what_torchvision_reads_is_not_run(malice: object, mark: Path, tmp_path: Path) -> None:
    """CIFAR-100's pickles by their MD5; a file of an old torchvision's by `weights_only`."""
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name in ("train", "test", "meta"):
        (folder / name).write_bytes(pickle.dumps({"data": malice}))
    with pytest.raises(RuntimeError, match="corrupted"):
        convert(cifar100.SOURCE.task(tmp_path, tmp_path, fetch=False))
    old = tmp_path / "FashionMNIST" / "processed"
    old.mkdir(parents=True)
    for name in ("training.pt", "test.pt"):
        torch.save((malice, malice), old / name)
    with pytest.raises(pickle.UnpicklingError):
        convert(fashion_mnist.SOURCE.task(tmp_path, tmp_path, fetch=False))
    assert not mark.exists()


# Archives


def _archive(path: Path, members: dict[str, bytes], *, link: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if link and name.endswith(link):
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
            archive.addfile(member, io.BytesIO(content))
    return path


WANTED = dict.fromkeys((f"package/{name}" for name in npm_route._WANTED), b"[]")


def test_an_archive_writes_nothing_anywhere(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    members = {"../../evil": b"x", "/tmp/evil-of-a-test": b"x", "package/../../evil": b"x"}
    path = _archive(inner / "a.tgz", members | WANTED)
    with pytest.raises(RouteFailed, match="cannot be read"):  # its pictures are none
        npm_route.read_tarball(path)
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["a.tgz"]
    assert not Path("/tmp/evil-of-a-test").exists()


def test_a_link_in_an_archive_is_no_file(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.tgz", WANTED, link="train_lables.json")
    with pytest.raises(RouteFailed, match=r"holds no|cannot be read"):
        npm_route.read_tarball(path)
    assert "package/train_lables.json" not in npm_route._read_members(path)


@pytest.mark.parametrize("name", ["package/huge.bin", "package/data_batch_1.png", "pax header"])
def test_an_archive_of_zeros_is_given_up(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.tgz"
    if name == "pax header":  # which tarfile reads into memory as a whole
        with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(tarfile.TarInfo("x" * 8 * 2**20))
    else:
        _archive(path, {name: bytes(8 * 2**20)})
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(npm_route, "_LARGEST_ARCHIVE", 2**20)
    monkeypatch.setattr(npm_route, "_LARGEST_MEMBER", 2**25)
    with pytest.raises(RouteFailed, match="unpacked it is larger than 1048576 bytes"):
        npm_route.read_tarball(path)


LABELS = {
    "nested": b"[" * 10**6,
    "a long number": b"[" + b"9" * 100 + b"]",
    "an object": b'{"__reduce__": 1}',
    "not closed": b"[1, 2",
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_that_are_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm_route, "_decode", lambda png: np.zeros((1, 32, 32, 3), np.uint8))
    path = _archive(tmp_path / "a.tgz", WANTED | {"package/train_lables.json": LABELS[name]})
    with pytest.raises(RouteFailed, match="cannot be read"):
        npm_route.read_tarball(path)


def test_a_damaged_archive(tmp_path: Path) -> None:
    whole = _archive(tmp_path / "a.tgz", WANTED).read_bytes()
    for held in (whole[: len(whole) // 2], b"no gzip", gzip.compress(b"no tar" * 200), b""):
        (tmp_path / "b.tgz").write_bytes(held)
        with pytest.raises(RouteFailed, match=r"cannot be read|holds no"):
            npm_route.read_tarball(tmp_path / "b.tgz")


# Arrays


def _objects(malice: object) -> np.ndarray:
    return np.array([malice], dtype=object)


def test_an_npz_of_objects_is_not_unpickled(malice: object, mark: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "examples.npz", **dict.fromkeys(("eps_255", "labels_N"), _objects(malice)))
    assert read_examples(tmp_path) is None
    with pytest.raises((ValueError, KeyError)):
        _examples_from(tmp_path / "examples.npz")
    assert not mark.exists()


def _examples_from(path: Path) -> Any:
    from trainables.record_arrays import examples_from

    return examples_from(path)


def test_stored_data_of_objects_is_not_unpickled(
    malice: object, mark: Path, tmp_path: Path
) -> None:
    images_NHWC, labels_N = np.zeros((2, 8, 8, 3), np.uint8), np.zeros(2, np.int64)
    data = Decoded(("a", "b"), images_NHWC, labels_N, images_NHWC, labels_N, route="by hand")
    write_folder(tmp_path / "data", "own", data)
    assert read_folder(tmp_path / "data") is not None
    np.save(tmp_path / "data" / "images.npy", _objects(malice), allow_pickle=True)
    assert read_folder(tmp_path / "data") is None
    assert not mark.exists()
