"""What is set up once a process to send a study, or once more after its store was away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.models import ModelKeeper
from orchestrator.tracking.notes import Links
from orchestrator.tracking.parent_run import ParentSender
from orchestrator.tracking.pictures import PictureSender
from orchestrator.tracking.problems import write_down
from orchestrator.tracking.records import StudyReader, StudyRecord
from orchestrator.tracking.runs import RunBook
from orchestrator.tracking.store import find_experiment, open_client
from orchestrator.tracking.trial_run import TrialSender
from orchestrator.tracking.whose import Whose

_MOST_ERRORS = 3  # in a row within one pass: then the store is taken to be away


@dataclass
class Outcome:
    """What a pass over the trials could not do.

    Args:
        problems: what went wrong, by trial.
        late: trials that were not come to.
        gave_up: because of too many problems.
    """

    problems: dict[int, Exception] = field(default_factory=dict)
    late: list[int] = field(default_factory=list)
    gave_up: bool = False


class Session:
    """Client, experiment and runs of one study.

    Args:
        reader: of the study.
        uri: of the tracking store.
        storage: Optuna storage URL, for the commands in the description.
        whose: which trials are to be sent from here.
        failures: how often a trial could not be sent, by its number; counted on.
        restore: bring a deleted experiment back.

    Raises:
        UsageError: the experiment was deleted.
        MlflowException: or whatever else a store may raise.
    """

    def __init__(
        self,
        reader: StudyReader,
        uri: str,
        storage: str,
        whose: Whose,
        failures: Counter[int],
        *,
        restore: bool,
    ) -> None:
        spec = reader.spec
        client = open_client(uri)
        self.experiment_id = find_experiment(client, uri, spec.experiment, restore=restore)
        self.book = RunBook(client, self.experiment_id, spec)
        self.book.run(None, name=spec.name, started=spec.created)
        self.links = Links(self.experiment_id, self.book.run_ids)
        self.parent = ParentSender(client, self.book.begin(None), uri, storage)
        self.trials = TrialSender(client, self.book, uri, self.parent.run_id, self.links)
        self.pictures = PictureSender(reader.study, self.parent, self.book, uri, storage)
        self.models = ModelKeeper(client, self.experiment_id, spec, uri)
        self._whose, self._failures = whose, failures

    def look_around(self, study: StudyRecord, *, alone: bool, last: bool) -> None:
        """Take in what others have sent since.

        Args:
            alone: whether this process alone has sent this study on this machine.
            last: this is the time to notice two runs of one trial.
        """
        shared = self._whose.look(study) or not alone
        self.book.is_shared = self.book.is_shared or shared
        if last and self.book.is_shared:
            self.book.refresh()
            self.parent.look_again()

    def send_trials(
        self, study: StudyRecord, *, last: bool, ask: bool, is_late: Callable[[], bool]
    ) -> Outcome:
        """All trials whose runs are not complete, those that failed before at the end.

        Args:
            last: also those whose files and driver are on another machine, which may send them.
            ask: look into MLflow for files that are missing there.
            is_late: whether nothing new is to be begun.
        """
        outcome, in_a_row = Outcome(), 0
        for trial in self._unsent(study, last=last):
            if outcome.gave_up or is_late():
                outcome.late.append(trial.number)
                continue
            problem = self._send(trial, study, ask=ask)
            in_a_row = in_a_row + 1 if problem else 0
            outcome.gave_up = in_a_row >= _MOST_ERRORS
            if problem is not None:
                outcome.problems[trial.number] = problem
        return outcome

    def _unsent(self, study: StudyRecord, *, last: bool) -> list[TrialFacts]:
        trials = [
            trial
            for trial in study.trials
            if (last or not self.trials.is_sent(trial))
            and self._whose.falls_to_me(trial, last=last)
        ]
        return sorted(trials, key=lambda trial: (self._failures[trial.number], trial.number))

    def _send(self, trial: TrialFacts, study: StudyRecord, *, ask: bool) -> Exception | None:
        """What went wrong; None also for a trial of which there is nothing to send."""
        try:
            sent = self.trials.is_sent(trial) or self.trials.was_sent_by_others(trial)
            if not sent or self.trials.has_more(trial, study, ask=ask):
                self.trials.send(trial, study)
            elif ask:
                self.trials.mend_evaluations(trial)
        except Exception as error:  # whatever MLflow, a database, a server or a disk may raise
            self._failures[trial.number] += 1
            self.trials.forget(trial)
            write_down(error)
            return error
        return None
