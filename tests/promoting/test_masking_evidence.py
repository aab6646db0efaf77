"""Signs of masked gradients at promotion: beside the decision, of both models, in the tags."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hand_evidence import GRID, right, survival
from torch import nn

from orchestrator.promoting.decision import Gates, decide
from orchestrator.promoting.evidence import Evidence, Showing, Survival
from orchestrator.promoting.measuring import TestImages, with_masking
from search_spaces.errors import UsageError
from trainables.driving import drive


class Rounded(nn.Module):
    """A linear net behind an input of two levels: no gradient at all."""

    def __init__(self, net: nn.Module, *, masks: bool) -> None:
        super().__init__()
        self.net, self.masks = net, masks

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return self.net(images_NCHW.round() if self.masks else images_NCHW)


def shown(*, masks: bool) -> Survival:
    """32 random images, labelled by the net itself."""
    torch.manual_seed(0)
    net = Rounded(nn.Sequential(nn.Flatten(), nn.Linear(192, 4)), masks=masks).eval()
    images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 3), dtype=np.uint8)
    x_NCHW = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        labels = net(x_NCHW).argmax(1).numpy()
    held = survival(10, 10, 12, 32)
    return drive(with_masking(net, TestImages(images, labels, np.arange(32)), held, 600.0))


@pytest.fixture(scope="module")
def masked() -> Survival:
    return shown(masks=True)


def test_they_stand_beside_the_figures_and_change_none(masked: Survival) -> None:
    names = [alarm["name"] for alarm in masked.provenance["alarms"]]
    assert "zero_gradients" in names and len(masked.warnings) == len(names)
    assert masked.provenance["masking"]["images"] == 32
    assert (masked.right_ME == survival(10, 10, 12, 32).right_ME).all()
    plain = shown(masks=False)
    assert "zero_gradients" not in [alarm["name"] for alarm in plain.provenance["alarms"]]


def test_the_decision_says_whose_they_are(masked: Survival) -> None:
    one_N, other_N = right(80, 15, 0, 5)
    plain = survival(10, 10, 12, 32)
    own = decide(Evidence(Showing(one_N, masked), Showing(other_N, plain), "3"), Gates())
    theirs = decide(Evidence(Showing(one_N, plain), Showing(other_N, masked), "3"), Gates())
    assert own.warnings == masked.warnings
    assert theirs.warnings == tuple(
        f"Of the champion, version 3: {words}" for words in masked.warnings
    )
    assert own.promote == theirs.promote  # a person reads them; no gate does


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attack": "fgsm"}, "the attack: pgd10 and fgsm"),
        ({"attack": "pgd10", "steps": 10}, "steps: not said and 10"),
        ({"attack": "pgd10", "norm": "l2"}, "the norm: linf and l2"),
    ],
)
def test_the_difference_of_two_attacks_is_named(change: dict[str, object], words: str) -> None:
    one_N, other_N = right(80, 15, 0, 5)
    plain = survival(10, 10, 12, 32)
    other = Survival(plain.right_ME, GRID, change, {"sample_digest": "s"})
    with pytest.raises(UsageError, match=words):
        Evidence(Showing(one_N, plain), Showing(other_N, other))


def test_other_images_and_other_epsilons_are_named() -> None:
    one_N, other_N = right(80, 15, 0, 5)
    plain = survival(10, 10, 12, 32)
    fewer = survival(10, 10, 10, 30)
    with pytest.raises(UsageError, match="the number of attacked images: 32 and 30"):
        Evidence(Showing(one_N, plain), Showing(other_N, fewer))
    other = Survival(plain.right_ME, (0.0, 1.0, 2.0), {"attack": "pgd10"}, {"sample_digest": "t"})
    with pytest.raises(UsageError, match=r"0, 4, 8 and 0, 1, 2.*the attacked images: s and t|"
                       r"the attacked images: s and t.*0, 4, 8 and 0, 1, 2"):  # fmt: skip
        Evidence(Showing(one_N, plain), Showing(other_N, other))
