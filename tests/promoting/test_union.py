"""What broke one net, tried on the other: closed forms for linear nets, and nets that hide."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from orchestrator.promoting.contest import GRIDS
from orchestrator.promoting.decision import Gates, decide
from orchestrator.promoting.evidence import Evidence, Showing, Survival
from orchestrator.promoting.measuring import TestImages, right_on, survival_on
from orchestrator.promoting.model_card import version_description
from orchestrator.promoting.strongest import ChosenAttack
from orchestrator.promoting.union import Attacked, score_together
from search_spaces.errors import UnavailableError, UsageError
from trainables.attacks.making import make_attack
from trainables.attacks.transfer import Transferable, transfer
from trainables.driving import drive

GREYS = (90, 99, 101, 103, 106, 120)
SIDE = 2
FEATURES = 3 * SIDE * SIDE
LINF = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)


class Bright(nn.Module):
    """Class 0 where the mean grey is above a threshold: FGSM at e moves the mean by just e.

    Args:
        threshold: a grey from 0 to 255.
        hides: answers with saturated probabilities, whose gradient is 0 in float32.
    """

    def __init__(self, threshold: float, *, hides: bool = False) -> None:
        super().__init__()
        self.threshold, self.hides = threshold, hides

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        margin_N = images_NCHW.flatten(1).sum(1) - FEATURES * self.threshold / 255
        logits_NK = torch.stack([margin_N, torch.zeros_like(margin_N)], dim=1)
        return (1e5 * logits_NK).softmax(1) if self.hides else logits_NK


def greys(times: int = 1, values: tuple[int, ...] = GREYS) -> TestImages:
    """Images of one grey each, all of class 0."""
    greys_N = np.tile(np.array(values, dtype=np.uint8), times)
    images_NHWC = np.broadcast_to(greys_N[:, None, None, None], (len(greys_N), SIDE, SIDE, 3))
    labels_N = np.zeros(len(greys_N), dtype=np.int64)
    return TestImages(images_NHWC.copy(), labels_N, np.arange(len(greys_N)))


def attacked(name: str, net: nn.Module, test: TestImages, attack: str = "fgsm") -> Attacked:
    chosen = ChosenAttack(attack, make_attack(attack, seed=0))
    broke = Transferable((3, SIDE, SIDE))
    grid = GRIDS[chosen.attack.norm]
    survival = drive(survival_on(net, test, chosen, grid, broke=broke))
    return Attacked(name, net, Showing(drive(right_on(net, test)), survival), broke)


def together(
    one: nn.Module, other: nn.Module, test: TestImages, attack: str = "fgsm"
) -> tuple[Survival, Survival]:
    nets = attacked("the candidate", one, test, attack), attacked("version 3", other, test, attack)
    first, second = drive(score_together(*nets, test))
    assert first.survival is not None and second.survival is not None
    return first.survival, second.survival


def table(*rows: str) -> np.ndarray:
    return np.array([[letter == "r" for letter in row] for row in rows])


def test_a_net_that_hides_no_longer_looks_robust() -> None:
    """Threshold 98.25 hides, 100.25 does not. Grey 101 is 2.75 above the hidden one's: what broke
    the other at 1 and 2 does nothing, at 4 it falls; at 8 it is not tried any more."""
    hidden, plain = together(Bright(98.25, hides=True), Bright(100.25), greys())
    assert hidden.transferred is not None and plain.transferred is not None
    assert (
        plain.right_ME == table("......", "......", "rr....", "rrrr..", "rrrrr.", "rrrrrr")
    ).all()
    assert (
        hidden.right_ME == table("......", "rrrrrr", "rrrr..", "rrrrr.", "rrrrr.", "rrrrrr")
    ).all()
    assert hidden.transferred.alone_E == (5 / 6,) * 6  # its own attack finds nothing
    assert hidden.transferred.fell_E == (0, 0, 0, 0, 1, 3)
    # Grey 101 at 1, 2, 4; 103 at 4, 8; 106 at 8.
    assert (hidden.transferred.images, hidden.transferred.passes) == (3, 6)
    assert (plain.transferred.images, plain.transferred.passes) == (0, 0)
    assert plain.transferred.alone_E == plain.accuracy_E


def test_in_l2_as_well() -> None:
    """The same in L2: a step of e moves each of 12 values by e / sqrt(12)."""
    hidden, plain = together(Bright(98.25, hides=True), Bright(100.25), greys(), "fgsm:norm=l2")
    away_N, grid_E = np.array(GREYS) * np.sqrt(FEATURES), np.array(GRIDS["l2"])
    falls_NE = (away_N - 100.25 * np.sqrt(FEATURES))[:, None] < grid_E
    assert (plain.right_ME == ~falls_NE).all()
    begins_N = away_N < 100.25 * np.sqrt(FEATURES)  # wrong before: never attacked
    found_NE = falls_NE & ~begins_N[:, None]
    falls_NE = found_NE & ((away_N - 98.25 * np.sqrt(FEATURES))[:, None] < grid_E)
    right_N = np.array(GREYS) > 98.25
    expected = right_N[:, None] & ~np.logical_or.accumulate(falls_NE, axis=1)
    assert (hidden.right_ME == expected).all() and (expected[2:, 1:] == 0).any()


class Linear(nn.Module):
    """Two classes, by the sign of a weighted sum."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        weights = torch.randn(FEATURES, generator=torch.Generator().manual_seed(seed))
        self.weights = nn.Parameter(weights)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        margin_N = (images_NCHW.flatten(1) - 0.5) @ self.weights
        return torch.stack([margin_N, -margin_N], dim=1)


