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
    from orchestrator.attacking.attack import attack
    from orchestrator.attacking.result import StudyAttack
    from orchestrator.comparing.comparison import Comparison
    from orchestrator.doctor import Examination, examine
    from orchestrator.evaluating.result import Evaluated
    from orchestrator.labelling import collect_labels, next_to_label
    from orchestrator.lr_found import FoundLr
    from orchestrator.promoting.decision import PromotionDecision
    from orchestrator.promoting.listing import models
    from orchestrator.promoting.promote import promote
    from orchestrator.promoting.rollback import rollback
    from orchestrator.reporting.report import StudyReport, report
    from orchestrator.reproducing.reproduction import Reproduction
    from orchestrator.request import SearchRequest
    from orchestrator.results import SearchResult
    from orchestrator.serving.serve import serve
    from orchestrator.using.classifier import LoadedClassifier
    from orchestrator.using.loading import load_classifier
    from orchestrator.using.predicting import predict
    from trainables.data.check import DataCheck, check_data

__all__ = [
    "Comparison",
    "DataCheck",
    "Evaluated",
    "Examination",
    "FoundLr",
    "LoadedClassifier",
    "PromotionDecision",
    "Reproduction",
    "SearchRequest",
    "SearchResult",
    "StudyAttack",
    "StudyReport",
    "attack",
    "check_data",
    "collect_labels",
    "compare",
    "evaluate",
    "examine",
    "load_classifier",
    "load_study",
    "lr_find",
    "models",
    "next_to_label",
    "plan_search",
    "predict",
    "promote",
    "report",
    "reproduce",
    "rollback",
    "run_search",
    "search",
    "serve",
]

# Imported when first asked for: `import orchestrator` must not cost a second of torch and Ray.
_PLACES = {
    "attack": "orchestrator.attacking.attack",
    "StudyAttack": "orchestrator.attacking.result",
    "search": "orchestrator.api",
    "load_study": "orchestrator.api",
    "check_data": "trainables.data.check",
    "DataCheck": "trainables.data.check",
    "compare": "orchestrator.api",
    "Comparison": "orchestrator.comparing.comparison",
    "evaluate": "orchestrator.api",
    "Evaluated": "orchestrator.evaluating.result",
    "examine": "orchestrator.doctor",
    "Examination": "orchestrator.doctor",
    "lr_find": "orchestrator.api",
    "FoundLr": "orchestrator.lr_found",
    "models": "orchestrator.promoting.listing",
    "promote": "orchestrator.promoting.promote",
    "PromotionDecision": "orchestrator.promoting.decision",
    "rollback": "orchestrator.promoting.rollback",
    "serve": "orchestrator.serving.serve",
    "plan_search": "orchestrator.api",
    "predict": "orchestrator.using.predicting",
    "load_classifier": "orchestrator.using.loading",
    "next_to_label": "orchestrator.labelling",
    "collect_labels": "orchestrator.labelling",
    "LoadedClassifier": "orchestrator.using.classifier",
    "report": "orchestrator.reporting.report",
    "StudyReport": "orchestrator.reporting.report",
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
