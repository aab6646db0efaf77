"""The last few bodies that this process loaded: workers are reused, and trials share bodies."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from trainables.backbones import Body
    from trainables.config import TrialConfig

# A sampler that goes to and fro between two bodies never loads; more would weigh on every worker.
KEPT = 2
_loaded: OrderedDict[tuple[object, ...], Body] = OrderedDict()
_copies: OrderedDict[tuple[object, ...], nn.Module] = OrderedDict()


def cached_body(
    name: str,
    *,
    weights: str,
    weights_dir: Path | None,
    seed: int,
    digest: str,
    options: Mapping[str, Any] | None = None,
) -> Body:
    """As `load_body`; the one loaded before if name, weights digest and options are the same.

    Not to be changed: `trainables.tuning` makes copies that train.

    Raises:
        as `load_body`.
    """
    options = options or {}
    key = (name, digest, *sorted(options.items()))
    if key not in _loaded:
        from trainables.backbones import load_body  # imports torchvision or timm

        while len(_loaded) >= KEPT:
            _loaded.popitem(last=False)
        _loaded[key] = load_body(
            name, weights=weights, weights_dir=weights_dir, seed=seed, options=options
        )
    _loaded.move_to_end(key)
    return _loaded[key]


def body_of(config: TrialConfig, digest: str) -> Body:
    """The body of a trial, frozen; from the process's cache if it can be.

    Args:
        digest: of its weights.

    Raises:
        as `load_body`.
    """
    from trainables.weights_digest import body_options

    return cached_body(
        config.backbone,
        weights=config.weights,
        weights_dir=config.weights_dir,
        seed=config.seed,
        digest=digest,
        options=body_options(config),
    )


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