def _coloured(count: int) -> TestImages:
    images_NHWC = np.random.default_rng(0).integers(40, 216, (count, SIDE, SIDE, 3), np.uint8)
    x_NCHW = torch.from_numpy(images_NHWC).permute(0, 3, 1, 2).float() / 255
    labels_N = Linear(0)(x_NCHW).argmax(1).numpy()
    return TestImages(images_NHWC, labels_N, np.arange(count))


def test_against_an_exact_attack_nothing_of_the_others_counts() -> None:
    """FGSM is exact on linear nets of two classes, so no perturbation of another breaks more. Each
    is tried once, on images that stand: their number follows from the closed form of both."""
    test, nets = _coloured(200), (Linear(0), Linear(1))
    found = together(*nets, test)
    margins = []
    for net in nets:
        w_F = net.weights.detach().numpy().astype(float)
        x_NF = test.images_NHWC.transpose(0, 3, 1, 2).reshape(200, -1) / 255 - 0.5
        sign_N = np.where(test.labels_N == 0, 1, -1)
        margins.append((x_NF @ w_F * sign_N)[:, None] - np.array(LINF) / 255 * np.abs(w_F).sum())
    for (own_NE, other_NE), survival in zip((margins, margins[::-1]), found, strict=True):
        assert (survival.right_ME == (own_NE > 0)).all()
        assert survival.transferred is not None and survival.transferred.images == 0
        tried = (other_NE[:, :1] > 0) & (other_NE <= 0) & (own_NE > 0)
        assert survival.transferred.passes == tried.sum() > 0


@pytest.mark.parametrize("attack", ["fgsm", "pgd:steps=3"])
def test_the_order_makes_no_difference_and_a_second_time_neither(attack: str) -> None:
    test = greys()
    one, other = Bright(98.25, hides=True), Bright(100.25)
    first, second = together(one, other, test, attack), together(other, one, test, attack)
    for a, b in zip(first, second[::-1], strict=True):
        assert (a.right_ME == b.right_ME).all()
        assert a.transferred is not None and b.transferred is not None
        assert a.transferred.fell_E == b.transferred.fell_E


def test_the_curves_cannot_rise_and_nothing_rises_above_the_own_attack() -> None:
    test = _coloured(120)
    nets = [attacked(str(i), Linear(i), test, "pgd:steps=2") for i in (0, 1)]
    for net, showing in zip(nets, drive(score_together(*nets, test)), strict=True):
        assert showing.survival is not None and net.showing.survival is not None
        right_ME, own_ME = showing.survival.right_ME, net.showing.survival.right_ME
        assert (right_ME <= own_ME).all() and (right_ME[:, 1:] <= right_ME[:, :-1]).all()
        assert (right_ME[:, 0] == own_ME[:, 0]).all()  # at epsilon 0 nothing is tried


def test_without_an_attack_nothing_changes() -> None:
    test, net = greys(), Bright(100.25)
    one = Attacked("one", net, Showing(drive(right_on(net, test))), None)
    assert drive(score_together(one, one, test)) == (one.showing, one.showing)


def _decided(candidate: nn.Module, champion: nn.Module, *, union: bool):
    """300 images; by robustness."""
    test = greys(50)
    nets = attacked("the candidate", candidate, test), attacked("version 3", champion, test)
    shown = drive(score_together(*nets, test)) if union else [net.showing for net in nets]
    return decide(Evidence(*shown, "3"), Gates(by="robustness"))


def test_hiding_takes_no_champions_place() -> None:
    """Two nets that answer alike, one of them hidden: alone it looks better, together equal."""
    nets = Bright(100.25, hides=True), Bright(100.25)
    assert _decided(*nets, union=False).promote
    held = _decided(*nets, union=True)
    (refusal,) = held.refusals
    assert refusal.check == "better"
    assert refusal.words.startswith("it is not significantly more robust than version 3: +0.0")
    assert refusal.words.endswith(
        "; what broke either was tried on both: it lost 150 more images by that, and version 3 none"
    )
    # Of 300 images 150 stood and fell at 8/255: more than an attack may overlook.
    assert any("fell to what had broken version 3" in words for words in held.warnings)
    assert held.attack is not None
    assert [alarm["name"] for alarm in held.attack["alarms"]][-1] == "transfer_wins"


