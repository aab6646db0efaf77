"""`orchestrator attack STUDY`: its best trials under ever stronger attacks."""

from __future__ import annotations

from typing import Annotated

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import (
    DATA,
    MACHINES,
    SEARCH,
    AnyStudy,
    Json,
    Storage,
    TrackingUri,
    option,
)
from orchestrator.cli.quantities import names, seconds
from search_spaces.errors import UsageError

Top = Annotated[
    int, option("--top", "N", SEARCH, "Trials that are attacked, best first.", "5", min=1)
]
Trials = Annotated[
    str | None,
    option("--trials", "N,N", SEARCH, "Their numbers, instead of the best.", "the best few"),
]
Eps = Annotated[
    float | None,
    option(
        "--eps",
        "EPS",
        DATA,
        "Epsilon in units of 1/255, such as 8.",
        "the study's largest at which one still has a fifth of the images right",
    ),
]
Time = Annotated[
    str | None, option("--time", "TIME", MACHINES, "For all attacks together: 90s, 1h.", "10m")
]
Passes = Annotated[
    int | None,
    option("--passes", "N", MACHINES, "Images forward and backward, at most.", "no limit", min=1),
]
Gate = Annotated[
    float | None,
    option(
        "--gate",
        "SHARE",
        DATA,
        "Tell whether each finalist's accuracy under attack is at least this; 40 % is 0.4.",
        "none",
    ),
]
Margin = Annotated[
    float,
    option(
        "--margin",
        "SHARE",
        DATA,
        "Trials within this share of the images of each other count as alike.",
        "0.02",
    ),
]
Seed = Annotated[int, option("--seed", "SEED", DATA, "Of the attacks' random starts.", "0", min=0)]
Device = Annotated[
    str, option("--device", "DEVICE", MACHINES, "cpu, cuda or cuda:N.", "a GPU if there is one")
]


def attack(
    study: AnyStudy = None,
    top: Top = 5,
    trials: Trials = None,
    eps: Eps = None,
    time: Time = None,
    passes: Passes = None,
    gate: Gate = None,
    margin: Margin = 0.02,
    seed: Seed = 0,
    device: Device = "auto",
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Attack the best trials harder and harder: PGD-10, PGD-50 x 10, the ensemble on the last few.

    Each attack stops as soon as it is settled who goes on. What breaks one trial is tried on all.
    """
    limit, numbers = seconds(time), _numbers(trials)
    with stdout_kept_clean(as_json) as stream:
        from orchestrator.attacking.attack import attacking
        from orchestrator.attacking.request import SECONDS, AttackRequest
        from orchestrator.views.ladder_table import print_attack
        from orchestrator.views.stages import watched

        request = AttackRequest(
            study=study,
            top=top,
            trials=numbers,
            eps_255=eps,
            seconds=SECONDS if limit is None else limit,
            passes=passes,
            gate=gate,
            margin=margin,
            seed=seed,
            device=device,
            storage=storage,
            tracking_uri=tracking_uri,
        )
        found = watched(attacking(request))
        if as_json:
            print_json(found.to_json(), file=stream)
        else:
            print_attack(found)


def _numbers(text: str | None) -> tuple[int, ...]:
    """`3,7` as numbers."""
    found = names(text) or ()
    if wrong := next((each for each in found if not each.isdecimal()), None):
        hint = "`orchestrator show STUDY` has them."
        raise UsageError("Trials are named by their numbers, such as 3,7.", got=wrong, hint=hint)
    return tuple(int(each) for each in found)
