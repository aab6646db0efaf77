"""What MLflow takes: names and lengths it allows, and as much at once as one call may hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

_PARAMS, _TAGS, _ALL = 100, 100, 1000  # the most that one call of log_batch may hold
_PARAM_LETTERS, _TAG_LETTERS, _NAME_LETTERS = 6000, 8000, 250


def milliseconds(seconds: float) -> int:
    """Unix seconds in MLflow's unit."""
    return round(1000 * seconds)


def allowed_name(name: str) -> str:
    """`name` as MLflow takes it for a parameter or metric: `_` for letters that it bars.

    A name is also a relative path to it, so `a//b`, `/a` and `..` are barred as well.
    """
    kept = re.sub(r"[^/\w.\- :]", "_", name)[:_NAME_LETTERS] or "_"
    if posixpath.normpath(kept) != kept or kept.startswith(("/", "..")) or kept == ".":
        return re.sub(r"[/.]", "_", kept)
    return kept


def fitting(tags: Mapping[str, str]) -> dict[str, str]:
    """Those tags that are not empty, cut to what MLflow holds."""
    return {key: value[:_TAG_LETTERS] for key, value in tags.items() if value}


def send_batch(
    client: MlflowClient,
    run_id: str,
    *,
    params: Mapping[str, str] | None = None,
    metrics: Sequence[Metric] = (),
    tags: Mapping[str, str] | None = None,
) -> None:
    """All of it, in one call where that is allowed; the tags come last in any case.

    A tag may say that the rest is there: MLflow commits parameters, metrics and tags one after
    another, and a kill may fall in between.
    """
    rows = list(metrics)
    # Two names may come to the same one once they are allowed, and MLflow bars a double.
    named = {allowed_name(key): value[:_PARAM_LETTERS] for key, value in (params or {}).items()}
    param_rows = [Param(key, value) for key, value in named.items()]
    tag_rows = [RunTag(key, value) for key, value in fitting(tags or {}).items()]
    while len(param_rows) > _PARAMS:
        client.log_batch(run_id, params=param_rows[:_PARAMS])
        del param_rows[:_PARAMS]
    while len(rows) + len(param_rows) + min(len(tag_rows), _TAGS) > _ALL:
        room = _ALL - len(param_rows)
        client.log_batch(run_id, params=param_rows, metrics=rows[:room])
        param_rows = []
        del rows[:room]
    while len(tag_rows) > _TAGS:
        client.log_batch(run_id, params=param_rows, metrics=rows, tags=tag_rows[:_TAGS])
        param_rows, rows = [], []
        del tag_rows[:_TAGS]
    if param_rows or rows or tag_rows:
        client.log_batch(run_id, params=param_rows, metrics=rows, tags=tag_rows)
