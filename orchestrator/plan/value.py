"""`SearchPlan`: what a search is going to do, decided and shown before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.request import SearchRequest
from orchestrator.study.spec import StudySpec
from search_spaces.space import Space


@dataclass(frozen=True)
class Resources:
    """What trials run on.

    Args:
        cpus, gpus: of the whole machine or cluster.
        address: of the cluster, None for this machine.
        local: no Ray at all.
    """

    cpus: float
    gpus: float
    cpus_per_trial: float
    gpus_per_trial: float
    concurrency: int
    address: str | None = None
    local: bool = False


@dataclass(frozen=True)
class Estimate:
    """Seconds that the search is expected to take, wall time.

    Args:
        total: of everything.
        extract, head, attack: what trials spend on each part, already divided among those that
            run at a time.
        start: before the first trial runs.
        train: what trials spend on training nets, where more than heads is trained; divided too.
        corrupt: on corrupting images and predicting them; divided too.
    """

    total: float
    extract: float
    head: float
    attack: float
    start: float
    train: float = 0.0
    corrupt: float = 0.0


@dataclass(frozen=True)
class SearchPlan:
    """All decisions of a search.

    Args:
        spec: what the study will hold (or already holds).
        continuing: the study exists, and this session goes on with it.
        finished: trials that the study has finished already.
        to_fetch: backbones whose weights are still to be downloaded.
        estimate: None where nothing is known of the machine that trials will run on.
        storage: Optuna URL, password included.
        tracking_uri: MLflow URI, password included.
        time_budget: seconds after which no new trial starts, or None.
        tries: further points to try first, of a study that exists.
        retry_failed: run the failed trials of a study that exists again.
    """

    request: SearchRequest
    space: Space
    spec: StudySpec
    resources: Resources
    storage: str
    tracking_uri: str
    continuing: bool = False
    finished: int = 0
    to_fetch: tuple[str, ...] = ()
    estimate: Estimate | None = None
    time_budget: float | None = None
    tries: tuple[dict[str, Any], ...] = ()
    retry_failed: bool = False
