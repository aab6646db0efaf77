"""What to try: one file a space. Knows neither torch nor Ray nor MLflow, nor how a trial runs."""

from search_spaces.errors import UsageError
from search_spaces.finding import SPACES, find_space
from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike

__all__ = [
    "SPACES",
    "Objective",
    "Params",
    "Space",
    "SpaceContext",
    "TrialLike",
    "UsageError",
    "find_space",
]
