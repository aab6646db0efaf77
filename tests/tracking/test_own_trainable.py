"""What MLflow holds of a search that has nothing to do with images, in every state of a trial."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow_server import copy_store
from plain_study import BORN, PlainStudy, plain_study

from orchestrator.tracking.best_so_far import best_so_far
from orchestrator.tracking.records import StudyReader
from orchestrator.tracking.result import SyncResult

_IMAGE_WORDS = re.compile(r"image|backbone|attack|robust|label|pixel|epsilon|px\b|split", re.I)


@dataclass(frozen=True)
class Sent:
    """A study after one `sync`."""

    study: PlainStudy
    result: SyncResult
    client: MlflowClient

    def run(self, number: int) -> Run:
        return self.client.get_run(self.result.run_ids[number])

    @property
    def parent(self) -> Run:
        return self.client.get_run(str(self.result.parent_run_id))

    def names(self, run: Run) -> set[str]:
        return {entry.path for entry in self.client.list_artifacts(run.info.run_id)}


def _every_kind(root: Path, uri: str) -> PlainStudy:
    study = plain_study(
        root, uri, trials=4,
        constraints=[{"metric": "loss", "op": "<=", "bound": 0.5}],
        gate={"metric": "score", "direction": "maximize"},
        pruner={"name": "asha"},
    )  # fmt: skip
    study.finished(0.1, 0.7)  # 0: loss 0.5, the best that holds the constraint
    study.finished(0.9)  # 1: loss 1, breaks it
    number = study.start()  # 2
    study.report(number, 0.2)
    study.end(number, "pruned", reason="stopped early at step 1", stopped_at=1)
    number = study.start(with_folder=False)  # 3
    answered = {"metrics": {"score": 0.7, "loss": 0.5}, "repeat_of": "0"}
    study.end(number, reason="the same config as trial 0: answered from there", **answered)
    number = study.start(exempt=True)  # 4
    study.report(number, 0.3, 0.4, 0.5)
    study.end(number, metrics={"score": 0.5, "loss": 1 / 3}, stopped_at=2)
    number = study.start()  # 5
    study.end(number, "lost", reason="its driver went silent; a successor goes on")
    study.finished(0.6, 0.65, origin={"kind": "successor", "of": "5"})  # 6
    number = study.start(origin={"kind": "warm_start", "of": "other/3"}, with_folder=False)  # 7
    study.end(number, metrics={"score": 0.99, "loss": 0.1}, reason="from other/3")
    study.start()  # 8, under way
    return study


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, schema: Path) -> Sent:
    root = tmp_path_factory.mktemp("plain")
    uri = copy_store(schema, root)
    study = _every_kind(root, uri)
    result = study.sync(pictures=True)
    assert result.complete and not result.note, result
    return Sent(study, result, MlflowClient(uri))


@pytest.mark.parametrize(
    ("number", "status", "tags"),
    [
        (0, "FINISHED", {"state": "finished", "feasible": "true", "broken": None}),
        (1, "FINISHED", {"feasible": "false", "broken": "loss<=0.5"}),
        (2, "KILLED", {"state": "pruned", "stopped_at": "1", "reason": "stopped early at step 1"}),
        (3, "FINISHED", {"answered_from": "0", "origin": None}),
        (4, "FINISHED", {"exempt": "true", "stopped_at": "2"}),
        (5, "FAILED", {"state": "failed", "followed_by": "6"}),
        (6, "FINISHED", {"origin": "successor", "goes_on_from": "5"}),
        (8, "RUNNING", {"state": "running", "stopped_at": None}),
    ],
)
def test_status_and_tags(sent: Sent, number: int, status: str, tags: dict[str, str]) -> None:
    run = sent.run(number)
    assert run.info.status == status
    assert {name: run.data.tags.get(name) for name in tags} == tags
    assert run.data.params == {"x": "0.5", "seed": "0", "layers": "8, 4"}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "It does not hold `loss<=0.5`."),
        (3, "Nothing was run: its figures are those of [trial 0]("),
        (4, "The pruner would have stopped it at 2."),
        (5, "It is followed by [trial 6]("),
        (6, "It goes on from [trial 5]("),
    ],
)
def test_notes_say_what_it_is_and_link(sent: Sent, number: int, words: str) -> None:
    assert words in sent.run(number).data.tags["mlflow.note.content"]


def test_a_warm_start_has_no_run_and_is_named(sent: Sent) -> None:
    assert 7 not in sent.result.run_ids
    text = sent.parent.data.tags["mlflow.note.content"]
    assert "finished trials of other studies from the start: 1 of `other`." in text


def test_answer_and_table_hold_the_constraint(sent: Sent) -> None:
    text = sent.parent.data.tags["mlflow.note.content"]
    assert re.search(r"\[x 0.5\]\(\S+\) has the best `score`: \*\*0.7\*\* after 5 of 4", text)
    assert "orchestrator resume plain-1 --add-trials 4" in text
    rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == 4  # trials 0, 6, 4; then 1, which breaks the constraint
    assert "breaks loss<=0.5" in rows[-1].replace("\\<", "<")


def test_no_word_of_images(sent: Sent) -> None:
    for run in (sent.parent, *(sent.run(number) for number in sent.result.run_ids)):
        shown = {k: v for k, v in run.data.tags.items() if not k.startswith("mlflow.source")}
        shown.pop("mlflow.user")
        for text in (*shown, *shown.values(), *run.data.params, *run.data.metrics):
            assert not _IMAGE_WORDS.search(text.replace("fidelity", "")), text
        assert not run.inputs.dataset_inputs


def test_artifacts(sent: Sent, tmp_path: Path) -> None:
    assert sent.names(sent.run(3)) == {"config.json"}
    assert sent.names(sent.run(2)) == {"config.json", "history.json"}
    # Curves for the best few that reported more than once; no picture for anybody else.
    assert sent.names(sent.run(0)) == {"config.json", "history.json", "curves.png"}
    parent = sent.parent
    assert sent.names(parent) == {"comparison.csv", "comparison.png", "pictures"}
    path = sent.client.download_artifacts(parent.info.run_id, "comparison.csv", str(tmp_path))
    with Path(path).open(newline="") as file:
        rows = {int(row["number"]): row for row in csv.DictReader(file)}
    assert [rows[n]["rank"] for n in (0, 6, 4, 1, 3)] == ["1", "2", "3", "4", ""]
    assert rows[3]["of"] == "0" and rows[1]["broken"] == "loss<=0.5"
    assert "backbone" not in rows[0]


def test_best_so_far_by_hand(sent: Sent) -> None:
    """Trials that count, by number: 0 (0.7), 1 (infeasible), 2 (pruned), 4 (0.5), 6 (0.65)."""
    rows = sent.client.get_metric_history(sent.parent.info.run_id, "best_score")
    ends = [BORN + 10 * number + 8 for number in (0, 1, 2, 4, 6)]
    expected = [(step, 0.7, round(1000 * end)) for step, end in enumerate(ends, 1)]
    assert [(row.step, row.value, row.timestamp) for row in rows] == expected


def test_a_row_of_best_so_far_never_changes(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    first, second = study.start(), study.start()
    study.end(second, metrics={"score": 0.9}, at=BORN + 50)
    reader = StudyReader(study.storage, study.name)
    assert best_so_far(reader.read()) == []  # what trial 0 will give is not known
    study.end(first, metrics={"score": 0.2}, at=BORN + 40)
    rows = [(r.step, r.value, r.timestamp / 1000) for r in best_so_far(reader.read())]
    assert rows == [(1, 0.2, BORN + 40), (2, 0.9, BORN + 50)]


def test_the_last_row_is_the_best_of_all_though_a_trial_waits(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    waiting, second = study.start(), study.start()
    study.end(second, metrics={"score": 0.9})
    study.give_back(waiting)
    client, parent = MlflowClient(store), study.sync().parent_run_id
    study.go_on(waiting)
    study.end(waiting, metrics={"score": 0.95})
    study.sync()
    rows = client.get_metric_history(parent, "best_score")
    assert sorted((row.step, row.value) for row in rows) == [(1, 0.9), (2, 0.95)]


def test_several_objectives(tmp_path: Path, store: str) -> None:
    study = plain_study(
        tmp_path, store, trials=3,
        objectives=[
            {"metric": "score", "direction": "maximize"},
            {"metric": "train_seconds", "direction": "minimize"},
        ],
    )  # fmt: skip
    for score, seconds in ((0.5, 10.0), (0.9, 100.0), (0.4, 20.0)):
        study.end(study.start(x=score), metrics={"score": score, "train_seconds": seconds})
    result = study.sync()
    run = MlflowClient(store).get_run(result.parent_run_id)
    text = run.data.tags["mlflow.note.content"]
    front = text[text.index("**Pareto front**") :].split("\n\n")[1].splitlines()
    assert [re.sub(r"\]\(\S+\)", "]", line) for line in front] == [
        "- [x 0.5]: score 0.5, train_seconds 10s",
        "- [x 0.9]: score 0.9, train_seconds 1m40s",
    ]
    assert run.data.metrics == {"best_score": 0.9, "best_train_seconds": 10.0}
    assert "score ↑" in text and "train_seconds ↓" in text
