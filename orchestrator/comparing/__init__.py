"""Which of several is better, and by how much: the best configuration of each on fresh splits."""

from orchestrator.comparing.comparison import Comparison, compare_values, read_comparison
from orchestrator.comparing.likeness import check_repeats
from orchestrator.comparing.planning import CompareRequest, plan_comparison, plan_tuning

__all__ = [
    "CompareRequest",
    "Comparison",
    "check_repeats",
    "compare_values",
    "plan_comparison",
    "plan_tuning",
    "read_comparison",
]
