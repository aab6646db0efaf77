"""Adversarial training against closed forms of linear nets, scipy, and what it is for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from host_waits import HostWaits
from scipy.stats import entropy
from tasks import CLASSES, config, task
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables import TrialConfig
from trainables.attacks.losses import ascent, log_odds
from trainables.objectives import OBJECTIVES
from trainables.objectives.base import Learner
from trainables.objectives.crafting import Ball, anywhere, ball, crafted
from trainables.objectives.trades import divergence
from trainables.recipe_check import check_recipe
from trainables.training import Training, fit
from trainables.training.watch import RobustWatch

EPS = 0.1
WAYS = ("fast", "pgd", "trades")


class Linear(nn.Module):
    """Two classes: logits are 0 and w . x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(12, generator=torch.Generator().manual_seed(0)))
        self.norm = nn.BatchNorm1d(1)  # never used; its buffers and mode are watched

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        score_N = images_NCHW.flatten(1) @ self.weight
        return torch.stack([torch.zeros_like(score_N), score_N], dim=1)


def images(count: int = 6) -> torch.Tensor:
    return torch.rand((count, 3, 2, 2), generator=torch.Generator().manual_seed(1))


def corner(net: Linear, images_NCHW: torch.Tensor, labels_N: torch.Tensor) -> torch.Tensor:
    """The worst image of the ball, in closed form: every pixel goes against the label."""
    away = torch.where(labels_N == 1, -1.0, 1.0)[:, None, None, None]
    return (images_NCHW + EPS * away * net.weight.sign().view(3, 2, 2)).clamp(0, 1)


@pytest.mark.parametrize(
    ("eps_255", "steps", "expected"),
    [(8, 7, 2), (8, 10, 2), (8, 1, 10), (8, 2, 5), (8, 5, 2), (4, 10, 1)],
)
def test_steps_are_a_quarter_of_eps_and_reach_across_in_few(eps_255, steps, expected):
    """2/255 at 8/255 with 7 or 10 steps (Madry); 10/255 in a single one (Wong et al.)."""
    made = ball(eps_255, steps)
    assert made.eps * 255 == pytest.approx(eps_255)
    assert made.step * 255 == pytest.approx(expected)


def test_crafted_images_are_the_worst_ones_and_leave_no_trace():
    net, labels = Linear().train(), torch.tensor([0, 1, 0, 1, 0, 1])
    net.norm.eval()
    within = Ball(EPS, EPS / 4, 10)
    start = anywhere(images(), within, torch.Generator().manual_seed(2))
    assert float(start.abs().max()) <= EPS
    found = crafted(
        net,
        lambda moved: ascent(net, moved, labels[:, None], log_odds).gradient_NCHW,
        images(),
        within,
        start,
    )
    assert torch.allclose(found, corner(net, images(), labels), atol=1e-6)
    assert net.training and not net.norm.training
    assert net.weight.grad is None and not found.requires_grad


def test_the_loss_of_pgd_is_that_of_the_worst_images():
    net, labels = Linear(), torch.tensor([0, 1, 0, 1, 0, 1])
    settings = config(adversarial="pgd", adversarial_eps_255=255 * EPS, adversarial_steps=10)
    learner = Learner(net, net, torch.Generator().manual_seed(0))
    targets = functional.one_hot(labels, 2).float()
    loss_P, logits = OBJECTIVES.get("pgd")(settings)(learner, images(), targets)
    worst = net(corner(net, images(), labels))
    assert torch.allclose(logits, worst, atol=1e-5)
    rows = zip(worst.tolist(), labels.tolist(), strict=True)
    by_hand = [math.log(1 + math.exp(row[1 - y] - row[y])) for row, y in rows]
    assert loss_P.tolist() == pytest.approx(by_hand, rel=1e-4)


def test_trades_is_cross_entropy_plus_beta_times_the_divergence():
    net, labels = Linear(), torch.tensor([0, 1, 0, 1, 0, 1])
    targets = functional.one_hot(labels, 2).float()
    losses = {}
    for beta in (0.0, 1.0, 3.0):
        settings = config(
            adversarial="trades", adversarial_eps_255=255 * EPS, adversarial_steps=10,
            trades_beta=beta,
        )  # fmt: skip
        learner = Learner(net, net, torch.Generator().manual_seed(0))
        losses[beta], _ = OBJECTIVES.get("trades")(settings)(learner, images(), targets)
    clean = functional.cross_entropy(net(images()), labels, reduction="none")
    assert torch.allclose(losses[0.0], clean, atol=1e-6)
    far = (losses[1.0] - clean).detach()
    assert torch.allclose(losses[3.0] - clean, 3 * far, atol=1e-5)
    # The neighbour is a corner again, on the side that the start happened to lean to.
    sides = [corner(net, images(), torch.full((6,), side)) for side in (0, 1)]
    each = torch.stack([divergence(net(side), net(images())) for side in sides])
    assert float((far - each).abs().min(0).values.max()) < 1e-4


