"""What every policy keeps: shape, range, its input, its generator; and no word with the host."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from trainables.augment import POLICIES
from trainables.augment.base import Augmentation
from trainables.augment.flip import AlternatingFlip
from trainables.augment.mixup import mixup

# What makes the host wait for a GPU: values or shapes that it must read, and copies to it.
WAITING = (
    "aten._local_scalar_dense", "aten.nonzero", "aten.masked_select", "aten.item", "aten.equal",
    "aten._unique2", "aten.is_nonzero", "aten.repeat_interleave.Tensor", "aten.linalg_inv_ex",
)  # fmt: skip


class Counting(TorchDispatchMode):
    """Counts calls, and those that would make the host wait: by boolean index for instance."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []
        self.calls = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = str(func)
        self.calls += 1
        if any(name.startswith(waiting) for waiting in WAITING) or _by_boolean(name, args):
            self.waits.append(name)
        return func(*args, **(kwargs or {}))


def _by_boolean(name: str, args: tuple[Any, ...]) -> bool:
    if not name.startswith(("aten.index.", "aten.index_put")):
        return False
    return any(index is not None and index.dtype is torch.bool for index in args[1])


def _policies() -> list[tuple[str, Augmentation]]:
    made = [(name, POLICIES.get(name)((0.49, 0.48, 0.45))) for name in POLICIES]
    return [*made, ("alternating", AlternatingFlip())]


def _call(policy: Augmentation, images: torch.Tensor, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return policy(images, generator, epoch=1, rows_N=torch.arange(len(images)))


@pytest.mark.parametrize(("name", "policy"), _policies())
@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (33, 3, 12, 20), (5, 3, 9, 9)])
def test_shape_range_input_and_repetition(
    name: str, policy: Augmentation, shape: tuple[int, ...]
) -> None:
    images = torch.rand(shape, generator=torch.Generator().manual_seed(5)).round(decimals=1)
    before, state = images.clone(), torch.get_rng_state()
    changed = _call(policy, images)
    assert changed.shape == images.shape and changed.dtype == torch.float32
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    assert torch.equal(images, before)
    assert torch.equal(changed, _call(policy, images))
    assert torch.equal(torch.get_rng_state(), state)  # no chance but the generator's


@pytest.mark.parametrize(("name", "policy"), _policies())
def test_memory_format_changes_nothing(name: str, policy: Augmentation) -> None:
    images = torch.rand(8, 3, 16, 16)
    other = images.contiguous(memory_format=torch.channels_last)
    assert torch.allclose(_call(policy, images), _call(policy, other), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "none"])
def test_another_seed_is_another_result(name: str) -> None:
    images = torch.rand(16, 3, 16, 16)
    policy = POLICIES.get(name)()
    assert not torch.equal(_call(policy, images, 0), _call(policy, images, 1))


@pytest.mark.parametrize(("name", "policy"), _policies())
def test_the_host_waits_for_nothing(name: str, policy: Augmentation) -> None:
    images = torch.rand(20, 3, 16, 16)
    with Counting() as counting:
        _call(policy, images)
        mixup(images, torch.eye(20), 0.4, torch.Generator().manual_seed(0))
    assert counting.waits == []


def test_the_count_sees_what_waits() -> None:
    images = torch.rand(20, 3, 16, 16)
    with Counting() as counting:
        float(images.sum())
        images[images > 2]
        torch.nonzero(images)
    assert len(counting.waits) >= 3


def test_no_operation_is_fed_from_the_host() -> None:
    """On the meta device a tensor made on the CPU, or a value read, is an error."""
    images = torch.empty(20, 3, 16, 16, device="meta")

    for name, policy in _policies():
        rows = torch.arange(20, device="meta")
        changed = policy(images, None, epoch=1, rows_N=rows)  # type: ignore[arg-type]
        assert changed.device.type == "meta" and changed.shape == images.shape, name


def test_grey_images_go_through_every_policy() -> None:
    images = torch.rand(6, 1, 16, 16)
    for name in POLICIES:
        assert _call(POLICIES.get(name)((0.3,)), images).shape == images.shape


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("none", []),
        ("flip_crop", ["PadCrop 1.0", "RandomFlip 0.5"]),
        ("flip_crop_cutout", ["PadCrop 0.5", "RandomFlip 0.5", "Cutout 0.5"]),
        ("jitter_rotate_flip", ["ColourJitter 0.8", "Rotation 0.8", "RandomFlip 0.5"]),
        ("affine", ["Affine 0.8", "RandomFlip 0.5"]),
        ("alternating_flip_crop", ["PadCrop 1.0", "AlternatingFlip"]),
        ("strong", ["RandAugment 1.0", "PadCrop 1.0", "RandomFlip 0.5", "Cutout 1.0"]),
    ],
)
def test_what_a_policy_does_and_how_often(name: str, operations: list[str]) -> None:
    made: Any = POLICIES.get(name)((0.1, 0.2, 0.3))
    parts = [(type(part).__name__, getattr(part, "p", "")) for part in made.operations]
    assert [f"{kind} {p}".strip() for kind, p in parts] == operations
    means = [part.mean_C for part in made.operations if hasattr(part, "mean_C")]
    assert all(mean == (0.1, 0.2, 0.3) for mean in means)


def test_policies_are_made_from_the_mean_colour_alone() -> None:
    for name in POLICIES:
        assert list(inspect.signature(POLICIES.get(name)).parameters) == ["mean_C"]


@pytest.mark.parametrize(("name", "policy"), _policies())
def test_a_large_batch_is_as_many_operations_as_a_small_one(
    name: str, policy: Augmentation
) -> None:
    calls = []
    for n in (3, 150):
        with Counting() as counting:
            _call(policy, torch.rand(n, 3, 16, 16))
        calls.append(counting.calls)
    assert calls[0] == calls[1]
