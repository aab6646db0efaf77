"""Linear heads over features that are already there."""

from trainables.heads.recipe import HeadSpec
from trainables.heads.train import HeadsEpoch, train_heads

__all__ = ["HeadSpec", "HeadsEpoch", "train_heads"]
