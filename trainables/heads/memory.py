"""What a stack of heads will need, told before anything is allocated."""

from __future__ import annotations

import psutil
import torch

from search_spaces.errors import InfeasibleTrial

# Weights, both moments, gradient, and two temporaries of the optimiser's step.
_WEIGHT_COPIES = 6
# Gathered rows, their standardised copy, the dropout mask.
_BATCH_COPIES = 3
_USABLE_SHARE = 0.8


def stack_bytes(heads: int, examples: int, features: int, classes: int, batch: int) -> int:
    """Peak bytes beyond the features themselves, to about 20 %."""
    smaller = min(examples, features)
    start = 2 * examples * features + 3 * smaller**2  # one head's at a time, freed before training
    training = heads * features * (_WEIGHT_COPIES * classes + _BATCH_COPIES * batch)
    return 4 * max(start, training)


def check_memory(
    heads: int, examples: int, features: int, classes: int, batch: int, device: torch.device
) -> None:
    """Raises InfeasibleTrial if the stack does not fit into the memory that is free now."""
    needed = stack_bytes(heads, examples, features, classes, batch)
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    if needed > _USABLE_SHARE * free:
        raise InfeasibleTrial(
            f"{heads} heads of {features} features, {classes} classes and batches of {batch} "
            f"need {needed / 1e9:.1f} GB; {free / 1e9:.1f} GB are free. "
            "Use fewer heads at once or a smaller batch_size."
        )
