"""Plans a further session of a study that exists: its choices are frozen, only budgets change."""

from __future__ import annotations

from typing import Any

from orchestrator.plan.goals import parse_condition, parse_objectives
from orchestrator.plan.resources import find_resources
from orchestrator.plan.searching import points, target_of
from orchestrator.plan.settling import asked_fields
from orchestrator.plan.splitting import load_split
from orchestrator.plan.value import Estimate, SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.settings import make_config, parse_free_settings, parse_settings
from orchestrator.study.configs import is_ours
from orchestrator.study.context import study_context
from orchestrator.study.facts import read_facts
from orchestrator.study.measured_alike import attack_version
from orchestrator.study.pruners import parse_pruner
from orchestrator.study.samplers import SAMPLERS
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec
from orchestrator.study.uris import held_tracking_uri
from search_spaces.errors import UsageError
from search_spaces.exploring import parameters
from search_spaces.space import Space
from trainables.corruptions.choosing import corruptions_as_typed
from trainables.data import load
from trainables.folds import as_typed
from trainables.weak import weak_as_typed

_PLACES = ("data_dir", "weights_dir", "cache_limit_gb", "device", "threads", "accumulation")


def plan_continuation(request: SearchRequest, space: Space, storage: str) -> SearchPlan:
    """The plan to go on with `request.study`.

    Raises:
        UsageError: the request names another space, data, split, config or backbone than the
            study was made with; says what differs.
    """
    study = load_study(open_storage(storage), str(request.study))
    spec = read_spec(study)
    found = _differences(spec, request, space) + _changed_data(spec) + _changed_attack(spec)
    if found:
        raise UsageError(
            f"A study goes on only with the choices it was made with; {spec.name} differs in:"
            + "".join(f"\n  - {line}" for line in found)
            + "\nGo on without these options, or start a new study under another name."
        )
    finished = sum(read_facts(trial).counts for trial in study.get_trials(deepcopy=False))
    spec = _extended(spec, request, finished)
    return SearchPlan(
        request=request,
        space=space,
        spec=spec,
        resources=find_resources(request),
        storage=storage,
        tracking_uri=held_tracking_uri(spec.tracking_uri, request.tracking_uri),
        continuing=True,
        finished=finished,
        estimate=_rest(spec, finished),
        time_budget=request.time_budget,
        tries=points(request, space, study_context(spec), spec.fixed),
        retry_failed=request.retry_failed,
    )


def _extended(spec: StudySpec, request: SearchRequest, finished: int) -> StudySpec:
    """The spec with the budgets of this session; all else stays as it was frozen."""
    if request.trials is not None and request.add_trials is not None:
        rule = "--trials says how many there are to be in all, --add-trials how many more."
        raise UsageError(rule, hint="Give one of the two.")
    changes: dict[str, Any] = {}
    if request.trials is not None:
        changes["trials"] = request.trials
    if request.add_trials is not None:
        # An unfinished search keeps what it still owes; a longer one than asked for counts whole.
        changes["trials"] = max(spec.trials, finished) + request.add_trials
    if request.max_failures is not None:
        changes["max_failures"] = request.max_failures
    if request.on_budget is not None:
        changes["on_budget"] = request.on_budget
    # A target that was reached would end a session that extends the search before it began.
    changes["target"] = target_of(request, ours=is_ours(spec.trainable))
    return spec.model_copy(update=changes)


def _differences(spec: StudySpec, request: SearchRequest, space: Space) -> list[str]:
    """What the request asks for that the study was not made with, a line each."""
    lines = _changed_space(spec, space)
    if request.backbones is not None and request.backbones != spec.backbones:
        lines.append(_line("backbones", ", ".join(spec.backbones), ", ".join(request.backbones)))
    if request.trainable is not None and request.trainable != spec.trainable:
        lines.append(_line("trainable", spec.trainable, request.trainable))
    lines += _changed_search(spec, request)
    return lines + _changed_fields(spec, request)


def _changed_space(spec: StudySpec, space: Space) -> list[str]:
    """Another space, another version, or other ranges under the same version."""
    if space.name != spec.space:
        return [_line("search space", spec.space, space.name)]
    if space.version != spec.space_version:
        return [_line("version of the search space", spec.space_version, space.version)]
    now = {name: each.range for name, each in parameters(space, study_context(spec)).items()}
    names = [*spec.parameters, *(name for name in now if name not in spec.parameters)]
    return [
        _line(f"the space's {name}", spec.parameters.get(name, "none"), now.get(name, "none"))
        for name in names
        if spec.parameters.get(name) != now.get(name)
    ]


