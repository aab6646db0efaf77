"""`plan_reproduction`: the search whose points are the rows of a reference system."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.plan.build import plan_search
from orchestrator.plan.value import SearchPlan
from orchestrator.reproducing.sizes import sizes_in_words
from orchestrator.request import SearchRequest
from orchestrator.say import Say, silent
from search_spaces.errors import UnknownNameError
from search_spaces.references import BUDGETS, REFERENCES, space_name


@dataclass(frozen=True)
class ReproduceRequest:
    """One call of `orchestrator reproduce`, or of `orchestrator.reproduce()`.

    Args:
        system: A, B, C or D.
        budget: `small` (15 minutes on 2 cores, leaving out what it says) or `full`.
        run: data, settings and where trials run; its study is `reference_SYSTEM_BUDGET` unless it
            names one. What that study has run already is not run again.
    """

    system: str
    budget: str = "small"
    run: SearchRequest = field(default_factory=SearchRequest)


def plan_reproduction(request: ReproduceRequest, say: Say = silent) -> SearchPlan:
    """The plan of the rows whose weights can be had; run it with `run_search`.

    Raises:
        UnknownNameError: there is no such system or budget.
        UnavailableError: no row can be run here.
    """
    reference = REFERENCES.get(request.system)
    if request.budget not in BUDGETS:
        raise UnknownNameError("budget", request.budget, BUDGETS)
    space = space_name(request.system, request.budget)
    run = replace(request.run, space=space, study=request.run.study or space)
    plan = plan_search(run, say)
    rows = [row for row in reference.rows[request.budget] if row.backbone in plan.spec.backbones]
    sizes, reason = sizes_in_words(plan.spec, tuple(rows))
    changes = {"input_sizes": sizes, "input_size_reason": reason}
    return replace(plan, spec=plan.spec.model_copy(update=changes))
