"""`attack`: the trials that lead a study, attacked harder and harder until the best is known."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Generator, Sequence

import numpy as np

from orchestrator.attacking.epsilon import choose_epsilon
from orchestrator.attacking.files import FOLDER, write_attack, write_trial, writing_to
from orchestrator.attacking.front_runners import FrontRunner, LeftOut, front_runners
from orchestrator.attacking.request import SECONDS, TOP, AttackRequest
from orchestrator.attacking.result import AttackedTrial, StudyAttack
from orchestrator.evaluating.files import PLACE
from orchestrator.results import SearchResult
from orchestrator.say import in_words, silent
from orchestrator.study.loading import load_study
from orchestrator.study.uris import held_tracking_uri
from search_spaces.errors import UnavailableError, UsageError
from trainables.attacks.ladder.climbing import climb_ladder
from trainables.attacks.ladder.contender import Contender
from trainables.attacks.ladder.kept import KeptPerturbations
from trainables.attacks.ladder.result import LadderResult
from trainables.attacks.ladder.rungs import RUNGS, LadderBudget, Rung
from trainables.attacks.ladder.sample import AttackedSample
from trainables.attacks.ladder.terms import Terms
from trainables.attacks.ladder.verdict import MARGIN
from trainables.attacks.robustness import BATCH
from trainables.driving import drive
from trainables.reports import Progress, RobustnessCurve


def attack(
    study: str | None = None,
    *,
    top: int = TOP,
    trials: Sequence[int] = (),
    eps_255: float | None = None,
    seconds: float | None = SECONDS,
    passes: int | None = None,
    gate: float | None = None,
    margin: float = MARGIN,
    seed: int = 0,
    rungs: tuple[Rung, ...] = RUNGS,
    device: str = "auto",
    storage: str | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> StudyAttack:
    """Attack the trials that lead a study: PGD-10, PGD-50 x 10, then the ensemble on the best few.

    Args:
        study ... tracking_uri: as in `AttackRequest`.
        progress: is given a line about once a second; `print` will do.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: data, weights or files are not to be had here.
    """
    request = AttackRequest(
        study=study,
        top=top,
        trials=tuple(trials),
        eps_255=eps_255,
        seconds=seconds,
        passes=passes,
        gate=gate,
        margin=margin,
        seed=seed,
        rungs=rungs,
        device=device,
        storage=storage,
        tracking_uri=tracking_uri,
    )
    say = progress or silent
    return drive(attacking(request), lambda sign: say(in_words(sign)))


def attacking(request: AttackRequest) -> Generator[Progress, None, StudyAttack]:
    """As `attack`; yields signs of life."""
    started = time.monotonic()
    budget = LadderBudget(request.passes, request.seconds)
    terms = Terms(margin=request.margin, gate=request.gate, attack_seed=request.seed)
    yield Progress("loading the study")
    result = load_study(request.study, storage=request.storage)
    runners, left_out = yield from front_runners(result, request)
    sample, why = _sample(runners, request)
    folder = result.spec.folder / FOLDER
    kept = KeptPerturbations(folder / "perturbations", sample)
    nets = [_contender(each, sample) for each in runners]
    with writing_to(kept.folder):
        kept.folder.mkdir(parents=True, exist_ok=True)  # told now, not after minutes of attacks
        ladder = yield from climb_ladder(
            nets, sample, kept, rungs=request.rungs, budget=budget, terms=terms
        )
    found = StudyAttack(
        study=result.study,
        ladder=ladder,
        trials=tuple(_trial(each, ladder) for each in runners),
        left_out=tuple(_told(each) for each in left_out),
        epsilon=why,
        made=time.time(),
        seconds=time.monotonic() - started,
        folder=folder,
    )
    write_attack(found)
    yield Progress("sending")
    return _sent(found, runners, result, request)


def _contender(runner: FrontRunner, sample: AttackedSample) -> Contender:
    """Its net, in batches that fit where those of its training did."""
    batch = math.ceil(BATCH / runner.config.accumulation)
    device = runner.setup.one_device
    return Contender(runner.name, runner.model(), sample, device=device, batch_size=batch)


def _sample(runners: Sequence[FrontRunner], request: AttackRequest) -> tuple[AttackedSample, str]:
    """The images of all of them, and why at this epsilon."""
    curves = [each.curve for each in runners if each.curve is not None]
    eps, norm, why = choose_epsilon(curves)
    if request.eps_255 is not None:
        eps, why = request.eps_255, f"{request.eps_255:g}/255, as asked for"
    data, rows_N = runners[0].setup.data, runners[0].attacked_N
    images_NHWC, labels_N = data.images_NHWC[rows_N], np.asarray(data.labels_N[rows_N])
    return AttackedSample(images_NHWC, labels_N, norm, eps), why


def _trial(runner: FrontRunner, ladder: LadderResult) -> AttackedTrial:
    curve = runner.curve
    return AttackedTrial(
        name=runner.name,
        number=runner.trial.number,
        label=runner.trial.label,
        recorded=None if curve is None else _at(curve, ladder),
        attack="" if curve is None else str(curve.provenance.get("attack", "")),
        run_id=runner.source.run_id,
    )


def _at(curve: RobustnessCurve, ladder: LadderResult) -> float | None:
    """Its own worst case at the ladder's epsilon, if it was measured there in that norm."""
    if curve.provenance.get("norm", "linf") != ladder.norm or ladder.eps_255 not in curve.eps_255:
        return None
    return curve.worst_case[curve.eps_255.index(ladder.eps_255)]


def _told(left_out: LeftOut) -> dict[str, object]:
    return {"trial": left_out.trial, "reason": left_out.reason}


def _sent(
    found: StudyAttack,
    runners: Sequence[FrontRunner],
    result: SearchResult,
    request: AttackRequest,
) -> StudyAttack:
    """Each trial's file is written into its folder, and put into its run with its figures."""
    problems: dict[str, None] = {}
    for runner, trial in zip(runners, found.trials, strict=True):
        if runner.source.folder is None:
            problems[f"the folder of trial {trial.number} is not on this machine"] = None
            continue
        try:
            path = write_trial(found, trial, runner.source.folder)
            uri = held_tracking_uri(result.spec.tracking_uri, request.tracking_uri)
        except (UnavailableError, UsageError) as error:  # a password that is not here
            problems[str(error)] = None
            continue
        from orchestrator.tracking.evaluations import send_files

        run_id, number = runner.source.run_id, trial.number
        told = send_files(
            *([path], uri, PLACE),
            run_id=run_id,
            spec=result.spec,
            trial=number,
            ladders=runner.source.folder,
        )
        problems |= {told: None} if told else {}
    return dataclasses.replace(found, unsent="; ".join(problems))
