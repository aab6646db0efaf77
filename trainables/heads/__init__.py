"""Linear heads over features that are already there."""

from trainables.heads.epoch import HeadsEpoch
from trainables.heads.recipe import HeadSpec
from trainables.heads.train import train_heads

__all__ = ["HeadSpec", "HeadsEpoch", "train_heads"]
