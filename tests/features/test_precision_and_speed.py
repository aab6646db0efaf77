"""Which arithmetic, and how fast it is here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from search_spaces.errors import UsageError
from trainables.features import measure_speed, precision, settle_precision
from trainables.features.speed_record import SpeedKey, recall, remember


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_what_is_asked_for_outright_is_kept(asked: str, device: str) -> None:
    assert settle_precision(asked, device) == asked


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx2 avx512f avx512bw avx512vl", "float32"),  # Skylake: emulated, slower
        ("fpu avx512f avx512_bf16", "bfloat16"),  # Cooper Lake, Zen 4
        ("fpu avx512_bf16 amx_bf16 amx_tile", "bfloat16"),  # Sapphire Rapids
        ("fpu sse4_2", "float32"),
    ],
)
def test_auto_follows_the_processor(
    flags: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_cpu_flags", lambda: set(flags.split()))
    assert settle_precision("auto", "cpu") == expected


def test_linux_and_torch_name_the_same_processor() -> None:
    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is None:
        pytest.skip("this torch does not tell")
    for flag in ("avx512_bf16", "amx_bf16"):
        assert (flag in precision._cpu_flags()) == bool(ask().get(flag))


def test_auto_without_the_gpu_it_names_is_float32() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert settle_precision("auto", "cuda") == "float32"


def test_an_unknown_precision_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"auto, float32, bfloat16.*'half'"):
        settle_precision("half", "cpu")


def test_a_speed_is_measured_once_and_remembered(own_home: Path) -> None:
    first = measure_speed("resnet18", 32, "float32", threads=1)
    assert 1 < first < 1e6
    (file,) = own_home.glob("speeds/*.json")
    record = json.loads(file.read_text())
    assert (record["backbone"], record["images_per_second"]) == ("resnet18", first)
    started = time.monotonic()
    assert measure_speed("resnet18", 32, "float32", threads=1) == first
    assert time.monotonic() - started < 0.2


@pytest.mark.parametrize("spoil", ["", "{", "[]", "{}", '{"images_per_second": -1}'])
def test_a_broken_record_counts_for_nothing(own_home: Path, spoil: str) -> None:
    key = SpeedKey("machine", "2.14", "resnet18", 32, "float32", 1, "cpu")
    remember(key, 42.5)
    assert recall(key) == 42.5
    (file,) = own_home.glob("speeds/*.json")
    file.write_text(spoil)
    assert recall(key) is None


def test_a_broken_record_is_measured_again(own_home: Path) -> None:
    measure_speed("resnet18", 32, "float32", threads=1)
    (file,) = own_home.glob("speeds/*.json")
    file.write_text("")
    assert measure_speed("resnet18", 32, "float32", threads=1) > 1
    assert json.loads(file.read_text())["images_per_second"] > 1


def test_a_larger_input_is_slower_and_each_has_its_record(own_home: Path) -> None:
    small = measure_speed("resnet18", 32, "float32", threads=1)
    large = measure_speed("resnet18", 256, "float32", threads=1)
    assert large < small  # 64 times the pixels: true on a busy machine too
    assert len(list(own_home.glob("speeds/*.json"))) == 2


def test_features_and_remembered_speeds_need_no_torch() -> None:
    measure_speed("resnet18", 32, "float32", threads=1)
    code = (
        "import sys; from trainables.features import *; settle_precision('auto', 'cpu');"
        "list_cache(); measure_speed('resnet18', 32, 'float32', threads=1);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
