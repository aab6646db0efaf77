"""`Evaluated`: what `evaluate()` and `orchestrator evaluate` give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.evaluation import Evaluation

if TYPE_CHECKING:
    import pandas as pd

    from trainables.attacks.masking_check import MaskingCheck
    from trainables.corruptions.report import CorruptionReport


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, what it is of, and where its files are.

    Args:
        name: how it was found: `STUDY/NUMBER`, a folder, a run id or a model's URI.
        label: what was tried, in a line; "" where nobody knows.
        study, trial, run_id: None where there is none.
        data: name of the data set.
        test_openings: how often the test split was opened so far, and `counted_for` whom: the
            `study`, the `trial` (a bare folder) or the `data` (a bare model, on this machine).
        folder: where `files` are.
        unsent: why the files are not in the trial's MLflow run, in words; "" where they are, or
            where there is no run.
        corruptions: where they were asked for.
        masking: signs of masked gradients; None where they were not to be looked for.
    """

    name: str
    label: str
    evaluation: Evaluation
    data: str
    folder: Path
    files: tuple[Path, ...]
    seconds: float
    test_openings: int
    counted_for: str
    study: str | None = None
    trial: int | None = None
    run_id: str | None = None
    unsent: str = ""
    corruptions: CorruptionReport | None = None
    masking: MaskingCheck | None = None

    @property
    def split(self) -> str:
        """`train`, `val` or `test`."""
        return self.evaluation.split

    @property
    def per_class(self) -> pd.DataFrame:
        """One row a class: `name`, `support`, `predicted`, `precision`, `recall`, `f1`."""
        import pandas as pd

        return pd.DataFrame([vars(each) for each in self.evaluation.per_class])

    @property
    def confusion(self) -> pd.DataFrame:
        """Counts: a row a true class, a column a predicted one."""
        import pandas as pd

        names = list(self.evaluation.classes)
        return pd.DataFrame(list(self.evaluation.confusion), index=names, columns=names)

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        return {
            "evaluated": self.name,
            "label": self.label,
            "study": self.study,
            "trial": self.trial,
            "run_id": self.run_id,
            "data": self.data,
            "test_openings": self.test_openings,
            "counted_for": self.counted_for,
            "evaluation": self.evaluation.to_json(),
            "corruptions": self.corruptions.to_json() if self.corruptions else None,
            "masking": self.masking.to_json() if self.masking else None,
            "folder": str(self.folder),
            "files": [path.name for path in self.files],
            "unsent": self.unsent,
            "seconds": self.seconds,
        }
