"""Training a net, or a part of one, on images or cached features that lie on the device."""

from trainables.training.fit import fit
from trainables.training.recipe import Task
from trainables.training.training import Training

__all__ = ["Task", "Training", "fit"]
