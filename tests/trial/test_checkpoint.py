"""What a checkpoint keeps comes back as it was; what is not a whole one of ours is left aside."""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from search_spaces.errors import UsageError
from trainables.checkpoint import Checkpoint
from trainables.state_file import DamagedFile, read_state, write_state


def _through_a_file(state: Any, path: Path) -> Any:
    write_state(path / "state", state, {})
    return read_state(path / "state")[0]


def _equal(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        same_keys = [(type(k), k) for k in one] == [(type(k), k) for k in other]
        return same_keys and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return bool(one == other)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        (),
        {"a": [1, 2.5, True, None, "ä"], "b": (0.9, 0.999)},
        {0: {"step": 1}, 17: [], "#": "not a tag"},
        {"#": "tensor"},
        [0.1, 1e-320, -0.0, float("inf")],
        [2**127 + 1, -(2**200)],
        np.arange(6, dtype=np.uint64).reshape(2, 3),
        np.zeros((0, 4), np.float16),
        np.array(3.5),
        np.array(["vgg16", "alexnet"]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float32(0.1),
        np.bool_(True),
        torch.tensor(3),
        torch.arange(6).reshape(2, 3).T,
        torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16),
        torch.tensor([True, False]),
        torch.zeros(0, 3),
        torch.view_as_complex(torch.ones(3, 2)),
        [torch.ones(2), np.ones(2), {"deep": {1: (torch.zeros(1),)}}],
    ],
    ids=repr,
)
def test_what_goes_in_comes_out(value: Any, tmp_path: Path) -> None:
    assert _equal(_through_a_file(value, tmp_path), value)


def test_not_a_number_stays_one(tmp_path: Path) -> None:
    back = _through_a_file([float("nan"), np.array(np.nan), torch.tensor(torch.nan)], tmp_path)
    assert np.isnan([float(item) for item in back]).all()


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.SFC64])
def test_numpys_generators_go_on(kind: Any, tmp_path: Path) -> None:
    generator, again = np.random.Generator(kind(5)), np.random.Generator(kind(6))
    generator.random(7)
    again.bit_generator.state = _through_a_file(generator.bit_generator.state, tmp_path)
    assert np.array_equal(generator.random(9), again.random(9))


def test_torchs_generators_go_on(tmp_path: Path) -> None:
    generator, again = torch.Generator().manual_seed(5), torch.Generator()
    torch.rand(7, generator=generator)
    again.set_state(_through_a_file(generator.get_state(), tmp_path))
    assert torch.equal(torch.rand(9, generator=generator), torch.rand(9, generator=again))


@pytest.mark.parametrize("make", [torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad])
def test_a_net_its_optimiser_and_its_schedule_go_on(make: Any, tmp_path: Path) -> None:
    """A net of somebody's own: nothing in a checkpoint is about heads."""

    def parts() -> tuple[torch.nn.Module, Any, Any]:
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        optimiser = make(net.parameters(), lr=0.1)
        return net, optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 10)

    def step(parts: tuple[torch.nn.Module, Any, Any], x: torch.Tensor) -> None:
        net, optimiser, schedule = parts
        optimiser.zero_grad()
        net(x).square().sum().backward()
        optimiser.step()
        schedule.step()

    torch.manual_seed(0)
    batches = torch.randn(6, 8, 3)
    one, other = parts(), parts()
    for x in batches[:3]:
        step(one, x)
    kept = Checkpoint(tmp_path / "checkpoint")
    kept.save({name: part.state_dict() for name, part in zip("nos", one, strict=True)})
    back = Checkpoint(tmp_path / "checkpoint").load()
    for name, part in zip("nos", other, strict=True):
        part.load_state_dict(back[name])
    for x in batches[3:]:
        step(one, x)
        step(other, x)
    for mine, theirs in zip(one[0].state_dict().values(), other[0].state_dict().values()):  # noqa: B905
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"net": torch.nn.Linear(2, 2)}, "Linear"),
        ({"a": [0, {"b": {1, 2}}]}, r"state\['a'\]\[1\]\['b'\]"),
        ({"a": np.array([object()])}, "ndarray"),
        ({"a": Path("x")}, r"state\['a'\]"),
        ({1.5: 0}, "whole numbers"),
        ({("a", "b"): 0}, "whole numbers"),
    ],
)
def test_what_is_no_data_is_named(value: Any, named: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=named):
        Checkpoint(tmp_path).save(value)
    assert list(tmp_path.iterdir()) == []