def _changed_search(spec: StudySpec, request: SearchRequest) -> list[str]:
    """Objectives, sampler and pruner: what the study has learned rests on them."""
    ours = is_ours(spec.trainable)
    lines = []
    if request.objective is not None:
        asked = parse_objectives(request.objective, ours=ours)
        if asked != spec.objectives:
            lines.append(_line("objectives", _names(spec.objectives), _names(asked)))
    if request.constraints:
        held = ", ".join(map(str, spec.constraints)) or "none"
        wanted = ", ".join(
            str(parse_condition(text, option="--constraint", ours=ours))
            for text in request.constraints
        )
        if wanted != held:
            lines.append(_line("constraints", held, wanted))
    if request.sampler not in (None, "auto", spec.sampler):
        SAMPLERS.get(str(request.sampler))
        lines.append(_line("sampler", spec.sampler, request.sampler))
    if request.pruner is not None and parse_pruner(request.pruner) != spec.pruner:
        lines.append(_line("pruner", spec.pruner.name, request.pruner))
    if request.gate is not None and spec.gate is not None:
        gate = parse_objectives(request.gate, ours=ours)
        if gate != (spec.gate,):
            lines.append(_line("gate", spec.gate.metric, request.gate))
    if request.warm_start and request.warm_start != spec.warm_start:
        held = ", ".join(spec.warm_start) or "none"
        lines.append(_line("warm start", held, ", ".join(request.warm_start)))
    if request.duplicates is not None and request.duplicates != spec.duplicates:
        lines.append(_line("duplicates", spec.duplicates, request.duplicates))
    return lines


def _names(objectives: tuple[ObjectiveSpec, ...]) -> str:
    return ", ".join(f"{each.direction} {each.metric}" for each in objectives)


def _changed_fields(spec: StudySpec, request: SearchRequest) -> list[str]:
    if not is_ours(spec.trainable):
        fixed = parse_free_settings(request.settings)
        return [
            _line(key, spec.fixed.get(key, "nothing fixed"), value)
            for key, value in fixed.items()
            if spec.fixed.get(key) != value
        ]
    fixed = parse_settings(request.settings)
    asked = {**asked_fields(request), **fixed}
    wanted = make_config(asked).model_dump(mode="json")
    wanted["validation"] = as_typed(wanted["validation"])
    wanted["corruptions"] = corruptions_as_typed(wanted["corruptions"])
    wanted["weak"] = weak_as_typed(wanted["weak"])
    if "data" in asked:
        wanted["data"] = load(wanted["data"], image_size=wanted["image_size"]).name
    return [
        _line(key, _held(spec, key, fixed), wanted[key])
        for key in asked
        if key not in _PLACES and wanted[key] != _held(spec, key, fixed)
    ]


def _held(spec: StudySpec, key: str, fixed: dict[str, Any]) -> Any:
    """The study's value of a field; one that it searches is not fixed to anything."""
    if key in fixed and key not in spec.fixed:
        return "nothing fixed"
    return spec.base_config.get(key)


def _changed_data(spec: StudySpec) -> list[str]:
    if not spec.has_images:
        return []
    split = load_split(make_config(spec.base_config), gpu=False)
    lines = []
    if split.data.digest != spec.data.digest:
        lines.append(_line(f"data {spec.data.name}", spec.data.digest, split.data.digest))
    elif split.spec.digest != spec.split.digest:
        lines.append(_line("split", spec.split.digest, split.spec.digest))
    return lines


def _changed_attack(spec: StudySpec) -> list[str]:
    """A newer version of this program may attack in another way under the same name."""
    held = spec.attack.get("attack_version")
    now = attack_version(str(spec.attack["name"])) if held is not None else None
    return [] if held == now else [_line("version of the attack", held, now)]


def _line(what: str, held: object, asked: object) -> str:
    return f"{what}: the study has {held}, you ask for {asked}"


def _rest(spec: StudySpec, finished: int) -> Estimate | None:
    """What is left of the time that was planned, in proportion to the trials left."""
    if spec.plan_seconds is None:
        return None
    share = max(0, spec.trials - finished) / max(1, spec.trials)
    return Estimate(spec.plan_seconds * share, extract=0, head=0, attack=0, start=0)
