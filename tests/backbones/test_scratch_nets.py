"""Nets from scratch: in the registry like any other, without weights, with options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones import (
    BACKBONES,
    WeightsUnavailable,
    feature_count,
    find_weights,
    get_backbone,
    list_backbones,
    load_body,
    pretrained_backbones,
    weights_here,
)
from trainables.bodies import cached_body, forget_bodies
from trainables.config import TrialConfig
from trainables.weights_digest import weights_digest

SCRATCH = ("resnet9", "resnet18_cifar", "mini_vgg", "mlp")


def state_of(net: nn.Module) -> list[torch.Tensor]:
    return list(net.state_dict().values())


def test_a_search_that_names_none_tries_what_it_always_tried() -> None:
    assert set(BACKBONES.names()) - set(pretrained_backbones()) == set(SCRATCH)


def test_naming_the_ones_with_weights_imports_no_torch() -> None:
    script = (
        "import sys; from trainables.backbones import pretrained_backbones; pretrained_backbones();"
        "print(sorted({'torch', 'torchvision', 'timm'} & set(sys.modules)))"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert asked.stdout.strip() == "[]", asked.stderr


def test_the_list_says_that_they_are_trained_from_scratch() -> None:
    rows = {row.name: row for row in list_backbones()}
    assert {name for name, row in rows.items() if not row.pretrained} == set(SCRATCH)
    assert all(rows[name].weights is None and not rows[name].problem for name in SCRATCH)


@pytest.mark.parametrize("name", SCRATCH)
def test_there_are_no_weights_to_find(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.pth").write_bytes(b"whatever")
    assert weights_here(name, weights_dir=tmp_path) is None
    with pytest.raises(WeightsUnavailable, match="tune=all") as caught:
        find_weights(name)
    assert caught.value.reason == (
        f"{name} has no pretrained weights: its body must be trained, --set tune=all"
    )


@pytest.mark.parametrize("name", SCRATCH)
def test_a_start_depends_on_the_seed_alone(name: str) -> None:
    first = load_body(name, seed=1)
    torch.manual_seed(99)
    before = torch.random.get_rng_state()
    same, other = load_body(name, weights="random", seed=1), load_body(name, seed=2)
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.digest == same.digest == "random-1" and other.digest == "random-2"
    pairs = zip(state_of(first.module), state_of(same.module), strict=True)
    assert all(torch.equal(one, two) for one, two in pairs)
    one, two = next(first.module.parameters()), next(other.module.parameters())
    assert not torch.equal(one, two)


@pytest.mark.parametrize(
    ("name", "options", "features"),
    [
        ("resnet9", {}, 512),
        ("resnet9", {"body_dropout": 0.1}, 512),
        ("mini_vgg", {"depth": 1, "width": 6}, 6),
        ("mini_vgg", {"depth": 5}, 256),  # VGG16's last two stages are equally wide
        ("mini_vgg", {"depth": 3, "width": 64}, 256),
        ("mlp", {"depth": 4, "width": 33}, 33),
    ],
)
def test_features_are_counted_with_options(name: str, options: dict, features: int) -> None:
    body = load_body(name, options=options)
    assert feature_count(body.spec, options) == body.features == features
    assert body.module(torch.zeros(2, 3, 32, 32)).shape == (2, features)


def test_an_option_that_a_net_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no option depth.*It has: width, body_dropout"):
        load_body("resnet9", options={"depth": 3})
    with pytest.raises(UsageError, match=r"resnet18 has no option width.*It has: none"):
        feature_count(get_backbone("resnet18"), {"width": 3})
    with pytest.raises(UsageError, match=r"1 to 5.*Got: 6.*nearest is 5"):
        load_body("mini_vgg", options={"depth": 6})


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        ({"backbone": "resnet9", "seed": 3}, "random-3"),
        ({"backbone": "resnet9", "weights": "random", "depth": 3}, "random-0"),
        ({"backbone": "resnet9", "width": 8}, "random-0-width8"),
        ({"backbone": "mini_vgg", "width": 8, "body_dropout": 0.3}, "random-0-width8"),
        ({"backbone": "mlp", "width": 8, "depth": 1}, "random-0-depth1-width8"),
        ({"backbone": "resnet18", "weights": "random", "depth": 4}, "random-0"),
    ],
)
def test_a_trials_digest_is_its_bodys(fields: dict, digest: str) -> None:
    config = TrialConfig(**fields)
    assert weights_digest(config) == digest
    spec = get_backbone(config.backbone)
    options = spec.chosen(config.model_dump())
    body = load_body(config.backbone, weights=config.weights, seed=config.seed, options=options)
    assert body.digest == digest


def test_a_process_keeps_bodies_apart_by_their_options() -> None:
    forget_bodies()
    asked = {"weights": "pretrained", "weights_dir": None, "seed": 0, "digest": "random-0"}
    plain = cached_body("mlp", **asked)
    dropping = cached_body("mlp", **asked, options={"body_dropout": 0.5})
    assert dropping is not plain
    assert cached_body("mlp", **asked) is plain
    forget_bodies()


def test_the_deviation_is_of_all_pixels() -> None:
    """(0.2023, 0.1994, 0.2010), which many projects take, is the mean over the images' own."""
    for name in SCRATCH:
        assert get_backbone(name).mean == (0.4914, 0.4822, 0.4465)
        assert get_backbone(name).std == (0.2470, 0.2435, 0.2616)
