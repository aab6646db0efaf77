"""Nested state (dicts, lists, numbers, words, arrays, tensors) as one safetensors file, no pickle.

Each array lies in the file as its bytes; a JSON text beside them says how they nest, with the
types that JSON lacks (tuples, integer keys, NumPy's scalars) as `{"#": kind, ...}`. One file, so
that moving it into place moves all of it. A checksum tells a file that was damaged later.
"""

from __future__ import annotations

import json
import math
import os
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UsageError

_TREE = "tree"  # the JSON text; arrays are named "0", "1", ...
_CHECKSUM = "checksum"
# What a description that nobody of ours wrote can raise; a RecursionError by nesting.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError)
_PLAIN = (str, int, float, bool, type(None))


class DamagedFile(Exception):
    """The file is not one that `write_state` wrote, or not all of it."""


def write_state(path: Path, state: Any, header: Mapping[str, str]) -> None:
    """Writes `state` and a few words about it, and waits until they are on the disk.

    Raises:
        UsageError: something that is not data; names where it is.
        OSError: the file cannot be written.
    """
    from safetensors.numpy import save

    arrays: list[np.ndarray] = []
    text = json.dumps(_encode(state, "state", arrays))
    named = {str(i): array for i, array in enumerate(arrays)}
    named[_TREE] = np.frombuffer(text.encode(), dtype=np.uint8)
    data = save(named, metadata={**header, _CHECKSUM: _checksum(named, header)})
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_state(path: Path) -> tuple[Any, dict[str, str]]:
    """The state and its header; tensors come back on the CPU.

    Raises:
        FileNotFoundError: there is none.
        DamagedFile: it is no such file, or not whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = dict(file.metadata() or {})
            named = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise DamagedFile(str(error)) from None
    if _TREE not in named or header.pop(_CHECKSUM, "") != _checksum(named, header):
        raise DamagedFile("its checksum is not that of its content")
    try:
        return _decode(json.loads(named[_TREE].tobytes()), named), header
    except _MALFORMED as error:  # its checksum is right, so somebody wrote it so
        raise DamagedFile(f"its description is wrong ({type(error).__name__}: {error})") from None


def _checksum(named: Mapping[str, np.ndarray], header: Mapping[str, str]) -> str:
    total = zlib.crc32(json.dumps(dict(header), sort_keys=True).encode())
    for name in sorted(named):
        total = zlib.crc32(named[name].tobytes(), zlib.crc32(name.encode(), total))
    return f"{total:08x}"


def _encode(value: Any, place: str, arrays: list[np.ndarray]) -> Any:
    """JSON for `value`; its arrays are added to `arrays` as bytes."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return _encode_mapping(value, place, arrays)
    if isinstance(value, list | tuple):
        items = [_encode(item, f"{place}[{i}]", arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"#": "tuple", "items": items}
    described = _describe(value, place)
    described["bytes"] = str(len(arrays))
    arrays.append(_bytes(value))
    return described


def _encode_mapping(value: Mapping[Any, Any], place: str, arrays: list[np.ndarray]) -> Any:
    for key in value:
        if type(key) not in (str, int):
            rule = f"Keys in a checkpoint are words or whole numbers ({place})."
            raise UsageError(rule, got=key)
    items = [(key, _encode(item, f"{place}[{key!r}]", arrays)) for key, item in value.items()]
    if all(type(key) is str and key != "#" for key in value):
        return dict(items)
    return {"#": "dict", "items": items}


def _describe(value: Any, place: str) -> dict[str, Any]:
    """Kind, type and shape of an array, a tensor or one of NumPy's scalars."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "OV":
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {"#": kind, "dtype": value.dtype.str, "shape": list(value.shape)}
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor) and value.layout == torch.strided:
        dtype = str(value.dtype).removeprefix("torch.")
        return {"#": "tensor", "dtype": dtype, "shape": list(value.shape)}
    raise UsageError(
        "A checkpoint holds numbers, words, None, dicts, lists, NumPy arrays and torch tensors.",
        got=type(value).__name__,
        hint=f"Found at {place}; save its state_dict() instead, if it has one.",
    )


def _bytes(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray | np.generic):
        return np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    import torch

    tensor = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return tensor.reshape(-1).view(torch.uint8).numpy()


def _decode(value: Any, named: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(item, named) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("#")
    if kind is None:
        return {key: _decode(item, named) for key, item in value.items()}
    if kind == "dict":
        return {key: _decode(item, named) for key, item in value["items"]}
    if kind == "tuple":
        return tuple(_decode(item, named) for item in value["items"])
    return _array(kind, value, named[value["bytes"]])


def _array(kind: str, described: Mapping[str, Any], bytes_B: np.ndarray) -> Any:
    shape = described["shape"]
    if kind == "tensor":
        import torch

        dtype = getattr(torch, described["dtype"])
        if not isinstance(dtype, torch.dtype):  # any other name in torch would do for getattr
            raise ValueError(f"torch has no type {described['dtype']!r}")
        if not bytes_B.size:  # `view` has no stride to look at
            if math.prod(shape):
                raise ValueError(f"a tensor of shape {shape} has no bytes")
            return torch.empty(shape, dtype=dtype)
        return torch.from_numpy(bytes_B.copy()).view(dtype).reshape(shape)
    array = bytes_B.copy().view(described["dtype"]).reshape(shape)
    return array if kind == "array" else array[()]
