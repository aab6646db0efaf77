"""The input sizes that the rows of a reference system use, for the plan to say.

A row names its size, so what the plan has measured and chosen for a search of these backbones is
used by none that does.
"""

from __future__ import annotations

from orchestrator.study.spec import StudySpec
from search_spaces.references.reference import Row
from trainables.backbones import get_backbone


def sizes_in_words(spec: StudySpec, rows: tuple[Row, ...]) -> tuple[tuple[int, ...], str]:
    """The sizes, ascending, and whose they are: `as the rows name it: mlp 32 px, vgg16 224 px`."""
    by_size: dict[int, list[str]] = {}
    for row in rows:
        by_size.setdefault(_size(spec, row), []).append(row.name)
    if len(by_size) == 1:
        return tuple(by_size), "the same for every row"
    words = (f"{size} px for {'; '.join(by_size[size])}" for size in sorted(by_size))
    return tuple(sorted(by_size)), "by row: " + ". ".join(words)


def _size(spec: StudySpec, row: Row) -> int:
    """In the order in which a trial's config is put together: `--set`, the row, what all share."""
    of_all = spec.base_config.get("input_size")
    size = spec.fixed.get("input_size") or row.overrides.get("input_size") or of_all
    return int(size or get_backbone(row.backbone).natural_size)
