"""Promoted models that became no version, because their promotion was killed on the way.

A promotion that fails takes its own model away again; one that is killed cannot. So each model
says which process made it, and the next promotion deletes those of dead ones.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

from mlflow import MlflowClient
from mlflow.entities import LoggedModel

from orchestrator.tracking.models import delete_model
from orchestrator.tracking.process_marks import ProcessMark

PROMOTED_TAG = "orchestrator.promoted"
"""Of a logged model; those with the tags of a study's trials come and go with its ranking."""
MAKER_TAG = "orchestrator.maker"
_GIVEN_UP = 86_400.0  # seconds: a maker on another machine cannot be seen to be dead


def promoted_tags() -> dict[str, str]:
    """Of a model that this process logs."""
    return {PROMOTED_TAG: "true", MAKER_TAG: json.dumps(asdict(ProcessMark.here()))}


def clear_leftovers(client: MlflowClient, experiment_id: str) -> None:
    """Delete them, with their files; a model that a version stands on stays, whoever made it.

    Raises:
        MlflowException: or whatever else a store may raise.
    """
    for model in _promoted(client, experiment_id):
        if _is_given_up(model):
            delete_model(client, model, client.tracking_uri)


def _promoted(client: MlflowClient, experiment_id: str) -> Iterator[LoggedModel]:
    token = None
    while True:
        page = client.search_logged_models(
            [experiment_id], f"tags.`{PROMOTED_TAG}` = 'true'", page_token=token
        )
        yield from list(page)
        token = page.token
        if not token:
            return


def _is_given_up(model: LoggedModel) -> bool:
    with contextlib.suppress(KeyError, ValueError, TypeError):
        maker = ProcessMark(**json.loads(model.tags[MAKER_TAG]))
        old = time.time() - model.creation_timestamp / 1000 > _GIVEN_UP
        return maker.is_dead or old
    return False  # of an earlier release, or changed by a person: nobody knows whose it is
