"""Every space runs on digits: its first points, then what its sampler draws, in this process."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from local_runs import trials_of
from optuna.trial import FrozenTrial

from orchestrator.request import SearchRequest
from search_spaces import SPACES

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LITE = "tf_efficientnet_lite0"
# Untrained bodies: what is tried here is the way, not the accuracy.
SMALL = SearchRequest(
    data="digits",
    train_size=40,
    val_size=20,
    weights="random",
    trials=4,
    local=True,
    keep_models=0,
    settings=("epochs=1", "attack=none"),
)
TINY_NET = (*SMALL.settings, "width=8", "depth=2")
# By space: the nets, and what makes them small.
RUNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "backbone_compare": ((LITE,), ("epochs=5", "attack=none", "input_size=32")),
    "lr_range": (("mini_vgg",), TINY_NET),
    "onecycle": (("mini_vgg",), ("epochs=2", *TINY_NET[1:])),
    "regularization": (("mini_vgg",), TINY_NET),
    "augmentation": (("mini_vgg",), TINY_NET),
    "input_size": ((LITE,), SMALL.settings),
    "batch_size": (("mini_vgg", "mlp"), TINY_NET),
    "subset_size": ((LITE,), ("epochs=1", "input_size=32")),
    "subset_strategy": ((LITE,), ("epochs=1", "input_size=32")),
    "scratch_compare": (("mlp", "mini_vgg", "resnet9", "resnet18_cifar"), SMALL.settings),
    "small_data": ((LITE, "mlp"), (*SMALL.settings, "input_size=32")),
    "everything": ((LITE, "mini_vgg"), (*SMALL.settings, "input_size=32")),
    "robust": (("mini_vgg",), ("epochs=1", "attack=fgsm", "width=8", "depth=2")),
    "weak_supervision": ((LITE,), ("epochs=1", "input_size=32")),
    "robust_few_labels": (("mini_vgg",), ("epochs=1", "attack=fgsm", "width=8", "depth=2")),
}
QUICK = ("batch_size",)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(space: str, **changes: object) -> list[FrozenTrial]:
    """Four trials, each with a validation accuracy; first points beyond them wait."""
    backbones, settings = RUNS[space]
    request = replace(SMALL, space=space, backbones=backbones, settings=settings)
    trials = trials_of(replace(request, **changes))  # type: ignore[arg-type]
    assert {trial.state.name for trial in trials[4:]} <= {"WAITING"}
    trials = trials[:4]
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 4
    assert all(0 <= trial.user_attrs["metrics"]["val_acc"] <= 1 for trial in trials)
    return trials


@pytest.mark.parametrize("space", QUICK)
def test_a_quick_space_runs(space):
    trials = ran(space)
    # Another point each time, whether it came first or was drawn.
    assert len({trial.user_attrs["start"]["digest"] for trial in trials}) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("space", [name for name in SPACES if name not in QUICK])
def test_a_space_runs(space):
    trials = ran(space)
    backbones = {trial.user_attrs["config"]["backbone"] for trial in trials}
    assert backbones <= set(RUNS[space][0])
    if space == "scratch_compare":
        assert backbones == set(RUNS[space][0])
    if space == "lr_range":  # the range test suggested something for two of the four
        suggested = ["lr_suggested" in trial.user_attrs["metrics"] for trial in trials]
        assert suggested == [False, False, True, True]
    if space == "small_data":
        tunes = Counter(trial.user_attrs["config"]["tune"] for trial in trials)
        assert tunes == {"head": 1, "last": 1, "all": 2}  # mlp is trained as a whole


def test_a_curve_over_labels_has_every_size_once():
    """Three sizes of one draw; all labels come first, and cost nothing when the grid has them."""
    settings = (*RUNS["subset_size"][1], "split_seed=3", "subset=random")
    request = replace(SMALL, space="subset_size", settings=settings, train_size=30, trials=None)
    run = [trial for trial in trials_of(request) if "repeat_of" not in trial.user_attrs["end"]]
    sizes = [trial.params["train_size"] for trial in run]
    assert (sizes[0], sorted(sizes)) == (30, [10, 20, 30])
    configs = [trial.user_attrs["config"] for trial in run]
    assert {config["split_seed"] for config in configs} == {3}
    assert [config["train_size"] for config in configs] == sizes


def own_space() -> tuple[str, str]:
    """The file in the README that holds a space for our own trials, and its name."""
    found = re.search(
        r"`(\w+\.py)`:\n\n```python\n(from search_spaces import Space\n.*?)```", README, re.S
    )
    assert found is not None
    return found[1], found[2]


def test_the_space_in_the_readme_is_short_and_runs_by_path(working_folder):
    name, code = own_space()
    assert len(code.splitlines()) < 20
    (working_folder / name).write_text(code)
    assert f"orchestrator search {name}" in README
    trials = trials_of(replace(SMALL, space=name, trials=2))
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 2
    assert {trial.user_attrs["config"]["tune"] for trial in trials} == {"all"}
