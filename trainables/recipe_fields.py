"""How a trial trains: the fields of `TrialConfig` from the optimiser to the augmentation.

A default that is a function of what is trained (`tune`) is a table here: a head on cached features
and a net that is trained as a whole want learning rates that are far apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, Field

Tune = Literal["head", "last", "all"]


def by_tune(head: Any, net: Any) -> Callable[[dict[str, Any]], Any]:
    """A default for `tune=head`, and one for `tune=last` and `tune=all`."""
    return lambda data: head if data.get("tune") == "head" else net


def _peak(data: dict[str, Any]) -> float:
    """A head in closed form only has to be finished; whatever starts at random has far to go."""
    near = data.get("head") == "linear" and data.get("head_start") == "ridge"
    return 3e-5 if data.get("tune") == "head" and near else 1e-3


class RecipeFields(BaseModel):
    """What `TrialConfig` says about training."""

    tune: Tune = Field(
        "head",
        description="What is trained: the head on cached features, the body's last stage too, all.",
    )

    # Head (linear, on scaled features: heads/scaling.py). One recipe for 100 and for 1,000 labels:
    # it beats logistic regression with cross-validated C by 0.5 to 1.5 points of held-out accuracy
    # (lite2 at 224 px, lite0 at 128 px; 10 splits each, lower 95 % bounds +0.28 to +1.15; tables in
    # heads/start.py, on other images in benchmarks/results/heads_vs_logreg.md). From there, lr 1e-4
    # costs 0.05 to 0.1 points and 3e-4 0.1 to 0.5; no dropout costs 0.02 (at lr 3e-4: 0.2).
    head: str = Field("linear", description="A registered head: linear, mlp, cosine.")
    head_start: Literal["ridge", "zeros"] = Field(
        "ridge",
        description="Where a linear head on a pretrained body starts: ridge regression, or zeros.",
    )
    optimiser: Literal["adamw", "adam", "sgd"] = Field(
        "adamw", description="AdamW, Adam, or SGD with Nesterov momentum."
    )
    lr: float = Field(default_factory=_peak, gt=0, le=10, description="Peak learning rate.")
    lr_factor: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Peak learning rate as a multiple of what a range test suggests, for lr.",
    )
    body_lr: float | None = Field(
        None, gt=0, le=10, description="The body's (default: lr; of a pretrained body a tenth)."
    )
    weight_decay: float = Field(
        1e-2, ge=0, le=10, description="Decoupled in AdamW, else added to the gradient."
    )
    decay_norms: bool = Field(False, description="Decay norms and biases as well.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Of SGD (Nesterov where above 0).")
    dropout: float = Field(
        default_factory=by_tune(0.5, 0.2),
        ge=0,
        lt=1,
        description="Share of the head's features dropped in training.",
    )
    body_dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout in each block, of nets that have it (from scratch)."
    )
    batch_size: int = Field(64, ge=1, le=65536, description="Examples a step.")
    epochs: int = Field(30, ge=1, le=100_000, description="Passes over the training split.")

    # Schedule: the learning rate of a step as a share of its peak (trainables/schedules/)
    schedule: str = Field(
        "cosine", description="A registered schedule: constant, cosine, multistep, onecycle."
    )
    warmup_share: float = Field(
        0.1, ge=0, lt=1, description="Share of the steps of cosine's linear warm-up."
    )
    peak_share: float = Field(
        0.25, gt=0, lt=1, description="Share of the steps at which onecycle is at its peak."
    )
    peak_epoch: float | None = Field(
        None, gt=0, description="The epoch at which onecycle is at its peak, for peak_share."
    )
    div_factor: float = Field(
        10.0, ge=1, le=1e4, description="onecycle: the peak over the first learning rate."
    )
    final_div_factor: float = Field(
        1.0, ge=1, le=1e4, description="onecycle: the first learning rate over the last."
    )
    anneal: Literal["linear", "cosine"] = Field("linear", description="onecycle: its two legs.")
    cycle_momentum: bool = Field(
        False, description="onecycle: momentum (Adam's beta1) goes 0.95 -> 0.85 -> 0.95."
    )
    step_epochs: int = Field(30, ge=1, description="multistep: epochs between two steps down.")
    step_factor: float = Field(0.1, gt=0, le=1, description="multistep: what lr is multiplied by.")

    # What else the loop does
    augment: str = Field(
        default_factory=by_tune("none", "flip_crop"),
        description="A registered augmentation policy; only for images, so not for tune=head.",
    )
    mixup: float = Field(
        0.0, ge=0, le=10, description="Alpha of mixup's Beta distribution; 0 for none."
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Weight of the uniform target.")
    adversarial: str = Field(
        "none",
        description="Adversarial training: none, pgd, fast, trades (trainables/objectives/).",
    )
    adversarial_eps_255: float = Field(
        8.0, gt=0, le=255, description="Largest change of a pixel in it, in 1/255 (L-infinity)."
    )
    adversarial_steps: int = Field(
        7, ge=1, le=1000, description="Steps of pgd and trades in each training step (fast: 1)."
    )
    trades_beta: float = Field(6.0, ge=0, le=1000, description="Weight of TRADES's divergence.")
    clip_norm: float | None = Field(None, gt=0, description="Largest norm of the gradient.")
    ema: float | None = Field(
        None, gt=0, lt=1, description="Decay a step of the averaged weights that are kept."
    )
    test_time_flip: bool = Field(
        False, description="Also report val_acc_flip: the mean over an image and its mirror."
    )
    compile: bool = Field(False, description="Run the net through torch.compile.")
