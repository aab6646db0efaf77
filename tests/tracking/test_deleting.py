"""Taking a study out of MLflow, and out of nothing else that lies there."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from losing_proxy import losing_proxy
from mlflow import MlflowClient
from mlflow_server import Server, free_port
from plain_study import plain_study
from study_by_hand import create_study

from orchestrator.study.store import read_spec
from orchestrator.tracking.deleting import (
    MLflowHoldings,
    delete_from_mlflow,
    what_mlflow_holds,
)
from orchestrator.tracking.runs import BORN_TAG, STUDY_TAG, TRIAL_TAG
from search_spaces.errors import UnavailableError


def test_runs_of_this_study_alone_go(tmp_path: Path, store: str) -> None:
    (mine, other) = (plain_study(tmp_path / each, store, name=each) for each in ("mine", "other"))
    for study in (mine, other):
        study.finished(0.1)
        study.finished(0.2)
        assert study.sync().complete
    assert what_mlflow_holds(mine.spec, store) == MLflowHoldings(runs=3)
    assert delete_from_mlflow(mine.spec, store) == MLflowHoldings(runs=3)
    assert what_mlflow_holds(mine.spec, store) == MLflowHoldings()
    assert what_mlflow_holds(other.spec, store) == MLflowHoldings(runs=3)
    assert delete_from_mlflow(mine.spec, store) == MLflowHoldings()


def test_models_go_with_their_files_but_for_a_registered_one(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = create_study(tmp_path, store, keep_models=2)
    study.add_unsuccessful("failed", "no reason")
    result = study.sync()
    client = MlflowClient(store)
    spec = read_spec(study.study)
    models = []
    for number in range(2):
        tags = {
            STUDY_TAG: study.name,
            BORN_TAG: repr(spec.created),
            TRIAL_TAG: f"{study.name}/{number}",
        }
        made = client.create_logged_model(
            result.experiment_id, name=f"m{number}", source_run_id=result.run_ids[0], tags=tags
        )
        (tmp_path / f"m{number}").mkdir()
        (tmp_path / f"m{number}" / "MLmodel").write_text("flavors: {}")
        client.log_model_artifacts(made.model_id, str(tmp_path / f"m{number}"))
        models.append(client.finalize_logged_model(made.model_id, "READY"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)  # its registry asks the store that is set
    mlflow.register_model(f"models:/{models[0].model_id}", "champion")
    assert what_mlflow_holds(spec, store) == MLflowHoldings(runs=2, models=2, registered=1)
    assert delete_from_mlflow(spec, store) == MLflowHoldings(runs=2, models=1, registered=1)
    left = client.search_logged_models([result.experiment_id])
    assert [model.model_id for model in left] == [models[0].model_id]
    assert len(list((tmp_path / "mlruns").rglob("MLmodel"))) == 1


def test_nothing_is_there_and_nothing_is_made(tmp_path: Path) -> None:
    study = plain_study(tmp_path)
    assert what_mlflow_holds(study.spec, study.tracking_uri) == MLflowHoldings()
    assert delete_from_mlflow(study.spec, study.tracking_uri) == MLflowHoldings()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_store_that_is_away_is_said(tmp_path: Path) -> None:
    away = f"http://me:s3cret@127.0.0.1:{free_port()}"
    study = plain_study(tmp_path, away)
    for act in (what_mlflow_holds, delete_from_mlflow):
        with pytest.raises(UnavailableError, match="is away") as caught:
            act(study.spec, away)
        assert "s3cret" not in str(caught.value)


def test_cut_short_it_says_how_far_it_came(tmp_path: Path, server: Server) -> None:
    with losing_proxy(server.uri) as (uri, proxy):
        study = plain_study(tmp_path, uri, name="cut-short", created=1.4e9)
        study.finished(0.1)
        study.finished(0.2)
        assert study.sync().complete
        proxy.lose = {"runs/delete": 1}
        with pytest.raises(UnavailableError, match="deleting run 1 of 3, after 0 models"):
            delete_from_mlflow(study.spec, uri)
        assert delete_from_mlflow(study.spec, uri) == MLflowHoldings(runs=2)
        assert what_mlflow_holds(study.spec, uri) == MLflowHoldings()
