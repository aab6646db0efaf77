"""Everything about a trial that is settled before anything takes long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search_spaces.errors import InfeasibleTrial, UsageError
from trainables.attacks import NO_ATTACK
from trainables.attacks.epsilons import check_epsilons
from trainables.attacks.making import make_attack
from trainables.backbones import Backbone, check_input_size, get_backbone
from trainables.bodies import body_of
from trainables.compiling import check_compiler
from trainables.config import TrialConfig
from trainables.data import ImageData, load
from trainables.device import resolve_device
from trainables.features import FeatureKey, settle_precision
from trainables.recipe_check import check_recipe
from trainables.splits import Splits
from trainables.splitting import split_for
from trainables.weak.kind import PseudoLabels
from trainables.weights_digest import weights_digest

if TYPE_CHECKING:
    from trainables.backbones import Body


@dataclass(frozen=True, eq=False)
class TrialSetup:
    """Data, splits, the body and the key of its features; `device` is "cpu", "cuda" or "cuda:N".

    `device` "cuda" extracts on every visible GPU; `one_device` is where all else happens. `pool`
    are images without labels that are trained on, by place; None where `weak` is `none`.
    """

    data: ImageData
    splits: Splits
    key: FeatureKey
    device: str
    spec: Backbone
    is_pretrained: bool
    pool: PseudoLabels | None = None

    @property
    def rows_N(self) -> np.ndarray:
        """Labelled images: training, then validation."""
        return np.concatenate([self.splits.train, self.splits.val])

    @property
    def input_rows_N(self) -> np.ndarray:
        """Images whose inputs are needed: labelled ones, then those of the pool."""
        return self.rows_N if self.pool is None else np.append(self.rows_N, self.pool.rows_P)

    @property
    def input_labels_N(self) -> np.ndarray:
        """Their labels, int64; of the pool's what `PseudoLabels` says."""
        known_N = np.asarray(self.data.labels_N[self.rows_N]).astype(np.int64)
        return known_N if self.pool is None else np.append(known_N, self.pool.labels_P)

    @property
    def one_device(self) -> str:
        """The device of the head and of the attack."""
        return "cuda:0" if self.device == "cuda" else self.device

    def body(self, config: TrialConfig) -> Body:
        """The frozen body, loaded or from the process's cache."""
        return body_of(config, self.key.weights_digest)


def prepare(config: TrialConfig) -> TrialSetup:
    """Checks what can be checked at once, and finds data and weights.

    Raises:
        UsageError: an unknown name, epsilons out of order, a device or sizes that there are not.
        UnavailableError: data or weights cannot be had, or what the attack or `compile` needs.
        InfeasibleTrial: the input is too small for the body, or the recipe contradicts itself.
    """
    device = resolve_device(config.device)
    check_epsilons(config.eps_255)
    if config.attack != NO_ATTACK:
        make_attack(config.attack)
    if config.compile:
        check_compiler()
    spec = get_backbone(config.backbone)
    input_size = config.input_size or spec.natural_size
    try:
        check_recipe(config)
        check_input_size(spec, input_size)
    except UsageError as error:
        raise InfeasibleTrial(str(error)) from None
    data = load(config.data, data_dir=config.data_dir, image_size=config.image_size)
    splits = split_for(config, data, gpu=device.startswith("cuda"))
    key = FeatureKey(
        data_digest=data.digest,
        backbone=config.backbone,
        weights_digest=weights_digest(config),
        input_size=input_size,
        resize=config.resize,
        precision=settle_precision(config.precision, device),
    )
    pretrained = spec.pretrained and config.weights == "pretrained"
    return TrialSetup(data, splits, key, device, spec, pretrained)
