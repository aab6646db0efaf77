"""Optimisers by name, and which parameters they decay.

Norms and biases are not decayed unless it is asked for: they have no scale to be kept small, and
decaying them costs accuracy (He et al., Bag of Tricks for Image Classification, 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from trainables.config import TrialConfig

Groups = list[dict[str, Any]]


def make_optimiser(
    config: TrialConfig, model: nn.Module, body: nn.Module, body_lr: float
) -> torch.optim.Optimizer:
    """The optimiser of what trains in `model`; each group says its `peak` learning rate.

    Args:
        body: the part of `model` whose peak is `body_lr` times the head's.
    """
    return OPTIMISERS[config.optimiser](config, parameter_groups(config, model, body, body_lr))


def parameter_groups(
    config: TrialConfig, model: nn.Module, body: nn.Module, body_lr: float
) -> Groups:
    """Up to four: head and body, decayed and not; only what has a parameter."""
    inside = {id(parameter) for parameter in body.parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in _trained(model.parameters()):
        decayed = config.decay_norms or parameter.ndim > 1
        groups.setdefault((id(parameter) in inside, decayed), []).append(parameter)
    return [
        {
            "params": parameters,
            "peak": config.lr * (body_lr if of_body else 1.0),
            "head_peak": config.lr,
            "lr": config.lr,
            "weight_decay": config.weight_decay if decayed else 0.0,
        }
        for (of_body, decayed), parameters in groups.items()
    ]


def like_parameters(optimiser: torch.optim.Optimizer) -> None:
    """Lays loaded state out in memory as its parameters are.

    The fused kernels walk through parameter and state side by side without a look at their strides:
    a channels_last weight with contiguous moments would be stepped by its neighbours' moments.
    """
    for parameter, held in optimiser.state.items():
        for name, value in held.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                held[name] = torch.empty_like(parameter).copy_(value)


def _trained(parameters: Iterable[nn.Parameter]) -> Iterable[nn.Parameter]:
    return (parameter for parameter in parameters if parameter.requires_grad)


# `fused`: one kernel a step; on a GPU, a scaler that needs no word from the host.


def _sgd(config: TrialConfig, groups: Groups) -> torch.optim.Optimizer:
    nesterov = config.momentum > 0
    return torch.optim.SGD(groups, momentum=config.momentum, nesterov=nesterov, fused=True)


def _adam(config: TrialConfig, groups: Groups) -> torch.optim.Optimizer:  # noqa: ARG001
    return torch.optim.Adam(groups, fused=True)


def _adamw(config: TrialConfig, groups: Groups) -> torch.optim.Optimizer:  # noqa: ARG001
    return torch.optim.AdamW(groups, fused=True)


OPTIMISERS: Mapping[str, Callable[[TrialConfig, Groups], torch.optim.Optimizer]] = {
    "adamw": _adamw,
    "adam": _adam,
    "sgd": _sgd,
}
