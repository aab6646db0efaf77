"""`Ground`: what a search stands on, for our own trials and for anybody's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.plan.resources import find_resources
from orchestrator.plan.searching import trials_wanted
from orchestrator.plan.settling import settle
from orchestrator.plan.value import Estimate, Resources
from orchestrator.request import SearchRequest
from orchestrator.run.trainable import load_trainable
from orchestrator.say import Say
from orchestrator.settings import parse_free_settings
from orchestrator.study.configs import is_ours
from orchestrator.study.measured_alike import attack_spec
from search_spaces.errors import UsageError
from search_spaces.exploring import check_params, parameters
from search_spaces.space import Space, SpaceContext

OUR_TRIAL = "trainables.trial:train"
_OWN_TRIALS = 20
# Options that say something about images and backbones.
_OURS_ALONE = (
    *("data", "data_dir", "image_size", "train_size", "val_size", "robust_size", "validation"),
    *("backbones", "weights", "weights_dir", "cache_limit_gb"),
)


@dataclass(frozen=True)
class Ground:
    """What trials are made of and run on.

    Args:
        fields: of `StudySpec`, as far as they follow from data, trainable and machine.
        context: what the space may know.
        fixed: what `--set` fixed.
    """

    fields: dict[str, Any]
    context: SpaceContext
    fixed: dict[str, Any]
    trials: int
    seed: int
    resources: Resources
    to_fetch: tuple[str, ...] = ()
    estimate: Estimate | None = None
    trainable: str = OUR_TRIAL
    trainable_path: str = field(default="")

    @property
    def ours(self) -> bool:
        """Whether trials take a TrialConfig."""
        return is_ours(self.trainable)


def find_ground(request: SearchRequest, space: Space, say: Say) -> Ground:
    """Look up and measure what the search needs.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: data or weights cannot be had here.
    """
    if request.trainable is not None and not is_ours(request.trainable):
        return _own(request, space)
    settled = settle(request, space, say)
    split = settled.split
    asked = settled.asked
    return Ground(
        fields={
            "base_config": settled.base,
            "data": split.data,
            "split": split.spec,
            "backbones": settled.found.tried,
            "left_out": settled.found.left_out,
            "input_sizes": settled.sizes,
            "input_size_reason": settled.sizing.reason,
            "attack": attack_spec(asked.attack, asked.eps_255, split.spec.robust),
            "plan_seconds": settled.sizing.estimate.total,
        },
        context=settled.context,
        fixed={key: settled.base.get(key) for key in settled.fixed},
        trials=settled.work.trials,
        seed=asked.seed,
        resources=settled.resources,
        to_fetch=settled.found.to_fetch,
        estimate=settled.sizing.estimate,
        trainable=request.trainable or OUR_TRIAL,
    )


def _own(request: SearchRequest, space: Space) -> Ground:
    """The ground of a trainable of one's own: its space, what `--set` fixes, and the machine."""
    asked = [name for name in _OURS_ALONE if getattr(request, name) is not None]
    if asked:
        option = "--" + asked[0].replace("_", "-").replace("-gb", "")
        rule = f"{option} is for the trials of this project; {request.trainable} has its own data."
        raise UsageError(rule, hint="Pass what it needs with --set KEY=VALUE.")
    folder = str(Path.cwd())
    load_trainable(str(request.trainable), folder)
    fixed = parse_free_settings(request.settings)
    base = {**space.defaults, **space.fixed}
    context = SpaceContext(defaults={**base, **fixed})
    known = parameters(space, context)
    check_params(known, {key: value for key, value in fixed.items() if key in known})
    return Ground(
        fields={"base_config": base},
        context=context,
        fixed=fixed,
        trials=trials_wanted(request, _OWN_TRIALS),
        seed=request.seed or 0,
        resources=find_resources(request),
        trainable=str(request.trainable),
        trainable_path=folder,
    )
