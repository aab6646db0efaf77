"""An evaluation's files and alarms into the trial's MLflow run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.evaluating.files import PLACE, evaluated_alarms
from orchestrator.evaluating.ready import EvaluateRequest
from orchestrator.evaluating.source import Source
from orchestrator.study.uris import held_tracking_uri
from search_spaces.errors import UsageError

if TYPE_CHECKING:
    from trainables.attacks.masking_check import MaskingCheck


def send(
    source: Source,
    files: tuple[Path, ...],
    request: EvaluateRequest,
    masking: MaskingCheck | None,
) -> str:
    """Put files and alarms into the trial's MLflow run; what went wrong, in words, or ""."""
    if source.spec is None or source.trial is None:
        return ""
    try:
        uri = held_tracking_uri(source.spec.tracking_uri, request.tracking_uri)
    except UsageError as error:  # its password is not here
        return str(error)
    from orchestrator.tracking.evaluations import send_files

    return send_files(
        files,
        uri,
        f"{PLACE}/model" if source.model else PLACE,
        run_id=source.run_id,
        spec=source.spec,
        trial=source.trial,
        tags=alarm_tag(source, masking),
    )


def alarm_tag(source: Source, masking: MaskingCheck | None) -> dict[str, str]:
    """The trial's tag `alarms`: of its own attack, of earlier evaluations, of this one."""
    if masking is None:
        return {}
    curve = source.record.report.robustness if source.record else None
    held = (curve.provenance.get("alarms") or ()) if curve is not None else ()
    own = [str(alarm["name"]) for alarm in held]
    earlier = [str(alarm.get("name")) for alarm in evaluated_alarms(source.folder)]
    names = dict.fromkeys([*own, *earlier, *masking.names])
    return {"alarms": ", ".join(names)} if names else {}
