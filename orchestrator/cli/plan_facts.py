"""A plan as `search --dry-run --json` prints it; keys in `docs/json.md`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from orchestrator.study.uris import masked

if TYPE_CHECKING:
    from orchestrator.plan.value import SearchPlan


def plan_facts(plan: SearchPlan) -> dict[str, Any]:
    """What the search would do; passwords masked."""
    spec = plan.spec
    return {
        "study": spec.name,
        "continuing": plan.continuing,
        "finished": plan.finished,
        "trials": spec.trials,
        "space": spec.space,
        "question": spec.space_question,
        "objectives": [objective.model_dump() for objective in spec.objectives],
        "trainable": spec.trainable,
        "sampler": spec.sampler,
        "sampler_reason": spec.sampler_reason,
        "pruner": spec.pruner.model_dump(),
        "gate": spec.gate.model_dump() if spec.gate else None,
        "fidelity": spec.fidelity,
        "constraints": [str(condition) for condition in spec.constraints],
        "target": str(spec.target) if spec.target else None,
        "max_failures": spec.max_failures,
        "on_budget": spec.on_budget,
        "duplicates": spec.duplicates,
        "warm_start": list(spec.warm_start),
        "tries": [dict(point) for point in (plan.tries if plan.continuing else spec.tries)],
        "data": spec.data.model_dump(mode="json"),
        "split": spec.split.model_dump(mode="json"),
        "backbones": list(spec.backbones),
        "left_out": [item.model_dump() for item in spec.left_out],
        "to_fetch": list(plan.to_fetch),
        "input_sizes": list(spec.input_sizes),
        "input_size_reason": spec.input_size_reason,
        "config": spec.base_config,
        "fixed": spec.fixed,
        "resources": {**asdict(plan.resources)},
        "estimate": asdict(plan.estimate) if plan.estimate else None,
        "time_budget": plan.time_budget,
        "storage": masked(plan.storage),
        "tracking_uri": masked(plan.tracking_uri),
        "experiment": spec.experiment,
        "folder": str(spec.folder),
    }
