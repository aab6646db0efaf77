"""Nets that are trained from scratch, in a plan: skipped where nothing would train them."""

from __future__ import annotations

import pytest

from orchestrator.plan.build import plan_search
from orchestrator.plan.candidates import choose_backbones
from orchestrator.request import SearchRequest
from orchestrator.run.weights import fetch_weights
from search_spaces.errors import UnavailableError
from trainables.backbones import pretrained_backbones

LITE = "tf_efficientnet_lite0"
REASON = "resnet9 has no pretrained weights: its body must be trained, --set tune=all"


@pytest.mark.needs("wheels")
@pytest.mark.parametrize("tune", ["head", "last"])
def test_one_is_left_out_where_its_body_would_not_train(tune):
    found = choose_backbones(("resnet9", LITE), weights="pretrained", weights_dir=None, tune=tune)
    assert found.tried == (LITE,)
    assert [(item.backbone, item.reason) for item in found.left_out] == [("resnet9", REASON)]


@pytest.mark.needs("wheels")
def test_one_is_taken_where_all_of_it_trains():
    found = choose_backbones(
        ("resnet9", LITE, "mlp"), weights="pretrained", weights_dir=None, tune="all"
    )
    assert (found.tried, found.to_fetch, found.left_out) == (("resnet9", LITE, "mlp"), (), ())


def test_alone_and_frozen_it_is_an_error_that_says_what_to_do():
    with pytest.raises(UnavailableError, match="--set tune=all"):
        choose_backbones(("resnet9",), weights="pretrained", weights_dir=None)


@pytest.mark.parametrize("tune", ["head", "all"])
def test_named_by_nobody_none_is_tried(tune):
    found = choose_backbones(None, weights="random", weights_dir=None, tune=tune)
    assert found.tried == pretrained_backbones()
    assert "resnet9" not in found.tried


@pytest.mark.needs("wheels")
def test_it_stays_in_a_plan_whose_weights_are_fetched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = plan_search(
        SearchRequest(
            data="digits",
            train_size=40,
            val_size=40,
            backbones=("mlp", LITE),
            trials=2,
            local=True,
            settings=("tune=all", "attack=none", "input_size=32"),
        )
    )
    fetched = fetch_weights(plan, lambda line: None)
    assert (fetched.backbones, fetched.left_out) == (("mlp", LITE), ())
    assert list(fetched.weights_digests) == [LITE]  # mlp's start is each trial's own seed
