"""`lr_find`: a learning rate range test of one net on one data set, outside of any study."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.lr_found import FoundLr
from orchestrator.say import in_words, silent
from orchestrator.settings import make_config, parse_settings
from search_spaces.errors import UsageError
from trainables.backbones import check_input_size, get_backbone
from trainables.config import TrialConfig
from trainables.driving import drive
from trainables.lr_range.sweep import Span, learning_rates
from trainables.recipe_check import check_recipe
from trainables.reports import Progress


@dataclass(frozen=True)
class LrRequest:
    """What a person asked for; the same checked: `None` means "you decide".

    Args:
        settings: `"key=value"` strings that fix fields of `TrialConfig`.
        seed: of the split and the first sweep.
        seeds: sweeps, of `seed` and the ones after it.
        steps, lr_min, lr_max: of each sweep.
    """

    backbone: str | None = None
    data: str | None = None
    data_dir: Path | None = None
    image_size: int | None = None
    train_size: int | None = None
    weights: str | None = None
    weights_dir: Path | None = None
    settings: tuple[str, ...] = ()
    seed: int | None = None
    seeds: int = 1
    steps: int | None = None
    lr_min: float | None = None
    lr_max: float | None = None


def lr_find(
    backbone: str | None = None,
    *,
    data: str | None = None,
    data_dir: str | Path | None = None,
    image_size: int | None = None,
    train_size: int | None = None,
    weights: str | None = None,
    weights_dir: str | Path | None = None,
    settings: dict[str, object] | None = None,
    seed: int | None = None,
    seeds: int = 1,
    steps: int | None = None,
    lr_min: float | None = None,
    lr_max: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> FoundLr:
    """Train for a few steps at a rising learning rate, and say which one to take.

    Args:
        settings: fields of TrialConfig to fix, such as `{"tune": "all"}`.
        seeds: sweeps, of `seed` and the ones after it; suggestions are their geometric mean.
        steps, lr_min, lr_max: of each sweep (default: 100 steps from 1e-7 to 10).
        progress: is given a line about once a second; `print` will do.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: data or weights cannot be had here.
    """
    request = LrRequest(
        backbone=backbone,
        data=data,
        data_dir=None if data_dir is None else Path(data_dir),
        image_size=image_size,
        train_size=train_size,
        weights=weights,
        weights_dir=None if weights_dir is None else Path(weights_dir),
        settings=tuple(f"{key}={value}" for key, value in (settings or {}).items()),
        seed=seed,
        seeds=seeds,
        steps=steps,
        lr_min=lr_min,
        lr_max=lr_max,
    )
    say = progress or silent
    return drive(finding(request), lambda sign: say(in_words(sign)))


def finding(request: LrRequest) -> Generator[Progress, None, FoundLr]:
    """As `lr_find`; yields signs of life."""
    started = time.monotonic()
    config, span = asked_config(request), asked_span(request)
    yield Progress("loading data and weights")
    from trainables.lr_range.of_trial import range_test
    from trainables.setup import prepare
    from trainables.subsets.of_trial import chosen_setup
    from trainables.threads import torch_threads

    with torch_threads(config.threads):
        setup, _ = yield from chosen_setup(config, prepare(config))
        settled = config.replace(input_size=setup.key.input_size, precision=setup.key.precision)
        test = yield from range_test(settled, setup, span, seeds=request.seeds)
    seconds = time.monotonic() - started
    return FoundLr(settled, test, span, setup.data.digest, len(setup.splits.train), seconds)


def asked_config(request: LrRequest) -> TrialConfig:
    """The config of the trial whose range test it is; nothing is attacked.

    Raises:
        UsageError: a field named twice, wrong by itself, or contrary to another.
    """
    names = ("backbone", "data", "data_dir", "image_size", "train_size", "weights", "weights_dir")
    given: dict[str, Any] = {name: getattr(request, name) for name in (*names, "seed")}
    given["split_seed"] = request.seed
    options = {name: value for name, value in given.items() if value is not None}
    fixed = parse_settings(request.settings)
    if twice := sorted(options.keys() & fixed.keys()):
        raise UsageError("A field has an option or a --set, not both.", got=twice[0])
    if "lr_factor" in fixed:
        raise UsageError(
            "lr_factor multiplies what a range test suggests; it is no part of the test.",
            got=fixed["lr_factor"],
        )
    config = make_config({"attack": "none", **options, **fixed})
    spec = get_backbone(config.backbone)
    check_recipe(config)
    check_input_size(spec, config.input_size or spec.natural_size)
    return config


def asked_span(request: LrRequest) -> Span:
    """The sweep asked for, with the defaults of `Span`.

    Raises:
        UsageError: not a range, or too few steps or seeds.
    """
    given = {name: getattr(request, name) for name in ("lr_min", "lr_max", "steps")}
    span = Span(**{name: value for name, value in given.items() if value is not None})
    learning_rates(span.lr_min, span.lr_max, span.steps)
    if request.seeds < 1:
        raise UsageError("A range test has at least one seed.", got=request.seeds)
    return span
