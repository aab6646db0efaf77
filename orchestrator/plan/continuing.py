"""Plans a further session of a study that exists: its choices are frozen, only budgets change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from optuna.trial import TrialState

from orchestrator.plan.resources import find_resources
from orchestrator.plan.settling import asked_fields
from orchestrator.plan.splitting import load_split
from orchestrator.plan.value import Estimate, SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.settings import make_config, parse_settings
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec
from orchestrator.study.uris import held_tracking_uri
from search_spaces.errors import UsageError
from search_spaces.space import Space
from trainables.data import load

_PLACES = ("data_dir", "weights_dir", "cache_limit_gb", "device", "threads")
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def plan_continuation(request: SearchRequest, space: Space, storage: str) -> SearchPlan:
    """The plan to go on with `request.study`.

    Raises:
        UsageError: the request names another space, data, split, config or backbone than the
            study was made with; says what differs.
    """
    study = load_study(open_storage(storage), str(request.study))
    spec = read_spec(study)
    found = _differences(spec, request, space) + _changed_data(spec)
    if found:
        raise UsageError(
            f"A study goes on only with the choices it was made with; {spec.name} differs in:"
            + "".join(f"\n  - {line}" for line in found)
            + "\nGo on without these options, or start a new study under another name."
        )
    resources = find_resources(replace(request, local=request.local))
    if request.trials is not None:
        spec = spec.model_copy(update={"trials": request.trials})
    finished = sum(trial.state in _DONE for trial in study.get_trials(deepcopy=False))
    return SearchPlan(
        request=request,
        space=space,
        spec=spec,
        resources=resources,
        storage=storage,
        tracking_uri=held_tracking_uri(spec.tracking_uri, request.tracking_uri),
        continuing=True,
        finished=finished,
        estimate=_rest(spec, finished),
        time_budget=request.time_budget,
    )


def _differences(spec: StudySpec, request: SearchRequest, space: Space) -> list[str]:
    """What the request asks for that the study was not made with, a line each."""
    lines = []
    if space.name != spec.space:
        lines.append(_line("search space", spec.space, space.name))
    elif space.version != spec.space_version:
        lines.append(_line("version of the search space", spec.space_version, space.version))
    if request.backbones is not None and request.backbones != spec.backbones:
        lines.append(_line("backbones", ", ".join(spec.backbones), ", ".join(request.backbones)))
    fixed = parse_settings(request.settings)
    asked = {**asked_fields(request), **fixed}
    wanted = make_config(asked).model_dump(mode="json")
    if "data" in asked:
        wanted["data"] = load(wanted["data"], image_size=wanted["image_size"]).name
    for key in asked:
        if key not in _PLACES and wanted[key] != _held(spec, key, fixed):
            lines.append(_line(key, _held(spec, key, fixed), wanted[key]))
    return lines


def _held(spec: StudySpec, key: str, fixed: dict[str, Any]) -> Any:
    """The study's value of a field; one that it searches is not fixed to anything."""
    if key in fixed and key not in spec.fixed:
        return "nothing fixed"
    return spec.base_config.get(key)


def _changed_data(spec: StudySpec) -> list[str]:
    split = load_split(make_config(spec.base_config), gpu=False)
    lines = []
    if split.data.digest != spec.data.digest:
        lines.append(_line(f"data {spec.data.name}", spec.data.digest, split.data.digest))
    elif split.spec.digest != spec.split.digest:
        lines.append(_line("split", spec.split.digest, split.spec.digest))
    return lines


def _line(what: str, held: object, asked: object) -> str:
    return f"{what}: the study has {held}, you ask for {asked}"


def _rest(spec: StudySpec, finished: int) -> Estimate | None:
    """What is left of the time that was planned, in proportion to the trials left."""
    if spec.plan_seconds is None:
        return None
    share = max(0, spec.trials - finished) / max(1, spec.trials)
    return Estimate(spec.plan_seconds * share, extract=0, head=0, attack=0, start=0)
