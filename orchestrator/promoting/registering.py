"""From a decision to a version of a registered model, with all that it was decided on."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Generator
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

from orchestrator.evaluating.source import Source
from orchestrator.plan.provenance import git_commit, versions
from orchestrator.promoting.decision import Done, PromotionDecision
from orchestrator.promoting.model_card import model_card, version_description
from orchestrator.tracking.evaluations import send_files
from orchestrator.tracking.promoted_model import PromotedModel, log_promoted_model
from orchestrator.tracking.registry import NewVersion, seat_challenger, seat_champion
from orchestrator.tracking.store import open_client
from orchestrator.tracking.talking import talking_to
from trainables.record import TrialRecord
from trainables.reports import Progress

PLACE = "promotion"  # among the artifacts of the run


def register(
    decision: PromotionDecision,
    record: TrialRecord,
    source: Source,
    tracking_uri: str,
    *,
    challenger: bool,
    onnx: bool,
) -> Generator[Progress, None, PromotionDecision]:
    """Log the model, make it a version, and give it the alias; the decision with what was done.

    Args:
        source: the training in MLflow and in its study.
        challenger: as challenger; the champion stays.

    Raises:
        ChampionMoved: there is another champion than the one it was compared with. Nothing is
            changed, and the logged model is taken away again.
        UnavailableError: MLflow is away.
    """
    assert decision.candidate is not None
    yield Progress("logging the model")
    tags = version_tags(decision, record)
    card = model_card(decision, record, tags)
    run_id = decision.candidate.run_id
    with talking_to(tracking_uri, f"The model of {decision.candidate.words}") as client:
        logged = log_promoted_model(
            record, client=client, run_id=run_id, model_card=card, onnx=onnx
        )
    tags |= {name: f"{value:.6g}" for name, value in logged.latency.metrics().items()}
    tags |= dict(logged.tags)
    yield Progress("registering it")
    try:
        done = _seat(decision, logged, tags, tracking_uri, challenger=challenger)
    except BaseException:
        _forget(logged, tracking_uri)
        raise
    _send(done, card, tags, source, tracking_uri)
    return done


def version_tags(decision: PromotionDecision, record: TrialRecord) -> dict[str, str]:
    """The evidence, as the registry keeps it; plain words and figures that a person can filter."""
    candidate = decision.candidate
    assert candidate is not None
    finalist = candidate.finalist
    tags: dict[str, object] = {
        "study": candidate.study,
        "trial": candidate.trial,
        "label": candidate.label,
        "repeats_study": candidate.repeats_study,
        "repeats_trial": candidate.repeats_trial,
        "repeat": candidate.repeat,
        "data": candidate.data,
        "data_digest": candidate.data_digest,
        "split_digest": record.report.digests.get("split", ""),
        "weights_digest": record.report.digests.get("weights", ""),
        "seed": candidate.seed,
        "split_seed": candidate.split_seed,
        "repeat_seeds": ", ".join(str(seed) for seed in candidate.seeds),
        "validation_metric": candidate.metric,
        "validation_mean": finalist.mean,
        "validation_low": finalist.low,
        "validation_high": finalist.high,
        "test_openings": decision.test_openings,
        "compared_with": decision.against,
        "decided_by": decision.by,
        "decision": decision.why,
        "git_commit": git_commit() or "",
        "versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
        "dependencies": "\n".join(_dependencies()),
    }
    for figure in decision.figures:
        name = {"accuracy": "test_acc", "robust score": "test_robust_score"}[figure.name]
        bounds = figure.candidate
        tags |= {name: bounds.value, f"{name}_low": bounds.low, f"{name}_high": bounds.high}
        tags[f"{name}_n"] = bounds.count
    if decision.attack:
        tags["attack"] = decision.attack["attack"]
        tags["attack_provenance"] = json.dumps(decision.attack, default=str)
        alarms = decision.attack.get("alarms") or ()
        tags["alarms"] = ", ".join(str(alarm["name"]) for alarm in alarms) or None
    return {name: _text(value) for name, value in tags.items() if value is not None}


def _seat(
    decision: PromotionDecision,
    logged: PromotedModel,
    tags: dict[str, str],
    tracking_uri: str,
    *,
    challenger: bool,
) -> PromotionDecision:
    name = decision.name
    assert decision.candidate is not None
    with talking_to(tracking_uri, f"The registered model {name}") as client:
        new = NewVersion(
            source=logged.place,
            run_id=decision.candidate.run_id,
            model_id=logged.model_id,
            tags=tags,
            description=version_description(decision),
        )
        if challenger:
            number = seat_challenger(client, name, new).number
        else:
            number = seat_champion(client, name, new, expected=decision.against)[0].number
    done: Done = "challenger" if challenger else "promoted"
    return replace(decision, done=done, version=number, model_uri=logged.uri)


def _forget(logged: PromotedModel, tracking_uri: str) -> None:
    """Take the model away that became no version; one that a version stands on stays."""
    from orchestrator.tracking.models import delete_model

    with contextlib.suppress(Exception):  # the first error is the one to tell
        client = open_client(tracking_uri)
        delete_model(client, client.get_logged_model(logged.model_id), tracking_uri)


def _send(
    done: PromotionDecision, card: str, tags: dict[str, str], source: Source, tracking_uri: str
) -> None:
    """The decision, the card and the versions of all packages, beside the run; best effort: the
    registry holds the same."""
    assert source.spec is not None and source.trial is not None
    with tempfile.TemporaryDirectory() as folder:
        held = {
            "decision.json": json.dumps(done.to_json(), indent=1, default=str),
            "model_card.md": card,
            "dependencies.txt": tags["dependencies"] + "\n",
        }
        for name, text in held.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        files = sorted(Path(folder).iterdir())
        send_files(
            files, tracking_uri, PLACE, run_id=source.run_id, spec=source.spec, trial=source.trial
        )


def _dependencies() -> list[str]:
    """Every installed package with its version: the lock that this model was made under."""
    found = {(each.metadata["Name"] or "").lower(): each.version for each in distributions()}
    return [f"{name}=={number}" for name, number in sorted(found.items()) if name]


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
