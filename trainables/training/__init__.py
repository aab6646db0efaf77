"""Training a net, or a part of one, on images or cached features that lie on the device."""

from trainables.training.fit import fit
from trainables.training.recipe import NetEpoch, Task
from trainables.training.training import Training

__all__ = ["NetEpoch", "Task", "Training", "fit"]
