"""What cannot be asked for beside k-fold cross-validation, told before anything runs."""

from __future__ import annotations

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.folds.kind import SPLIT, parse_validation

# What needs images that no net has seen, and a word on it.
_NEEDS_IMAGES = {
    "attack": "an attack measures robustness on images that are set aside",
    "adversarial": "adversarial training chooses its epoch on images that are set aside",
    "corruptions": "corruptions are measured on images that are set aside",
    "weak": "pseudo-labels that rest on all labels would tell each fold of the others",
    "lr_factor": "the range test sees all labelled images, those of the fold held out among them",
}
_NOTHING = {"attack": "none", "adversarial": "none", "corruptions": "none", "weak": "none"}


def check_with_folds(config: TrialConfig) -> None:
    """Lets a config pass whose validation and other fields go together.

    Raises:
        UsageError: folds that there are not, or what needs images set aside.
    """
    if parse_validation(config.validation) is None:
        return
    for name, why in _NEEDS_IMAGES.items():
        nothing = _NOTHING.get(name)
        if getattr(config, name) != nothing:
            rule = f"validation={config.validation} trains on every labelled image; {why}."
            hint = f"Set {name}={nothing or 'null'}, or validation={SPLIT}."
            raise UsageError(rule, got=f"{name}={getattr(config, name)}", hint=hint)
