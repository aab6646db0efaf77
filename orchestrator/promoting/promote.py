"""`promote`: from a search to the champion of a registered model, or to a refusal with reasons."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

from orchestrator.evaluating.source import Source, find_source
from orchestrator.promoting.candidate import Candidate
from orchestrator.promoting.champion import champion_of, check_same_data
from orchestrator.promoting.choosing import choose_candidate
from orchestrator.promoting.contest import Contest
from orchestrator.promoting.decision import (
    By,
    PromotionDecision,
    decide,
    only_gates,
    refuse,
)
from orchestrator.promoting.evidence import Evidence
from orchestrator.promoting.planning import FinalistsPlan, plan_finalists
from orchestrator.promoting.request import (
    ATTACK_IMAGES,
    ATTACK_SECONDS,
    FINALISTS,
    REPEATS,
    PromoteRequest,
)
from orchestrator.request import SearchRequest
from orchestrator.results import SearchResult
from orchestrator.say import in_words, silent
from orchestrator.session import run_search
from orchestrator.tracking.registry import ChampionMoved, Version
from search_spaces.errors import TrialFailed, UnavailableError
from trainables.driving import drive
from trainables.reports import Progress

_ROUNDS = 3  # comparisons, where the champion changes while one is made


def promote(
    study: str | None = None,
    *,
    name: str | None = None,
    trial: int | None = None,
    finalists: int = FINALISTS,
    repeats: int = REPEATS,
    min_acc: float | None = None,
    min_robust: float | None = None,
    max_latency_ms: float | None = None,
    by: By | None = None,
    alpha: float = 0.05,
    attack: str | None = None,
    attack_images: int = ATTACK_IMAGES,
    attack_seconds: float = ATTACK_SECONDS,
    dry_run: bool = False,
    challenger: bool = False,
    onnx: bool = False,
    storage: str | None = None,
    tracking_uri: str | None = None,
    cpus_per_trial: float | None = None,
    gpus_per_trial: float | None = None,
    concurrency: int | None = None,
    address: str | None = None,
    local: bool = False,
    progress: Callable[[str], None] | None = None,
) -> PromotionDecision:
    """Train the finalists again, choose one on validation, and let the test images decide.

    The arguments are those of `PromoteRequest` and of the `SearchRequest` in it. What was trained
    before is not trained again; every call that gets as far as the test images is counted.

    Args:
        progress: is given a line now and then; `print` will do.

    Returns:
        The decision: `promote` says which way, `reasons` why, `done` what was changed.

    Raises:
        UsageError: something that was asked for cannot be; the champion is of other data.
        NoFinalist, TrialFailed: nothing can be put forward.
        UnavailableError: data, weights or a store are not to be had here.
    """
    run = SearchRequest(
        storage=storage,
        tracking_uri=tracking_uri,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
    )
    request = PromoteRequest(
        study=study,
        name=name,
        trial=trial,
        finalists=finalists,
        repeats=repeats,
        min_acc=min_acc,
        min_robust=min_robust,
        max_latency_ms=max_latency_ms,
        by=by,
        alpha=alpha,
        attack=attack,
        attack_images=attack_images,
        attack_seconds=attack_seconds,
        dry_run=dry_run,
        challenger=challenger,
        onnx=onnx,
        run=run,
    )
    say = progress or silent
    plan = plan_finalists(request)
    result = run_search(plan.repeats, say=say)
    return drive(promoting(request, plan, result), lambda sign: say(in_words(sign)))


def promoting(
    request: PromoteRequest, plan: FinalistsPlan, result: SearchResult
) -> Generator[Progress, None, PromotionDecision]:
    """What follows once the finalists' repeats have run; yields signs of life.

    Raises:
        as `promote`.
    """
    if result.stopped:
        words = f"Nothing was promoted: not all finalists are trained ({result.stopped})."
        raise TrialFailed(f"{words} The same command goes on.")
    candidate = choose_candidate(result, min_robust=request.min_robust)
    yield Progress(f"putting trial {candidate.trial} forward")
    own = find_source(
        f"{candidate.repeats_study}/{candidate.repeats_trial}",
        storage=request.run.storage,
        tracking=request.run.tracking_uri,
    )
    candidate = _with_run(candidate, own, result, request)
    assert own.record is not None
    counted = Source(f"promotion of {candidate.words}", study=plan.study, trial=candidate.trial)
    contest = Contest.begin(own.record, counted, request)
    return (yield from _rounds(request, plan, contest, candidate, own))


def _rounds(
    request: PromoteRequest,
    plan: FinalistsPlan,
    contest: Contest,
    candidate: Candidate,
    own: Source,
) -> Generator[Progress, None, PromotionDecision]:
    """Compare and register; again where the champion has changed meanwhile."""
    from orchestrator.promoting.registering import register

    gates = request.gates(plan.spec.objectives[0].metric)
    for _ in range(_ROUNDS):
        champion = champion_of(plan.name, plan.tracking_uri)
        if champion is not None:
            check_same_data(champion, plan.spec.data)
        if champion is not None and champion.run_id == candidate.run_id:
            return _already(champion, candidate)
        evidence = yield from contest.against(champion, plan.tracking_uri)
        decision = _told(decide(evidence, gates), evidence, plan, contest, candidate)
        decision = only_gates(decision) if request.challenger else decision
        if request.dry_run or not decision.promote:
            return decision
        try:
            return (
                yield from register(
                    decision,
                    contest.record,
                    own,
                    plan.tracking_uri,
                    challenger=request.challenger,
                    onnx=request.onnx,
                )
            )
        except ChampionMoved as moved:
            yield Progress(f"comparing again: {moved}")
    tried = [("comparing with it", f"it changed {_ROUNDS} times meanwhile")]
    raise UnavailableError(f"The champion of {plan.name}", tried, hint="Run it again later.")


def _with_run(
    candidate: Candidate, own: Source, result: SearchResult, request: PromoteRequest
) -> Candidate:
    """The candidate with its run in MLflow and its split's digest."""
    assert own.record is not None
    run_id = candidate.run_id or own.run_id or ""
    if not run_id and not request.dry_run:
        tried = [("looking for it", result.unsent or "it was not sent")]
        hint = f"Run `orchestrator sync {candidate.repeats_study}`, then promote again."
        raise UnavailableError(f"The MLflow run of {candidate.words}", tried, hint=hint)
    if not own.record.report.weights:
        raise TrialFailed(f"{candidate.words} left no weights.")
    return replace(
        candidate,
        run_id=run_id,
        split_digest=str(own.record.report.digests.get("split", "")),
    )


def _already(champion: Version, candidate: Candidate) -> PromotionDecision:
    words = f"it is the champion already (version {champion.number}); no test image was looked at"
    held = refuse(words)
    return replace(held, name=champion.name, against=champion.number, candidate=candidate)


def _told(
    decision: PromotionDecision,
    evidence: Evidence,
    plan: FinalistsPlan,
    contest: Contest,
    candidate: Candidate,
) -> PromotionDecision:
    """The decision with who it is about."""
    attack = decision.attack
    one, other = evidence.candidate.survival, None
    if evidence.champion is not None:
        other = evidence.champion.survival
    if attack is not None and one is not None:
        curve = {"eps_255": list(one.eps_255), "candidate": list(one.accuracy_E)}
        curve["champion"] = list(other.accuracy_E) if other else []
        attack = {**attack, "worst_case": curve}
    return replace(
        decision,
        name=plan.name,
        candidate=candidate,
        attack=attack,
        test_openings=contest.openings,
    )
