"""`lr_factor`: a trial's peak learning rate as a multiple of what its own range test suggests.

So that a comparison of backbones on one range of factors is not one of badly chosen learning rates.

Shapes: N labelled images, F features.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from search_spaces.errors import InfeasibleTrial
from trainables.config import TrialConfig
from trainables.lr_range.of_trial import sweep_trial, telling
from trainables.lr_range.several import RangeTest
from trainables.lr_range.stored import Making, RangeKey, recall_or_make
from trainables.lr_range.sweep import Span
from trainables.reports import Progress
from trainables.setup import TrialSetup

RULE = "steep"
"""The rule whose suggestion is multiplied."""

LARGEST = 10.0  # the bound of `lr` and `body_lr`

# The data has a digest of its own, and these of a trial change no step of a sweep.
_ELSEWHERE = {
    *("data", "data_dir", "image_size", "train_size", "val_size", "robust_size", "split_seed"),
    *("attack", "eps_255", "lr_factor", "epochs", "schedule", "warmup_share", "peak_share"),
    *("peak_epoch", "div_factor", "final_div_factor", "anneal", "cycle_momentum"),
    *("step_epochs", "step_factor", "ema", "compile"),
}
# These change it a little, and a search draws them anew for each trial: all of them share one test,
# made at the defaults, so that which trial came first makes no difference.
_AT_DEFAULT = {"weight_decay", "dropout"}


def suggested_lr(
    config: TrialConfig, setup: TrialSetup, inputs_NF: np.ndarray | None
) -> Generator[Progress, None, float]:
    """What the range test suggests for trials such as this one; made once, kept for all of them.

    Args:
        inputs_NF: of `inputs.cached_inputs`.

    Raises:
        InfeasibleTrial: it suggests nothing; says why.
    """
    recipe, span = shared_recipe(config, setup), Span()

    def make() -> Making:
        made = sweep_trial(recipe, setup, inputs_NF, span)
        return RangeTest(((yield from telling(made, span)),))

    test = yield from recall_or_make(range_key(recipe, setup, span), make)
    found = test.suggestion(RULE)
    if found.lr is None:
        raise InfeasibleTrial(
            f"lr_factor multiplies what a range test suggests, and that of {config.backbone} "
            f"suggests nothing: {found.reason}. Set lr instead."
        )
    return found.lr


def at_suggested_lr(config: TrialConfig, suggested: float) -> TrialConfig:
    """`config` with its peak at `lr_factor` times `suggested`; the body keeps its share of it."""
    assert config.lr_factor is not None
    lr = min(LARGEST, config.lr_factor * suggested)
    if config.body_lr is None:
        return config.replace(lr=lr)
    return config.replace(lr=lr, body_lr=min(LARGEST, config.body_lr / config.lr * lr))


def shared_recipe(config: TrialConfig, setup: TrialSetup) -> TrialConfig:
    """What the sweep trains: `config` without what trials that share a test may differ in."""
    left_out = _ELSEWHERE | _AT_DEFAULT
    if config.body_lr is None:
        left_out |= {"lr"}  # else the body's share of it counts
    if setup.is_pretrained:
        left_out |= {"seed"}  # a body from scratch is drawn with it
    fields = {name: value for name, value in config.model_dump().items() if name not in left_out}
    settled = {"input_size": setup.key.input_size, "precision": setup.key.precision}
    return TrialConfig.model_validate({**fields, **settled})


def range_key(recipe: TrialConfig, setup: TrialSetup, span: Span) -> RangeKey:
    """Under what the range test of a `shared_recipe` is kept.

    The digest of the recipe says all that is not said elsewhere; what is said twice is for people.
    """
    other = {
        "recipe": recipe.digest,
        "input_size": setup.key.input_size,
        "precision": setup.key.precision,
        "augment": recipe.augment,
        **vars(span),
    }
    return RangeKey(
        backbone=recipe.backbone,
        weights=setup.key.weights_digest,
        data=setup.data.digest,
        split=setup.splits.digest,
        optimiser=recipe.optimiser,
        tune=recipe.tune,
        batch_size=recipe.batch_size,
        head=recipe.head,
        other=tuple(sorted((name, str(value)) for name, value in other.items())),
    )