def test_the_evidence_says_what_was_done() -> None:
    held = _decided(Bright(100.25, hides=True), Bright(100.25), union=True)
    told = json.loads(json.dumps(held.to_json()))["attack"]
    assert told["union"] == ["the candidate", "version 3"]
    # Greys 101, 103, 106 fall at once where the other fell: at 1, 4 and 8.
    assert told["transferred"]["candidate"]["passes"] == 150
    assert told["transferred"]["candidate"]["fell_E"] == [0, 0, 50, 50, 100, 150]
    assert told["transferred"]["candidate"]["alone_E"] == pytest.approx([2 / 3] * 6)
    assert told["transferred"]["champion"]["images"] == 0
    assert "what broke either was tried on both" in version_description(held)


def test_a_score_under_a_union_is_unlike_one_without() -> None:
    test = greys()
    nets = attacked("one", Bright(100.25), test), attacked("other", Bright(98.25), test)
    first, _ = drive(score_together(*nets, test))
    with pytest.raises(UsageError, match="the nets whose perturbations were tried"):
        Evidence(first, nets[1].showing, "3")


def test_unequal_samples_are_refused_after_all() -> None:
    """An attack with a limit leaves each net a sample of its own: 32 images, and all 120."""
    test, nets = greys(20), []
    for name, attack in (("one", "fgsm:max_passes=1"), ("other", "fgsm")):
        nets.append(attacked(name, Bright(100.25), test, attack))
    shown = drive(score_together(*nets, test))
    with pytest.raises(UsageError, match=r"the number of attacked images: 32 and 120"):
        Evidence(*shown, "3")


@pytest.fixture
def found() -> Callable[[int], Transferable]:
    """Seven perturbations of images 0 to 6 at the first epsilon, and one at the second."""

    def make(memory: int) -> Transferable:
        held = Transferable((3, SIDE, SIDE), memory=memory)
        draws = torch.randn((8, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0)) / 255
        held.hear(1, torch.arange(3), draws[:3])
        held.hear(1, torch.arange(3, 7), draws[3:7])
        held.hear(2, torch.tensor([5]), draws[7:])
        return held

    return make


def test_what_goes_to_the_disk_comes_back(
    found: Callable[[int], Transferable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches, the same from memory and from a file that has no name for anybody to find."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    wanted_N = np.array([True, False, True, True, True, True])  # image 6 is beyond
    held = [list(found(memory).at(1, wanted_N, 2)) for memory in (10**6, 1)]
    for (rows, changes), (same_rows, same) in zip(*held, strict=True):
        assert rows.tolist() == same_rows.tolist() and torch.equal(changes, same)
    assert [rows.tolist() for rows, _ in held[0]] == [[0, 2], [3, 4], [5]]
    draws = torch.randn((8, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0)) / 255
    assert torch.equal(held[1][1][1], draws[3:5].half().float())
    ((rows, change),) = found(1).at(2, wanted_N, 2)
    assert rows.tolist() == [5] and torch.equal(change, draws[7:].half().float())
    assert not list(tmp_path.iterdir())


def test_no_room_is_told_in_words(
    found: Callable[[int], Transferable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(UnavailableError, match="Room for perturbations"):
        found(1)


def test_a_change_that_is_too_large_is_projected() -> None:
    """102 less 5 would break, less the 1 that there is room for does not; 101 less 1 does."""
    test, held = greys(values=(102, 101)), Transferable((3, SIDE, SIDE))
    held.hear(1, torch.arange(2), torch.full((2, 3, SIDE, SIDE), -5 / 255))
    given = (test.images_NHWC, test.labels_N, np.ones((2, 2), dtype=bool), (0.0, 1.0), "linf")
    told = drive(transfer(held, Bright(100.25), *given))
    assert told.right_NE.tolist() == [[True, True], [True, False]]


def test_the_net_is_left_as_it_was() -> None:
    """Batch statistics would move, and change verdicts, in training mode."""
    net = nn.Sequential(nn.BatchNorm2d(3), Bright(100.25))
    test, held = greys(), Transferable((3, SIDE, SIDE))
    held.hear(1, torch.tensor([5]), torch.full((1, 3, SIDE, SIDE), -1 / 255))
    net.train()
    right_NE = np.ones((6, 2), dtype=bool)
    told = drive(transfer(held, net, test.images_NHWC, test.labels_N, right_NE, (0.0, 1.0), "linf"))
    assert told.passes == 1 and right_NE.all()  # the given verdicts stay
    assert net.training and net[0].num_batches_tracked == 0
