"""Validation with few labels: stratified k-fold cross-validation over the labelled images.

`kind.py` reads what `--validation` says, `drawing.py` draws folds, `training.py` is what a trial
calls. Importing this imports no torch.
"""

from trainables.folds.drawing import Fold, check_folds, draw_folds
from trainables.folds.kind import SPLIT, KFold, as_typed, parse_validation

__all__ = ["SPLIT", "Fold", "KFold", "as_typed", "check_folds", "draw_folds", "parse_validation"]
