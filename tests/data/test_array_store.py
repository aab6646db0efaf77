"""The array store: whole or not there, made once, mended. Real processes, real kills."""

from __future__ import annotations

import json
import os
import pickle
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from search_spaces.errors import UnavailableError, UnknownNameError
from trainables.data import fetch, list_sources, load, open_test

LOAD = (
    "import sys; from trainables.data import load; print(load(sys.argv[1], progress=print).digest)"
)


def stored_names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "data").iterdir() if not path.is_file())


def test_arrays_are_mapped_and_read_only():
    data = load("digits")
    assert isinstance(data.images_NHWC, np.memmap)
    for array in (data.images_NHWC, data.labels_N, *open_test(data, purpose="test")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_no_attribute_leads_to_test_pixels():
    data = load("digits")
    arrays = [value for value in vars(data).values() if isinstance(value, np.ndarray)]
    assert {len(array) for array in arrays} == {1438}


def test_stored_data_loads_at_once_and_without_heavy_imports(run_python):
    load("digits")
    code = """
import sys, time
from trainables.data import load
start = time.perf_counter(); load("digits"); print(time.perf_counter() - start)
print(sorted({"torch", "sklearn", "PIL", "filelock", "ray", "mlflow"} & set(sys.modules)))
"""
    seconds, heavy = run_python(code).communicate(timeout=60)[0].splitlines()
    assert float(seconds) < 0.1  # 1.5 ms on an idle machine
    assert heavy == "[]"


def test_the_second_load_reads_what_the_first_one_stored():
    said: list[str] = []
    first = load("digits", progress=said.append)
    assert said
    said.clear()
    assert load("digits", progress=said.append).digest == first.digest
    assert not said


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def garble(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


DAMAGE = [
    *((cut, name) for name in ("images.npy", "labels.npy", "test_images.npy", "test_labels.npy")),
    (cut, "meta.json"),
    (lengthen, "images.npy"),
    (lengthen, "test_labels.npy"),
    (garble, "meta.json"),
    (garble, "images.npy"),
    (Path.unlink, "meta.json"),
    (Path.unlink, "test_images.npy"),
]


@pytest.mark.parametrize(("damage", "name"), DAMAGE)
def test_a_damaged_file_is_mended(clean_home, damage, name):
    whole = np.array(load("digits").images_NHWC)
    damage(clean_home / "data" / "digits" / name)
    said: list[str] = []
    mended = load("digits", progress=said.append)
    assert any("storing" in line for line in said)
    np.testing.assert_array_equal(mended.images_NHWC, whole)
    assert stored_names(clean_home) == ["digits"]


def test_meta_that_does_not_fit_the_arrays_is_not_believed(clean_home):
    load("digits")
    path = clean_home / "data" / "digits" / "meta.json"
    meta = json.loads(path.read_text())
    meta["arrays"]["images"]["shape"] = [1, 32, 32, 3]
    path.write_text(json.dumps(meta))
    assert len(load("digits")) == 1438


def test_fetch_finds_and_mends_a_flipped_bit_that_sizes_do_not_show(clean_home):
    digest = load("digits").digest
    path = clean_home / "data" / "digits" / "images.npy"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    said: list[str] = []
    fetch("digits", progress=said.append)
    assert any("storing" in line for line in said)
    said.clear()
    assert fetch("digits", progress=said.append).digest == digest
    assert not said


def test_killed_at_any_moment_leaves_all_or_nothing(clean_home, tmp_path, run_python, write_tree):
    tree = write_tree(tmp_path / "tree", {"a": 100, "b": 100})
    name = f"folder:{tree}@64"
    kills_while_storing = 0
    for extra in range(12):  # milliseconds after the first sign of the store's temporary folder
        process = run_python(LOAD, name)
        while process.poll() is None and not list((clean_home / "data").glob(".tmp-*")):
            time.sleep(0.001)
        time.sleep(extra * 0.004)
        kills_while_storing += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for there in (clean_home / "data").glob("folder-*"):
            # If it is there, then whole: listing believes nothing else.
            assert [source.folder for source in list_sources() if source.present] == [there]
            there.rename(tmp_path / f"taken away {extra}")
    assert kills_while_storing >= 3, "no kill came while it was storing: the test tests nothing"
    data = load(name)
    assert (len(data), data.test_count) == (160, 40)
    assert len(stored_names(clean_home)) == 1  # what the killed ones left is gone


def test_two_processes_at_once_make_it_once(tmp_path, run_python, write_tree):
    tree = write_tree(tmp_path / "tree", {"a": 100, "b": 100})
    both = [run_python(LOAD, f"folder:{tree}@256") for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (
        sum(line.startswith("storing") for output in outputs for line in output.splitlines()) == 1
    )
    assert len({output.splitlines()[-1] for output in outputs}) == 1


def test_who_waits_for_another_process_is_told(clean_home, run_python):
    from filelock import FileLock

    (clean_home / "data").mkdir(parents=True)
    with FileLock(clean_home / "data" / ".digits.lock"):
        process = run_python(LOAD, "digits", PYTHONUNBUFFERED="1")
        assert process.stdout is not None
        assert "waiting" in process.stdout.readline()
    assert "c2804d4a5fd8d6eb" in process.communicate(timeout=60)[0]


def test_a_home_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(UnavailableError, match="ORCHESTRATOR_HOME"):
        load("digits")


@pytest.fixture
def open_home(monkeypatch):
    """A home that other users may look into: pytest's own folders are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("ORCHESTRATOR_HOME", folder)
        yield Path(folder)


def test_a_read_only_home_gives_what_it_has(open_home):
    stored = load("digits")
    folders = [open_home, open_home / "data", open_home / "data" / "digits"]
    for folder in folders:
        folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write anywhere; nobody may not
    try:
        assert load("digits").digest == stored.digest
        with pytest.raises(UnavailableError, match="ORCHESTRATOR_HOME"):
            fetch("digits")
        with pytest.raises(UnavailableError, match="ORCHESTRATOR_HOME"):
            open_test(stored, purpose="test")
    finally:
        if root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)


def test_no_room_on_the_disk_is_said_and_leaves_nothing(clean_home, run_python):
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))\n" + LOAD
    process = run_python(code, "digits")
    errors = process.communicate(timeout=60)[1]
    assert "UnavailableError" in errors and "File too large" in errors
    assert stored_names(clean_home) == []


def test_data_travels_between_processes_as_its_folder(clean_home):
    data = load("digits")
    sent = pickle.dumps(data)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).images_NHWC, data.images_NHWC)
    cut(clean_home / "data" / "digits" / "images.npy")
    with pytest.raises(UnavailableError, match=data.digest):
        pickle.loads(sent)


PLUGIN = """
import numpy as np
from trainables.data.source import Decoded, Identity

class Noise:
    description = "noise"
    def identify(self, request):
        return Identity(f"noise:{request.argument}", f"noise-{request.argument}")
    def make(self, request, scratch, tell):
        images = np.zeros((int(request.argument), 8, 8, 3), np.uint8)
        labels = np.arange(len(images)) % 2
        return Decoded(("a", "b"), images, labels, images[:0], labels[:0], "made")

SOURCE = Noise()
"""


def test_another_package_can_add_a_source(tmp_path, run_python):
    (tmp_path / "noise_source.py").write_text(PLUGIN)
    info = tmp_path / "noise_source-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: noise-source\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[orchestrator.data_sources]\nnoise = noise_source:SOURCE\n"
    )
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        + """
from trainables.data import SOURCES, list_sources, load
data = load("noise:12")
print(SOURCES.names()[-1], data.name, len(data), data.test_count)
print([source.name for source in list_sources()][-2:])
"""
    )
    output, errors = run_python(code).communicate(timeout=60)
    assert output.splitlines() == ["noise noise:12 12 0", "['noise', 'noise:12']"], errors


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(
        UnknownNameError, match=r"cifar10, cifar100, .*folder.*Did you mean 'cifar10'"
    ):
        load("cifar_10")
    with pytest.raises(UnknownNameError, match=f"folder:{tmp_path}"):
        load(str(tmp_path))


BUILT_IN = ["cifar10", "cifar100", "svhn", "stl10", "fashion_mnist", "digits", "folder:PATH"]


def test_listing_says_what_is_stored(clean_home, tmp_path, write_tree):
    there = {source.name: source.present for source in list_sources()}
    assert there == dict.fromkeys(BUILT_IN, False)
    load("digits")
    tree = write_tree(tmp_path / "tree", {"a": 5, "b": 5})
    load(f"folder:{tree}")
    listed = {source.name: source for source in list_sources()}
    assert sorted(listed) == sorted([*BUILT_IN, f"folder:{tree}@32"])
    digits, folder = listed["digits"], listed[f"folder:{tree}@32"]
    assert (digits.images, digits.test_images, digits.classes) == (1438, 359, 10)
    assert (folder.images, folder.test_images, folder.classes) == (8, 2, 2)
    assert digits.folder == clean_home / "data" / "digits"
    assert digits.bytes == sum(path.stat().st_size for path in digits.folder.glob("*.npy"))
