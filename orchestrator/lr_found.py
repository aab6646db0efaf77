"""`FoundLr`: what a learning rate range test found, for `lr_find()` and `orchestrator lr-find`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainables.config import TrialConfig
from trainables.lr_range.own_lr import RULE
from trainables.lr_range.several import RangeTest
from trainables.lr_range.sweep import Span
from trainables.lr_range.value import Suggestion

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FoundLr:
    """A range test, and what it was made with.

    Args:
        config: its input size and precision are settled; sweep number n has the seed of it plus n.
        test: the sweeps.
        span: learning rates and steps of a sweep, as asked for.
        data_digest: of pixels and labels.
        images: labelled training images.
        seconds: wall time, extraction of features included.
    """

    config: TrialConfig
    test: RangeTest
    span: Span
    data_digest: str
    images: int
    seconds: float

    @property
    def lr(self) -> float | None:
        """What the default rule suggests, and what `lr_factor` multiplies; None for nothing."""
        return self.test.suggestion(RULE).lr

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """Of each rule, over all seeds, the default one first."""
        return tuple(sorted(self.test.suggestions, key=lambda each: each.name != RULE))

    @property
    def curve(self) -> pd.DataFrame:
        """One row a step: `seed`, `step` (from 0), `lr`, `loss`, `smoothed` (NaN once diverged)."""
        import pandas as pd

        parts = [
            pd.DataFrame(
                {
                    "seed": seed,
                    "step": range(len(one.lrs_S)),
                    "lr": one.lrs_S,
                    "loss": one.losses_S,
                    "smoothed": one.smoothed_S,
                }
            )
            for seed, one in zip(self.seeds, self.test.ranges, strict=True)
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the sweeps."""
        return tuple(self.config.seed + number for number in range(len(self.test.ranges)))

    @property
    def png(self) -> bytes:
        """The picture: loss over learning rate, the suggestions marked."""
        from trainables.pictures.lr_range import draw_lr_range
        from trainables.pictures.style import png

        return png(draw_lr_range(self.test, title=self.title, subtitle=self.subtitle))

    @property
    def title(self) -> str:
        """What was tested, such as `resnet9 on cifar10`."""
        return f"{self.config.backbone} on {self.config.data}"

    @property
    def subtitle(self) -> str:
        """And how, in a line."""
        config = self.config
        parts = (
            f"{self.images:,} images at {config.input_size} px",
            f"tune={config.tune}",
            f"{config.head} head",
            f"{config.optimiser}, batch {config.batch_size}",
            *([f"augment={config.augment}"] if config.augment != "none" else []),
            config.precision,
        )
        return " · ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        return {
            "backbone": self.config.backbone,
            "data": {
                "name": self.config.data,
                "digest": self.data_digest,
                "train": self.images,
            },
            "lr": self.lr,
            "rule": RULE,
            "suggestions": [vars(each) for each in self.suggestions],
            "lr_min": self.span.lr_min,
            "lr_max": self.span.lr_max,
            "steps": self.span.steps,
            "ranges": [
                {"seed": seed, **one.to_json()}
                for seed, one in zip(self.seeds, self.test.ranges, strict=True)
            ],
            "config": self.config.model_dump(mode="json"),
            "seconds": self.seconds,
        }