def test_any_reader_of_safetensors_opens_it_and_there_is_no_pickle(tmp_path: Path) -> None:
    Checkpoint(tmp_path, digest="d").save({"w": np.arange(3.0), "epoch": 4})
    path = tmp_path / "state.safetensors"
    with safe_open(path, framework="numpy") as file:
        assert json.loads(file.get_tensor("tree").tobytes())["epoch"] == 4
        assert file.get_tensor("0").tobytes() == np.arange(3.0).tobytes()
        assert file.metadata()["digest"] == "d"
    with pytest.raises(ValueError, match="opcode"):
        list(pickletools.genops(path.read_bytes()))


def test_nothing_saved_is_a_fresh_start(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "none")
    assert checkpoint.load() is None and checkpoint.epoch == 0 and checkpoint.take_note() == ""
    nowhere = Checkpoint(None, every=0)
    nowhere.save({"a": 1})
    assert nowhere.load() is None and not nowhere.due()


def test_it_knows_how_far_the_trial_had_reported(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.reported = 7
    checkpoint.save({"a": 1})
    again = Checkpoint(tmp_path)
    assert (again.epoch, again.reported) == (7, 0)
    assert again.load() == {"a": 1} and again.reported == 7
    assert again.load() is None  # given away once: it may be large


def _shorten(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"", "damaged"),
        (_shorten, "damaged"),
        (_flip, "checksum"),
        (lambda data: b"not one of ours" * 99, "damaged"),
        (lambda data: bytes(len(data)), "damaged"),
    ],
)
def test_a_damaged_one_is_left_aside_with_a_word(
    damage: Callable[[bytes], bytes], words: str, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save({"w": np.arange(1000.0)})
    path = tmp_path / "state.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    checkpoint = Checkpoint(tmp_path)
    assert checkpoint.load() is None and checkpoint.epoch == 0
    assert words in checkpoint.take_note() and checkpoint.take_note() == ""
    checkpoint.save({"w": 1})  # and it does not stand in the way
    assert Checkpoint(tmp_path).load() == {"w": 1}


def test_one_of_another_config_schema_or_program_is_left_aside(tmp_path: Path) -> None:
    Checkpoint(tmp_path, digest="one").save({"a": 1})
    other = Checkpoint(tmp_path, digest="other")
    assert other.load() is None and "another config" in other.take_note()
    assert Checkpoint(tmp_path, digest="one").load() == {"a": 1}
    write_state(tmp_path / "state.safetensors", {}, {"schema": "2", "digest": "", "epoch": "0"})
    newer = Checkpoint(tmp_path)
    assert newer.load() is None and "schema 2" in newer.take_note()
    Checkpoint(tmp_path).save({"a": 1})
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"epoch":"0"', b'"epoch":"7"'))
    assert Checkpoint(tmp_path).epoch == 0  # the header counts for the checksum
    save_file({"w": np.ones(3)}, tmp_path / "state.safetensors")
    foreign = Checkpoint(tmp_path)
    assert foreign.load() is None and "damaged" in foreign.take_note()
    with pytest.raises(DamagedFile):
        read_state(tmp_path / "state.safetensors")


def test_a_save_that_fails_leaves_the_former_one(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save({"a": 1})
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(UsageError):
        checkpoint.save({"big": np.ones(1000), "bad": {1, 2}})
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_it_is_due_after_its_seconds(tmp_path: Path) -> None:
    always, later = Checkpoint(tmp_path, every=0), Checkpoint(tmp_path, every=3600)
    assert always.due() and not later.due()
    always.save({"a": np.zeros(10**6)})
    assert always.due()


def test_saving_never_takes_most_of_the_time(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, every=1e-9)
    assert checkpoint.due()
    checkpoint._cost = 60.0  # a save that took a minute is not repeated at once
    assert not checkpoint.due()


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    checkpoint.save({"a": 1})
    checkpoint.remove()
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == [] and Checkpoint(tmp_path / "checkpoint").load() is None
