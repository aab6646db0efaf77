"""Reads a study of reference rows: each on the test split, once, beside what was published."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.evaluating.evaluate import evaluating
from orchestrator.evaluating.openings import KEY
from orchestrator.evaluating.ready import MASKING_SECONDS, EvaluateRequest
from orchestrator.reproducing.planning import ReproduceRequest
from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction
from orchestrator.reproducing.robust import robust_row, robust_sentences
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.store import load_study, open_storage
from orchestrator.study.uris import storage_uri
from search_spaces.references import REFERENCES, Row
from trainables.atomic import write_file
from trainables.attacks import NO_ATTACK
from trainables.reports import Progress

_KEPT = Path("evaluation") / "evaluation-test.json"  # in a trial's folder


def reading_reproduction(
    request: ReproduceRequest, result: SearchResult
) -> Generator[Progress, None, Reproduction]:
    """The table as far as the study has come; yields signs of life.

    A row that was held against the test split before is read from its file.
    """
    reference, spec = REFERENCES.get(request.system), result.spec
    done = {t.params["row"]: t for t in result.results if t.state == "finished"}
    rows = []
    for row in reference.rows[request.budget]:
        trial = done.get(row.name)
        if trial is None:
            rows.append(_missing(row, _why(row, result)))
            continue
        test = yield from _on_test(trial, spec.name, request)
        rows.append(_measured(row, trial, test))
    against = {row.name: row.against for row in reference.rows[request.budget]}
    attacked = [row for row in rows if row.robust is not None]
    for gone in reference.missing:
        rows.append(ReproducedRow(gone.name, published_test=_share(gone.test), reason=gone.reason))
    study = load_study(open_storage(storage_uri(request.run.storage)), spec.name)
    table = Reproduction(
        system=reference.name,
        title=reference.title,
        question=reference.question,
        budget=request.budget,
        study=spec.name,
        data=spec.data.name,
        rows=tuple(rows),
        left_out=reference.left_out[request.budget],
        labels_val=spec.split.val,
        test_openings=sum(name.startswith(KEY) for name in study.user_attrs),
        picture=str(spec.folder / "reproduction.png"),
        robust_picture=str(spec.folder / "robustness.png") if attacked else "",
        robust_sentences=robust_sentences(rows, against),
    )
    yield Progress("drawing")
    draw_table(table)
    return table


def _on_test(
    trial: TrialResult, study: str, request: ReproduceRequest
) -> Generator[Progress, None, Mapping[str, Any]]:
    kept = Path(trial.folder) / _KEPT
    if not kept.is_file():
        asked = EvaluateRequest(
            what=f"{study}/{trial.number}",
            split="test",
            pictures=True,
            masking_seconds=MASKING_SECONDS if _is_attacked(trial) else 0.0,
            storage=request.run.storage,
            tracking_uri=request.run.tracking_uri,
        )
        fresh = yield from evaluating(asked)
        return fresh.evaluation.to_json()
    found: Mapping[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def _is_attacked(trial: TrialResult) -> bool:
    return trial.config.get("attack") != NO_ATTACK


def _measured(row: Row, trial: TrialResult, test: Mapping[str, Any]) -> ReproducedRow:
    return ReproducedRow(
        name=row.name,
        model=row.backbone,
        epochs=trial.config.get("epochs"),
        labels=trial.config.get("train_size"),
        train=trial.metrics.get("train_acc"),
        test=test["accuracy"],
        low=test["accuracy_low"],
        high=test["accuracy_high"],
        published_train=_share(row.train),
        published_test=_share(row.test),
        seconds=trial.metrics.get("train_seconds"),
        note=row.note,
        folder=trial.folder,
        robust=robust_row(trial.folder, trial.metrics),
    )


def _missing(row: Row, reason: str) -> ReproducedRow:
    return ReproducedRow(
        row.name,
        row.backbone,
        published_train=_share(row.train),
        published_test=_share(row.test),
        note=row.note,
        reason=reason,
    )


def _why(row: Row, result: SearchResult) -> str:
    for item in result.spec.left_out:
        if item.backbone == row.backbone:
            return " ".join(item.reason.split())
    for trial in result.results:
        if trial.params.get("row") == row.name and trial.state != "waiting":
            return f"{trial.state}: {trial.reason}" if trial.reason else trial.state
    return "not run yet: the same command goes on"


def _share(percent: float | None) -> float | None:
    """A published figure in percent as a share; None where none was published."""
    return None if percent is None or percent != percent else percent / 100


def draw_table(table: Reproduction) -> None:
    """The picture of the rows, and that of the curves where rows were attacked."""
    from orchestrator.pictures.reproduction_png import draw_reproduction
    from trainables.pictures.style import png

    picture = png(draw_reproduction(table))
    write_file(Path(table.picture), lambda beside: beside.write_bytes(picture))
    if not table.robust_picture:
        return
    from orchestrator.pictures.few_png import MOST, draw_robustness

    rows = table.attacked[:MOST]
    curves = [row.robust.curve for row in rows if row.robust is not None]
    drawn = png(draw_robustness(curves, [row.name for row in rows]))
    write_file(Path(table.robust_picture), lambda beside: beside.write_bytes(drawn))