def test_the_divergence_is_scipys():
    own, moved = np.random.default_rng(0).normal(size=(2, 5, 4))
    softmax = [np.exp(x) / np.exp(x).sum(1, keepdims=True) for x in (own, moved)]
    found = divergence(torch.tensor(moved), torch.tensor(own))
    assert found.numpy() == pytest.approx(entropy(*softmax, axis=1))


@pytest.mark.parametrize(
    ("measured", "kept", "ended"),
    [
        ([(0.3, 0.4), (0.5, 0.5), (0.4, 0.6)], 2, None),
        ([(0.3, 0.4), (0.3, 0.5)], 1, None),  # the first of equals
        ([(0.3, 0.6), (0.5, 0.3), (0.9, 0.9)], 1, 2),  # fell by more than 0.2
        ([(0.3, 0.6), (0.5, 0.45), (0.6, 0.3)], 3, None),  # a fall of 0.15 twice is none
    ],
)
def test_the_watch_keeps_the_best_epoch_and_ends_at_a_collapse(measured, kept, ended):
    this = task(config(adversarial="fast"))
    watch, ends = RobustWatch(this, this.model), None
    for epoch, (robust, trained) in enumerate(measured, start=1):
        with torch.no_grad():
            this.model.head.bias.fill_(epoch)
        watch.note(epoch, {"val_pgd_acc": robust, "train_pgd_acc": trained})
        if watch.collapsed:
            ends = epoch
            break
    assert ends == ended
    figures = watch.settle()
    assert figures["kept_epoch"] == kept and ("collapsed" in figures) == (ended is not None)
    assert this.model.head.bias.tolist() == [kept] * CLASSES


@pytest.mark.parametrize("way", WAYS)
def test_interrupted_it_ends_the_same_and_waits_once_an_epoch(way):
    settings = config(adversarial=way, adversarial_steps=2, ema=0.9, clip_norm=1.0)
    whole = Training(task(settings, dropout=0.3))
    for _ in range(4):
        with HostWaits() as waits:
            last = whole.run_epoch()
        assert waits.counts == {"tolist": 1}
    first = Training(task(settings, dropout=0.3))
    for _ in range(2):
        state = first.run_epoch().state()
    again = Training(task(settings, seed=0, dropout=0.3), state)
    while not again.has_ended:
        end = again.run_epoch()
    assert end.metrics == last.metrics
    assert again.settle() == whole.settle()
    for mine, theirs in zip(
        again.kept.state_dict().values(), whole.kept.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_a_collapse_ends_the_training_early():
    training = Training(task(config(adversarial="fast", epochs=9)))
    seen = []
    for epoch in fit(training):
        seen.append(epoch.epoch)
        if epoch.epoch == 2:
            training.watch.note(3, {"val_pgd_acc": 0.5, "train_pgd_acc": -1.0})
    assert seen == [1, 2]


@pytest.mark.parametrize("way", WAYS)
def test_it_withstands_what_ordinary_training_does_not(way):
    """A strong clue that any attack can turn, beside a weak one that none can reach."""

    def robust_accuracy(adversarial: str) -> float:
        settings = config(
            adversarial=adversarial, adversarial_eps_255=20, adversarial_steps=5, epochs=12,
            lr=0.02, trades_beta=6.0,
        )  # fmt: skip
        this = two_clues(task(settings, examples=144, norm=False))
        training = Training(this)
        for _ in fit(training):
            pass
        training.settle()
        judge = RobustWatch(replace(this, config=config(adversarial_eps_255=20)), this.model)
        return float(judge.measure()[0])

    assert robust_accuracy(way) >= robust_accuracy("none") + 0.3


def two_clues(this):
    """Left half: brightness apart by 60, under noise; right half: a clean faint pattern."""
    generator = torch.Generator().manual_seed(3)
    labels = this.labels_N[:, None, None, None]
    noise = torch.randint(0, 60, this.inputs_N.shape, generator=generator)
    images = noise + 60 * labels
    checks = (torch.arange(8)[:, None] + torch.arange(8)[None]) % 2
    faint = 120 + 8 * (labels - 1) * (2 * checks - 1)
    images[..., 4:] = faint[..., 4:].expand(-1, 3, -1, -1)
    return replace(this, inputs_N=images.to(torch.uint8))


def test_an_attack_needs_one_label_an_image():
    with pytest.raises(UsageError, match=r"mixup=0\.2"):
        check_recipe(TrialConfig(tune="all", backbone="mlp", adversarial="pgd", mixup=0.2))
    with pytest.raises(UsageError, match=r"pdg.*Did you mean 'pgd'"):
        check_recipe(TrialConfig(tune="all", backbone="mlp", adversarial="pdg"))


@pytest.mark.parametrize(
    ("changes", "digest"),
    [
        ({}, "2d7603f5122c32a3"),
        ({"tune": "all", "backbone": "mini_vgg", "epochs": 3}, "449b3cfc610f383d"),
    ],
)
def test_digests_are_those_of_the_version_before(changes, digest):
    """Computed at commit fbea6d5: so studies made by it go on."""
    assert TrialConfig(**changes).digest == digest
    assert TrialConfig(**changes, adversarial="pgd").digest != digest
