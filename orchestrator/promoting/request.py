"""`PromoteRequest`: what a person asked for, before anything is looked up or decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from orchestrator.comparing.planning import LEAST_REPEATS
from orchestrator.promoting.decision import By, Gates
from orchestrator.request import SearchRequest
from search_spaces.errors import UsageError
from trainables.attacks.figures import is_under_attack

FINALISTS, REPEATS = 3, 5
ATTACK_IMAGES = 1000
ATTACK_SECONDS = 600.0
"""For one model: what 1,000 images of 32 px take under 100 steps through a small net on 2 cores."""


@dataclass(frozen=True)
class PromoteRequest:
    """One call of `orchestrator promote`, or of `orchestrator.promote()`.

    Args:
        study: that was searched (default: the newest).
        name: of the registered model (default: that of the data).
        trial: the one finalist, by number.
        finalists: trials that are trained again, best first; of a study with several objectives
            those on its Pareto front.
        repeats: trainings of each, on fresh seeds and splits.
        gates: what the candidate must hold; `by` of None is the study's first objective.
        by: what it must be better in than the champion: `accuracy` or `robustness`.
        attack: a registered attack, or `none` (default: the strongest that fits the time).
        attack_images: test images that are attacked, balanced over the classes.
        attack_seconds: about so long for each model; it decides which attack is taken.
        dry_run: measure and say, and leave the registry as it is.
        challenger: register the candidate as challenger; the champion stays.
        onnx: the model in that format, too.
        run: where trials run: `storage`, `tracking_uri`, `cpus_per_trial`, `local`, ...
    """

    study: str | None = None
    name: str | None = None
    trial: int | None = None
    finalists: int = FINALISTS
    repeats: int = REPEATS
    min_acc: float | None = None
    min_robust: float | None = None
    max_latency_ms: float | None = None
    by: By | None = None
    alpha: float = 0.05
    attack: str | None = None
    attack_images: int = ATTACK_IMAGES
    attack_seconds: float = ATTACK_SECONDS
    dry_run: bool = False
    challenger: bool = False
    onnx: bool = False
    run: SearchRequest = field(default_factory=SearchRequest)

    def __post_init__(self) -> None:
        _check(self)

    def gates(self, first_objective: str) -> Gates:
        """What the candidate must hold."""
        robust = is_under_attack(first_objective)
        return Gates(
            min_acc=self.min_acc,
            min_robust=self.min_robust,
            max_latency_ms=self.max_latency_ms,
            by=self.by or ("robustness" if robust else "accuracy"),
            alpha=self.alpha,
        )


def _check(asked: PromoteRequest) -> None:
    """Raises UsageError for what cannot be, before anything runs."""
    from trainables.attacks import NO_ATTACK

    for flag, share in (("--min-acc", asked.min_acc), ("--min-robust", asked.min_robust)):
        if share is not None and not 0 <= share <= 1:
            hint = f"{share:g} % is {flag} {share / 100:g}." if 1 < share <= 100 else ""
            raise UsageError(f"{flag} is a share from 0 to 1.", got=share, hint=hint)
    least = {
        "--finalists": (asked.finalists, 1),
        "--repeats": (asked.repeats, LEAST_REPEATS),
        "--attack-images": (asked.attack_images, 1),
    }
    for flag, (number, bound) in least.items():
        if number < bound:
            raise UsageError(f"{flag} must be at least {bound}.", got=number)
    if not 0 < asked.alpha < 0.5:
        raise UsageError("--alpha is a level between 0 and 0.5, such as 0.05.", got=asked.alpha)
    latency = asked.max_latency_ms
    if latency is not None and not (math.isfinite(latency) and latency > 0):
        raise UsageError("--max-latency-ms must be above 0.", got=latency)
    if asked.by not in (None, "accuracy", "robustness"):
        raise UsageError("--by is accuracy or robustness.", got=asked.by)
    if asked.dry_run and asked.challenger:
        raise UsageError("--dry-run changes nothing, and --challenger registers a version.")
    if asked.attack is None:
        return
    if asked.attack != NO_ATTACK:
        from trainables.attacks.making import make_attack

        make_attack(asked.attack)
    elif asked.min_robust is not None or asked.by == "robustness":
        rule = "Robustness cannot be asked for without an attack."
        raise UsageError(rule, hint="Leave --attack none away.")
