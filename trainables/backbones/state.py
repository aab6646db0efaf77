"""From a weights file to a body: read without running code, named strictly, trained for real."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from trainables.backbones.errors import WeightsRefused
from trainables.backbones.spec import Backbone, StateDict

_MOST_UNPACKED = 4  # times its size on disk
COUNTER = "num_batches_tracked"  # older files lack it, and inference never reads it


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors in a file by name; pickles are read with `weights_only`, so nothing is run.

    Raises:
        WeightsRefused: truncated, not a state dict, a pickle that wants to run code, or a file that
            would take far more memory than its size.
    """
    try:
        state = _load(path)
    except FileNotFoundError:
        raise
    # A damaged file raises nearly anything from inside the unpickler: one reason for them all.
    except Exception as error:
        reason = str(error).strip().splitlines()
        first = reason[0] if reason else type(error).__name__
        raise WeightsRefused(path, f"cannot be read as tensors ({first[:160]})") from None
    if not isinstance(state, dict) or not state:
        raise WeightsRefused(path, "holds no state dict")
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsRefused(path, "holds other things than tensors (a checkpoint of a training?)")
    if bloated := [key for key, value in state.items() if _is_bloated(value)]:
        raise WeightsRefused(path, f"claims more numbers than it holds ({str(bloated[0])[:80]})")
    return {
        str(key): value.float() if value.is_floating_point() else value
        for key, value in state.items()
    }


def _load(path: Path) -> object:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if inflated := _inflated(path):
        raise ValueError(f"unpacked it would have {inflated / 1e9:.1f} GB")
    return torch.load(path, map_location="cpu", weights_only=True)


def _inflated(path: Path) -> int:
    """Bytes that a zip file becomes, where that is far more than it has; else 0.

    `torch.save` stores and never compresses, but `torch.load` unpacks what is compressed: 40 GB of
    zeros in a file of 40 MB.
    """
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    return unpacked if unpacked > _MOST_UNPACKED * path.stat().st_size else 0


def _is_bloated(tensor: Tensor) -> bool:
    """Whether it has more elements than its storage: a stride of 0 makes any number out of one."""
    if tensor.layout != torch.strided:
        return True
    return tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes()


def body_from_file(spec: Backbone, path: Path) -> nn.Module:
    """The body of `spec` with the weights in `path`.

    Raises:
        WeightsRefused: unreadable, another net's, or BatchNorm statistics as in an untrained net.
    """
    state = read_state(path)
    body_state = _converted(spec, state, path)
    body = _filled(spec, body_state)
    if body is None:
        raise WeightsRefused(path, _mismatch(spec, body_state, state))
    if reason := untrained(body):
        raise WeightsRefused(path, reason, hint="Random weights are had with --weights random.")
    return body


def _converted(spec: Backbone, state: StateDict, path: Path) -> dict[str, Tensor]:
    try:
        return dict(spec.body_state(state))
    except (RuntimeError, KeyError, AttributeError) as error:  # timm's own loader, on other keys
        reason = _mismatch(spec, {}, state)
        raise WeightsRefused(path, f"{reason} ({str(error).splitlines()[0][:120]})") from None


def _filled(spec: Backbone, state: dict[str, Tensor]) -> nn.Module | None:
    """A body that holds exactly `state`, or None where names or shapes differ."""
    body = _bare(spec)
    if _shapes(body.state_dict()) != _shapes(state):
        return None
    counters = {
        name: torch.tensor(0) for name in body.state_dict() if name.rpartition(".")[2] == COUNTER
    }
    body.load_state_dict({**counters, **state}, strict=True, assign=True)
    return body


def _bare(spec: Backbone) -> nn.Module:
    """A body to be filled, without drawing random weights where that can be."""
    with torch.device("meta" if spec.builds_on_meta else "cpu"):
        return spec.build()


def _expected(spec: Backbone) -> dict[str, tuple[int, ...]]:
    return _shapes(_bare(spec).state_dict())


def _shapes(state: StateDict) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(tensor.shape)
        for name, tensor in state.items()
        if name.rpartition(".")[2] != COUNTER
    }


def _mismatch(spec: Backbone, body_state: StateDict, file_state: StateDict) -> str:
    if other := recognise(file_state):
        return f"holds the weights of {other}, not of {spec.name}"
    expected = _expected(spec)
    got = _shapes(body_state)
    differing = [name for name in expected if got.get(name) != expected[name]]
    example = differing[0] if differing else next(name for name in got if name not in expected)
    return (
        f"does not fit {spec.name}: {len(differing)} of {len(expected)} tensors are missing or of "
        f"another shape, {len(got.keys() - expected.keys())} are left over, such as {example}"
    )


def recognise(state: StateDict) -> str | None:
    """The registered net whose weights these are, going by names and shapes; None if no one's."""
    from trainables.backbones.registry import BACKBONES

    for name in BACKBONES.names():
        spec = BACKBONES.get(name)
        try:
            converted = _shapes(spec.body_state(state))
        except (RuntimeError, KeyError):  # a plug-in's conversion, on keys it never saw
            continue
        if converted == _expected(spec):
            return name
    return None


def untrained(body: nn.Module) -> str | None:
    """Why this net cannot have been trained, or None: BatchNorm statistics as they were made.

    Running means that are all exactly 0 do not survive one training step. Packages that say
    "pretrained" and carry random weights have been seen.
    """
    for name, module in body.named_modules():
        mean, variance = getattr(module, "running_mean", None), getattr(module, "running_var", None)
        if not isinstance(mean, Tensor) or not isinstance(variance, Tensor) or mean.any():
            continue
        counter = getattr(module, COUNTER, None)
        never_counted = isinstance(counter, Tensor) and int(counter) == 0
        if bool((variance == 1).all()) or never_counted:
            return f"was never trained: the BatchNorm statistics of {name} are untouched"
    return None
