"""`Dropout` that draws from a generator it is given, and not from torch's own.

So that a trial's randomness is all in generators that a checkpoint can hold.
"""

from __future__ import annotations

import torch
from torch import nn

_LANES = 4  # 16-bit numbers in a random 64-bit word
_LEVELS = 1 << 16


class Dropout(nn.Module):
    """Sets a share `p` of the values to 0 and scales the others by 1 / (1 - p), in training.

    (Srivastava et al. 2014, JMLR 15.) Sixteen random bits decide a value, so `p` is exact to
    1/65,536. A map of 64 x 64 x 32 x 32 takes 6 ms of random bits on one thread of a busy machine;
    `bernoulli_`, a number a value, takes 36 (n = 1). Which values are dropped follows their order
    in memory.

    Raises:
        ValueError: `p` is not a share below 1.
        RuntimeError: in training, without a generator; see `use_generator`.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"A share to drop is at least 0 and below 1. Got: {p}.")
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Any shape to the same shape."""
        if not self.training or self.p == 0:
            return values
        if self.generator is None:
            raise RuntimeError("Dropout has no generator to draw from: call use_generator first.")
        return values * _mask(values, self.p, self.generator)

    def extra_repr(self) -> str:
        """What `print` shows of it."""
        return f"p={self.p}"


@torch.compiler.disable
def _mask(values: torch.Tensor, p: float, generator: torch.Generator) -> torch.Tensor:
    """0 or 1 / (1 - p) for each of `values`, in their type and memory format."""
    words = -(-values.numel() // _LANES)
    random_W = torch.empty(words, dtype=torch.int64, device=values.device)
    random_W.random_(torch.iinfo(torch.int64).min, None, generator=generator)
    flat = random_W.view(torch.int16)[: values.numel()]
    format_ = torch.channels_last if _channels_last(values) else torch.contiguous_format
    like = torch.empty_like(values, dtype=torch.int16, memory_format=format_)
    limit = round((1 - p) * _LEVELS) - _LEVELS // 2
    # Compared as int32: a share next to 0 has the limit 2^15, one more than int16 holds.
    kept = flat.as_strided(like.shape, like.stride()).to(torch.int32) < limit
    return kept.to(values.dtype).mul_(1 / (1 - p))


def _channels_last(values: torch.Tensor) -> bool:
    return values.dim() == 4 and values.is_contiguous(memory_format=torch.channels_last)


def use_generator(module: nn.Module, generator: torch.Generator) -> None:
    """Lets every `Dropout` in `module` draw from `generator`, which is on the module's device."""
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = generator


def with_own_dropout(module: nn.Module) -> nn.Module:
    """Replaces torch's dropout layers inside `module` by ours, which no weight depends on."""
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Dropout:
                own = Dropout(child.p)
                own.train(child.training)
                setattr(parent, name, own)
    return module
