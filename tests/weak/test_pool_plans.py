"""What a plan says of a pool: its time by hand, its words, and what it refuses before anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.plan.build import plan_search
from orchestrator.plan.estimating import HEAD_SECONDS, Workload, estimate
from orchestrator.plan.pool import check_teacher
from orchestrator.plan.value import Resources
from orchestrator.request import SearchRequest
from orchestrator.views.plan_text import plan_lines
from search_spaces.errors import UsageError
from trainables.config import TrialConfig

LITE, OTHER, SCRATCH = "tf_efficientnet_lite0", "tf_efficientnet_lite2", "resnet9"
ONE = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
RATES = {LITE: 100.0, OTHER: 50.0, SCRATCH: 1000.0}


def work(**recipe: object) -> Workload:
    """1,200 labels to train on and 8,800 images without; four trials of five epochs."""
    fields = {"epochs": 5, "batch_size": 64, **recipe}
    return Workload(
        train=1200, val=800, attack=0, trials=4, precision="float32", device="cpu",
        recipe=TrialConfig.model_validate(fields), images=10_000,
    )  # fmt: skip


def planned(backbone: str, size: int, **recipe: object):
    return estimate({backbone: (size,)}, work(**recipe), ONE, lambda name, _: RATES[name])


@pytest.mark.parametrize(
    ("weak", "seen"),
    [
        ("none", 0),
        ("label_spreading", 8800),
        ("pseudo_label:pool=2000", 2000),
        ("cluster_then_label:pool=0.5", 4400),
    ],
)
def test_a_head_needs_the_features_of_the_pool_once(weak, seen):
    found = planned(LITE, 128, weak=weak)
    assert found.extract == pytest.approx((1200 + seen + 800) / 100)
    assert found.train == 0


@pytest.mark.parametrize(
    ("weak", "images"),
    [
        ("none", 1200),
        # Half of a batch of 64: 6,400 / 32 = 200 steps.
        ("teacher:pool=6400", 200 * 64),
        ("teacher:pool=6400,share=0.5", 100 * 64),
        ("teacher:labelled=0", 1200 + 8800),
        # 8,800 / 448 = 20 steps of 64, and of 448 twice.
        ("fixmatch", 20 * (64 + 2 * 448)),
    ],
)
def test_a_net_sees_labels_and_pool_in_each_epoch(weak, images):
    found = planned(SCRATCH, 32, tune="all", weak=weak)
    trained = 5 * (3.5 * images + 800) / 1000
    assert found.train == pytest.approx(4 * (trained + HEAD_SECONDS))


def test_a_teacher_is_another_body_that_looks_at_the_pool_once():
    weak = "teacher:input_size=128,pool=6400"
    found = planned(SCRATCH, 32, tune="all", weak=weak)
    assert found.extract == pytest.approx((1200 + 6400) / RATES[OTHER])
    assert planned(SCRATCH, 32, tune="all").extract == 0


REQUEST = SearchRequest(
    space="backbone_compare", data="digits", backbones=("mini_vgg",), train_size=100, val_size=50,
    local=True, trials=2, settings=("tune=all", "attack=none", "epochs=1"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_plan_says_how_many_images_take_part_and_how():
    asked = (*REQUEST.settings, "weak=fixmatch:ratio=7,pool=200")
    plan = plan_search(replace(REQUEST, settings=asked))
    said = dict(plan_lines(plan))["unlabelled"]
    assert said.startswith("200 images take part, their labels unread: fixmatch:pool=200; ")
    assert plan.spec.base_config["weak"] == "fixmatch:pool=200"  # ratio is at its default
    assert "unlabelled" not in dict(plan_lines(plan_search(REQUEST)))


@pytest.mark.parametrize(
    ("weak", "said"),
    [
        ("fixmatsh", "Did you mean 'fixmatch'"),
        ("pseudo_label", "mini_vgg cannot be trained so.*by cached features"),
        ("teacher:backbone=alexnet,input_size=32", "alexnet needs images of at least 63 px"),
    ],
)
def test_what_cannot_be_is_told_by_the_plan(weak, said):
    with pytest.raises(UsageError, match=f"(?s){said}"):
        plan_search(replace(REQUEST, settings=(*REQUEST.settings, f"weak={weak}")))


def test_a_teacher_at_random_needs_no_weights():
    check_teacher(TrialConfig(tune="all", weights="random", weak="teacher"))
