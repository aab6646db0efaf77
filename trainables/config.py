"""`TrialConfig`: everything one trial needs, resolved once. Defaults live here and nowhere else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from trainables.recipe_fields import RecipeFields

# What a trial's result does not depend on: the same trial elsewhere has the same digest.
_PLACE_FIELDS = frozenset(
    {"data_dir", "weights_dir", "cache_limit_gb", "device", "threads", "accumulation", "compile"}
)


# Came later than others: at its default such a field leaves the digest as it was before, so that a
# study of an older version goes on.
_LATER_FIELDS = frozenset(
    {
        *("adversarial", "adversarial_eps_255", "adversarial_steps", "trades_beta", "subset"),
        *("corruptions", "weak", "validation", "second_attack"),
    }
)


class TrialConfig(RecipeFields):
    """One trial. A space gives ranges and overrides; `--set field=value` fixes any field.

    The fields of training are in `recipe_fields.py`, the others here.

    Raises:
        pydantic.ValidationError: an unknown field, or a value outside its bounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # Data and splits
    data: str = Field("cifar10", description="Data source: a registered name or folder:PATH.")
    data_dir: Path | None = Field(None, description="Folder that already holds the data.")
    image_size: int | None = Field(
        None, ge=8, le=512, description="Pixels a side at which folder:PATH is stored (default 32)."
    )
    train_size: int | None = Field(
        None,
        ge=1,
        description="Labelled training images (1,000, or in proportion if data is small).",
    )
    val_size: int | None = Field(
        None, ge=1, description="Labelled validation images (1,000, or in proportion)."
    )
    robust_size: int | None = Field(
        None, ge=1, description="Validation images that are attacked (256 on CPUs, 1,000 on a GPU)."
    )
    validation: str = Field(
        "split",
        description="On images set aside (split), or by folds of the labelled ones: kfold:5x4 is 5 "
        "folds, drawn anew 4 times.",
    )
    split_seed: int = Field(0, ge=0, description="Which images fall into which split.")
    subset: str = Field(
        "stratified",
        description="How training images are chosen: a registered strategy, as margin:batch=50.",
    )
    weak: str = Field(
        "none",
        description="What is made of images without labels: none, or a registered method of weak "
        "supervision, as pseudo_label:threshold=0.8.",
    )

    # Body
    backbone: str = Field(
        "tf_efficientnet_lite0", description="A registered backbone or timm:NAME."
    )
    weights: Literal["pretrained", "random"] = Field(
        "pretrained", description="Where the body starts; random only when asked for."
    )
    weights_dir: Path | None = Field(
        None, description="Folder or file to look in for weights first."
    )
    input_size: int | None = Field(
        None, ge=8, le=1024, description="Pixels a side the body sees (default: its natural size)."
    )
    resize: Literal["bicubic", "bilinear"] = Field(
        "bicubic", description="Interpolation from the data's size to input_size."
    )
    depth: int | None = Field(
        None, ge=1, le=64, description="Of mini_vgg and mlp (default: the net's own)."
    )
    width: int | None = Field(
        None, ge=1, le=16384, description="Of mini_vgg, mlp, resnet9 (default: the net's own)."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Arithmetic of the net; auto takes what is faster at equal accuracy.",
    )

    # Robustness (the threat model is in ARCHITECTURE.md)
    attack: str = Field(
        "fgsm",
        description="A registered attack (`pgd:steps=20,norm=l2` sets its options), or none.",
    )
    second_attack: str = Field(
        "auto",
        description="At 8/255 on what attack left standing: an attack, or none; auto: pgd "
        "in 10 steps after fgsm, in no more passes than that took.",
    )
    eps_255: tuple[float, ...] = Field(
        (0, 0.5, 1, 2, 4, 8, 16),
        description="Epsilons in 1/255 of the pixel range, ascending from 0.",
    )
    corruptions: str = Field(
        "none",
        description="none, all, or names and families (`noise,fog`), at 5 severities.",
    )

    # How and where
    seed: int = Field(
        0, ge=0, description="Head initialisation, order of batches, dropout, attack."
    )
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N.")
    threads: int | None = Field(None, ge=1, description="Torch threads (default: the CPUs given).")
    accumulation: int = Field(
        1,
        ge=1,
        description="Parts a batch is computed in; gradients are summed, so only memory changes.",
    )
    cache_limit_gb: float = Field(
        20.0, gt=0, description="Bound of the feature cache, in gigabytes."
    )

    @property
    def digest(self) -> str:
        """16 hex digits; equal for equal results to be expected, wherever the trial runs."""
        usual = {name for name in _LATER_FIELDS if self._is_default(name)}
        fields = self.model_dump(mode="json", exclude={*_PLACE_FIELDS, *usual})
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]

    def _is_default(self, name: str) -> bool:
        return bool(getattr(self, name) == type(self).model_fields[name].default)

    def replace(self, **changes: Any) -> TrialConfig:
        """A new, validated config with `changes` made."""
        return TrialConfig.model_validate({**self.model_dump(), **changes})

    @classmethod
    def later_defaults(cls) -> dict[str, Any]:
        """Of the fields that came later: what a config ran with that was written before them."""
        return {name: cls.model_fields[name].default for name in sorted(_LATER_FIELDS)}
