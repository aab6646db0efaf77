"""`Starter`: from a trial that was just claimed to the assignment that a worker runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from orchestrator.study.claims import is_shared
from orchestrator.study.configs import MadeConfig, is_ours, make_trial_config
from orchestrator.study.drivers import driver_name
from orchestrator.study.duplicates import Finished
from orchestrator.study.early import is_exempt
from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.measured_alike import check_one_attack
from orchestrator.study.messages import Assignment
from orchestrator.study.names import trial_label
from orchestrator.study.pruners import rungs
from orchestrator.study.spec import StudySpec
from orchestrator.study.telling import Running, Teller, note
from search_spaces.fixing import FixingTrial
from search_spaces.space import Space, SpaceContext
from trainables.attacks.figures import is_under_attack, is_under_corruption


class Starter:
    """Asks the space for a trial's config, and settles how it runs.

    Args:
        study, spec, space, context: of the search.
        teller: answers a config that the study has finished already.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        study: optuna.Study,
        spec: StudySpec,
        space: Space,
        context: SpaceContext,
        teller: Teller,
        clock: Callable[[], float],
    ) -> None:
        self._study, self._spec = study, spec
        self._space, self._context = space, context
        self._teller, self._clock = teller, clock
        self.finished = Finished(study, alone=not is_shared(study))

    def start(self, trial: optuna.Trial) -> Running | None:
        """Write down what the trial is; None where the study knew its answer already.

        Raises:
            OrchestratorError: the point comes to no config at all, or to one whose figures cannot
                be compared with the others'.
        """
        before = read_facts(trial._cached_frozen_trial)  # as it stood when it was claimed
        suggested = self._space.suggest(FixingTrial(trial, self._spec.fixed), self._context)
        made = make_trial_config(self._spec, suggested)
        check_one_attack(self._spec, made.fields)
        twin = self._twin(made, before)
        if twin is not None and self._spec.duplicates == "answer":
            notes = self._notes(trial, made, before, folder="", exempt=False)
            self._teller.answer(trial, notes, twin)
            return None
        if twin is not None:
            made = self._reseeded(made, suggested)
        return self._running(trial, made, before)

    def _twin(self, made: MadeConfig, before: TrialFacts) -> FrozenTrial | None:
        """The trial that has finished with this config; a trial that goes on has none."""
        if self._spec.duplicates == "run" or before.folder or before.origin == "retry":
            return None
        return self.finished.find(made.digest)

    def _reseeded(self, made: MadeConfig, suggested: Mapping[str, Any]) -> MadeConfig:
        seed = int(made.fields["seed"])
        while self.finished.find(made.digest) is not None:
            seed += 1
            made = make_trial_config(self._spec, {**suggested, "seed": seed})
        return made

    def _running(self, trial: optuna.Trial, made: MadeConfig, before: TrialFacts) -> Running:
        attempt = before.attempt + bool(before.folder)
        # A folder for each attempt: a worker that was taken for lost may still be writing.
        name = f"{trial.number:05d}" + (f"-{attempt}" if attempt > 1 else "")
        folder = str(Path(self._spec.folder) / "trials" / name)
        share = self._spec.exempt_share if self._spec.gate is not None else 0.0
        exempt = share > 0 and is_exempt(self._spec.seed, made.digest, share)
        notes = self._notes(trial, made, before, folder=folder, exempt=exempt)
        note(trial, **notes)
        assignment = Assignment(
            number=trial.number,
            label=str(notes["label"]),
            config=made.fields,
            folder=folder,
            trainable=self._spec.trainable,
            trainable_path=self._spec.trainable_path,
            attempt=attempt,
            inherits=_with_work(before) or self._folder_of(before.of),
            rungs=self._rungs(made.fields),
            short_run=self._short_run(made.fields),
            accumulation=2 if before.ended_by == "memory" else 1,
        )
        epoch = max(before.steps, default=0)
        return Running(trial, assignment, made.digest, self._clock(), before, epoch, exempt=exempt)

    def _notes(
        self,
        trial: optuna.Trial,
        made: MadeConfig,
        before: TrialFacts,
        *,
        folder: str,
        exempt: bool,
    ) -> dict[str, Any]:
        """`label`, `config` and `start` of the table in `facts.py`."""
        return {
            "label": trial_label(trial.params, made.fields),
            "config": made.fields,
            "start": {
                "digest": made.digest,
                "folder": folder,
                "attempt": before.attempt + bool(before.folder),
                "losses": before.losses,
                "started": before.started if before.folder else self._clock(),
                "began": self._clock(),
                "driver": driver_name(),
                "exempt": exempt,
            },
        }

    def _folder_of(self, number: str) -> str:
        """Where the trial ran that a successor stands for; "" for any other origin."""
        if not number.isdigit():
            return ""
        return read_facts(self._study.get_trials(deepcopy=False)[int(number)]).folder

    def _rungs(self, config: Mapping[str, Any]) -> tuple[int, ...]:
        if self._spec.gate is None or self._spec.fidelity != "runs":
            return ()
        return rungs(self._spec.pruner, int(config["epochs"]))

    def _short_run(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A short run is judged by the gate alone: what the gate does not need waits."""
        gate = self._spec.gate.metric if self._spec.gate else ""
        if not is_ours(self._spec.trainable):
            return {}
        needed = {"attack": is_under_attack(gate), "corruptions": is_under_corruption(gate)}
        skipped = (name for name, is_needed in needed.items() if not is_needed)
        return {name: "none" for name in skipped if config.get(name, "none") != "none"}


def _with_work(before: TrialFacts) -> str:
    """The newest attempt's folder that holds anything: an attempt may be lost as it starts."""
    newest = Path(before.folder)
    folders = [newest]
    if before.attempt > 1:
        stem = newest.name.partition("-")[0]
        earlier = range(before.attempt - 1, 0, -1)
        folders += [newest.with_name(stem + (f"-{n}" if n > 1 else "")) for n in earlier]
    used = (folder for folder in folders if (folder / "config.json").exists())
    return str(next(used, newest)) if before.folder else ""
