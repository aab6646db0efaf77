"""Which backbone and recipe is the most accurate and the most robust, from the labels at hand.

from orchestrator import search, load_study

result = search("backbone_compare", data="digits", trials=4)
result.trials       # a pandas DataFrame, one row a trial
result.best.metrics
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.api import (
        compare,
        evaluate,
        load_study,
        lr_find,
        plan_search,
        reproduce,
        run_search,
        search,
    )
    from orchestrator.comparing.comparison import Comparison
    from orchestrator.evaluating.result import Evaluated
    from orchestrator.lr_found import FoundLr
    from orchestrator.reproducing.reproduction import Reproduction
    from orchestrator.request import SearchRequest
    from orchestrator.results import SearchResult
    from trainables.data.check import DataCheck, check_data

__all__ = [
    "Comparison",
    "DataCheck",
    "Evaluated",
    "FoundLr",
    "Reproduction",
    "SearchRequest",
    "SearchResult",
    "check_data",
    "compare",
    "evaluate",
    "load_study",
    "lr_find",
    "plan_search",
    "reproduce",
    "run_search",
    "search",
]

# Imported when first asked for: `import orchestrator` must not cost a second of torch and Ray.
_PLACES = {
    "search": "orchestrator.api",
    "load_study": "orchestrator.api",
    "check_data": "trainables.data.check",
    "DataCheck": "trainables.data.check",
    "compare": "orchestrator.api",
    "Comparison": "orchestrator.comparing.comparison",
    "evaluate": "orchestrator.api",
    "Evaluated": "orchestrator.evaluating.result",
    "lr_find": "orchestrator.api",
    "FoundLr": "orchestrator.lr_found",
    "plan_search": "orchestrator.api",
    "reproduce": "orchestrator.api",
    "Reproduction": "orchestrator.reproducing.reproduction",
    "run_search": "orchestrator.api",
    "SearchRequest": "orchestrator.request",
    "SearchResult": "orchestrator.results",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PLACES[name]), name)
