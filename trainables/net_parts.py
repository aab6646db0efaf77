"""Takes a body apart and puts a head on it: what `train_net` trains, and what it leaves.

Shapes: N labelled images, F features or flattened maps, C H W an image or a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from trainables.bodies import inference_body
from trainables.classifier import BodyInPrecision, preprocess_for
from trainables.config import TrialConfig
from trainables.depthwise import depthwise_in_float32
from trainables.inputs import kind_of_inputs
from trainables.model import PixelClassifier
from trainables.scaled_head import new_head
from trainables.setup import TrialSetup
from trainables.training import Task
from trainables.tuning import Tuned, tuned

# Of the head's learning rate, for a body that knows something already.
_PRETRAINED_SHARE = 0.1
# Images: with fewer, an epoch is chosen by chance.
_FEWEST_WATCHED = 64


@dataclass(frozen=True, eq=False)
class NetParts:
    """A task, and how its result is told from what it started from.

    Args:
        whole: the body, all of it; what of it trains is the task's own modules.
        before: the body's tensors as they were published; None for a body from scratch.
    """

    task: Task
    whole: nn.Module
    before: Mapping[str, torch.Tensor] | None

    def trained_weights(self, kept: nn.Module) -> dict[str, np.ndarray]:
        """`head.*`, and `body.*` for what is not as it was published.

        Args:
            kept: the task's model, or an average of it.
        """
        self.task.model.load_state_dict(kept.state_dict())
        head = self.task.model.get_submodule("head").state_dict()
        named = {f"head.{name}": tensor for name, tensor in head.items()}
        named |= {f"body.{name}": tensor for name, tensor in self._changed().items()}
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in named.items()}

    def _changed(self) -> dict[str, torch.Tensor]:
        state = self.whole.state_dict()
        if self.before is None:
            return dict(state)
        return {n: t for n, t in state.items() if not torch.equal(t.cpu(), self.before[n].cpu())}


def make_parts(config: TrialConfig, setup: TrialSetup, inputs_NF: np.ndarray | None) -> NetParts:
    """The task of a trial.

    Args:
        inputs_NF: of `inputs.cached_inputs`.
    """
    body = setup.body(config)
    apart = None if config.tune == "head" else tuned(body, config.tune, weights=config.weights)
    preprocess, part, inputs_N = _stem(config, setup, apart, inputs_NF)
    stem = nn.Sequential(preprocess, part).to(setup.one_device)
    inputs_N = inputs_N.to(setup.one_device)
    labels = setup.input_labels_N
    labels_N = torch.from_numpy(labels).to(setup.one_device)
    sizes = [len(setup.splits.train), len(setup.splits.val)]
    sizes.append(len(labels) - sum(sizes))
    train_N, val_M, pool_P = torch.arange(len(labels), device=setup.one_device).split(sizes)
    watched_V = torch.from_numpy(_watched(setup)).to(setup.one_device)
    classes = len(setup.data.classes)
    knows = setup.is_pretrained
    head = new_head(
        config, setup.spec, stem, inputs_N, labels_N, train_N, classes, pretrained=knows
    )
    model = PixelClassifier(preprocess, part, head.to(setup.one_device))
    task = Task(
        config=config,
        model=model.to(memory_format=torch.channels_last),
        body=part,
        inputs_N=inputs_N,
        labels_N=labels_N,
        train_N=train_N,
        val_M=val_M,
        classes=classes,
        body_lr=_body_lr(config, setup),
        mean_C=tuple(setup.spec.mean),
        watched_V=watched_V,
        pool_P=None if setup.pool is None else pool_P,
    )
    whole = apart.whole.net if apart else nn.Identity()
    return NetParts(task, whole, body.module.net.state_dict() if knows else None)


def _stem(
    config: TrialConfig, setup: TrialSetup, apart: Tuned | None, inputs_NF: np.ndarray | None
) -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """Preprocessing, the part of the body that runs in every step, and its inputs."""
    kind = kind_of_inputs(config, setup.spec)
    if kind == "features":
        return nn.Identity(), nn.Identity(), _tensor(inputs_NF)
    preprocess = preprocess_for(config, setup.spec, eager=True)
    images_NHWC = setup.data.images_NHWC[setup.input_rows_N]
    images_NCHW = torch.from_numpy(images_NHWC).permute(0, 3, 1, 2)
    if apart is None:
        return preprocess, _frozen(config, setup), images_NCHW
    if kind == "images":
        return preprocess, _in_precision(apart.whole, setup), images_NCHW
    assert apart.front is not None
    with torch.no_grad():
        shape = apart.front(preprocess(images_NCHW[:1])).shape[1:]
    maps_NCHW = _tensor(inputs_NF).view(-1, *shape).contiguous(memory_format=torch.channels_last)
    return nn.Identity(), _in_precision(apart.back, setup), maps_NCHW


def _frozen(config: TrialConfig, setup: TrialSetup) -> nn.Module:
    """The whole body as the trial is evaluated with it, for a head that sees attacked images."""
    size, precision = setup.key.input_size, setup.key.precision
    net = inference_body(setup.body(config), size, precision, setup.one_device)
    return BodyInPrecision(net, precision)


def _watched(setup: TrialSetup) -> np.ndarray:
    """Validation rows by which adversarial training chooses its epoch.

    Others than those that the trial's robustness is measured on, where enough are left: else the
    score would be the best of many on the same images. One for every 12 labels, since one costs as
    much as one to four images of an epoch (ten steps, against seven of `pgd` or one of `fast`).
    Images of the pool that are trained on count as labels do.
    """
    rows_M = len(setup.splits.train) + np.arange(len(setup.splits.val))
    others = rows_M[~np.isin(setup.splits.val, setup.splits.robust)]
    rows = others if len(others) >= _FEWEST_WATCHED else rows_M
    pool = 0 if setup.pool is None else len(setup.pool.rows_P)
    most = max(_FEWEST_WATCHED, (len(setup.splits.train) + pool) // 12)
    return rows[: min(most, len(setup.splits.robust) or most)]


def _in_precision(part: nn.Module, setup: TrialSetup) -> nn.Module:
    precision = setup.key.precision
    if precision == "bfloat16" and setup.one_device == "cpu":
        depthwise_in_float32(part)
    return BodyInPrecision(part, precision)


def _tensor(inputs_NF: np.ndarray | None) -> torch.Tensor:
    assert inputs_NF is not None  # `cached_inputs` gives None for images alone
    return torch.from_numpy(inputs_NF)


def _body_lr(config: TrialConfig, setup: TrialSetup) -> float:
    """The body's learning rate as a share of the head's."""
    if config.body_lr is not None:
        return config.body_lr / config.lr
    return _PRETRAINED_SHARE if setup.is_pretrained else 1.0
