"""What a registered model, and the study of its finalists, are called unless a person says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from search_spaces.errors import UsageError

_BARRED = re.compile(r"[/:@'\"%]")


def registered_name(asked: str | None, data: str) -> str:
    """`asked`, else the data's name: models of the same data compete for one place.

    Raises:
        UsageError: a name that could not stand in `NAME@champion` or `NAME/VERSION`.
    """
    if asked is not None:
        if not asked.strip() or _BARRED.search(asked) or len(asked) > 200:
            rule = "A registered model's name has none of / : @ ' \" %, and at most 200 letters."
            hint = f"Nearest: {re.sub(_BARRED, '-', asked).strip('- ')[:200]!r}."
            raise UsageError(rule, got=asked, hint=hint)
        return asked
    name = data.rpartition("/")[2] if data.startswith("folder:") else data
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "model"


def repeats_name(study: str, trials: Sequence[int]) -> str:
    """`STUDY-finalists-3-7-9`: other finalists, once the search has gone on, are another study."""
    end = "-finalists-" + "-".join(str(number) for number in trials)
    return study[: 100 - len(end)] + end  # as long as a study's name may be
