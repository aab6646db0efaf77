"""The last few bodies that this process loaded: workers are reused, and trials share bodies."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from trainables.backbones import Body

# A sampler that goes to and fro between two bodies never loads; more would weigh on every worker.
KEPT = 2
_loaded: OrderedDict[tuple[object, ...], Body] = OrderedDict()
_copies: OrderedDict[tuple[object, ...], nn.Module] = OrderedDict()


def cached_body(
    name: str, *, weights: str, weights_dir: Path | None, seed: int, digest: str
) -> Body:
    """As `load_body`; the one loaded before if name and weights digest are the same.

    Raises:
        as `load_body`.
    """
    key = (name, digest)
    if key not in _loaded:
        from trainables.backbones import load_body  # imports torchvision or timm

        while len(_loaded) >= KEPT:
            _loaded.popitem(last=False)
        _loaded[key] = load_body(name, weights=weights, weights_dir=weights_dir, seed=seed)
    _loaded.move_to_end(key)
    return _loaded[key]


def inference_body(body: Body, input_size: int, precision: str, device: str) -> nn.Module:
    """The very net that the feature cache is filled with: folded, channels_last, on `device`.

    A head must see in an attack what it saw in training, to the last bit.
    """
    from trainables.features.inference import inference_copy

    key = (body.spec.name, body.digest, input_size, precision, device)
    if key not in _copies:
        while len(_copies) >= KEPT:
            _copies.popitem(last=False)
        _copies[key] = inference_copy(body.module, input_size, precision).to(device)
    _copies.move_to_end(key)
    return _copies[key]


def forget_bodies() -> None:
    """Frees the memory of all of them."""
    _loaded.clear()
    _copies.clear()
