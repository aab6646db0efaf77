"""`HostWaits`: counts what would make the host wait for a GPU, on any device.

There is no GPU here. What waits on one is known by name: a tensor's value that is read (`item`,
`tolist`, `bool`, `numpy`, `cpu`), and operations whose output size depends on values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_READS = ("tolist", "item", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__")
_SIZED_BY_VALUES = ("nonzero", "masked_select", "unique", "equal", "bincount", "is_nonzero")


class _Methods(TorchFunctionMode):
    """Reads that Python asks for; on a CPU tensor they reach no operation."""

    def __init__(self, waits: Counter[str]) -> None:
        super().__init__()
        self._waits = waits

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _READS:
            self._waits[name] += 1
        return func(*args, **(kwargs or {}))


class HostWaits(TorchDispatchMode):
    """`with HostWaits() as waits: ...`; `waits.total`, and bytes of uint8 that were copied."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.copied_bytes = 0
        self._methods = _Methods(self.counts)

    @property
    def total(self) -> int:
        """How often the host waited."""
        return sum(self.counts.values())

    def __enter__(self) -> HostWaits:
        self._methods.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._methods.__exit__(*error)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if name.startswith(_SIZED_BY_VALUES) or _indexed_by_mask(name, args):
            self.counts[name] += 1
        if name in ("_to_copy", "copy_") and _is_uint8(args) and "device" in (kwargs or {}):
            self.copied_bytes += args[0].numel()
        return func(*args, **(kwargs or {}))


def _indexed_by_mask(name: str, args: Any) -> bool:
    parts = args[1] if name == "index" and len(args) > 1 else ()
    return any(part is not None and part.dtype == torch.bool for part in parts)


def _is_uint8(args: Any) -> bool:
    return bool(args) and isinstance(args[0], torch.Tensor) and args[0].dtype == torch.uint8
