"""FixMatch's loss by hand, what a batch holds, and a training that goes on to the last bit."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import nn

from trainables.config import TrialConfig
from trainables.model import PixelClassifier, Preprocess
from trainables.nets.dropout import Dropout
from trainables.objectives.base import Learner
from trainables.training import Task, Training
from trainables.training.batches import Batches
from trainables.training.fixmatch import FixMatch, Views, consistency, found_labels
from trainables.training.order import shuffled_batches
from trainables.weak import parse_weak
from trainables.weak.mixing import Mixing

# Probabilities of three classes for four images, changed weakly and strongly.
WEAK = [[0.96, 0.02, 0.02], [0.6, 0.3, 0.1], [0.01, 0.98, 0.01], [0.05, 0.9, 0.05]]
STRONG = [[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6], [0.3, 0.3, 0.4]]
BY_HAND = {
    0.95: [-math.log(0.5), 0, -math.log(0.2), 0],
    0.9: [-math.log(0.5), 0, -math.log(0.2), -math.log(0.3)],
    0.0: [-math.log(0.5), -math.log(0.1), -math.log(0.2), -math.log(0.3)],
    0.99: [0, 0, 0, 0],
}


def logits(probabilities: list[list[float]]) -> torch.Tensor:
    return torch.tensor(probabilities, dtype=torch.float64).log() + 1.7  # any constant will do


@pytest.mark.parametrize("threshold", BY_HAND)
def test_an_image_counts_where_its_weak_change_is_sure(threshold):
    loss_Q, sure_Q = consistency(logits(WEAK), logits(STRONG), threshold - 1e-9)
    assert loss_Q.tolist() == pytest.approx(BY_HAND[threshold])
    assert sure_Q.tolist() == [loss > 0 for loss in BY_HAND[threshold]]


def test_what_it_is_sure_of_in_the_end():
    assert found_labels(logits(WEAK), 0.95, -1).tolist() == [0, -1, 1, -1]


class Table(nn.Module):
    """Gives the logits that stand in an image's first pixel row."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(3, dtype=torch.float64))

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return images_NCHW[:, 0, 0, :3] + self.shift


def images(probabilities: list[list[float]]) -> torch.Tensor:
    return logits(probabilities)[:, None, None, :]


def fixmatch(**changes: float) -> FixMatch:
    return FixMatch(**{"weak": None, "strong": None, "threshold": 0.9, "weight": 2.0, **changes})


# Two labelled images beside four unlabelled ones: B / U = 1 / 2.
LABELLED = [[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]
TARGETS = torch.eye(3, dtype=torch.float64)[[0, 1]]
SUPERVISED = -math.log(0.7) - math.log(0.3)


def test_the_loss_of_a_batch_by_hand():
    net = Table()
    learner = Learner(net, net, torch.Generator())
    views = Views(images(WEAK), images(STRONG))
    loss, logits_PK, sure = fixmatch()(learner, images(LABELLED), TARGETS, views, 0.5)
    unlabelled = sum(BY_HAND[0.9])
    # Over B: the mean of two, plus 2 times the mean of four.
    expected = SUPERVISED / 2 + 2 * unlabelled / 4
    assert float(loss) / 2 == pytest.approx(expected)
    assert int(sure) == 3 and logits_PK.shape == (2, 3)


def test_parts_of_a_batch_come_to_the_whole():
    net = Table()
    learner = Learner(net, net, torch.Generator())
    views = Views(images(WEAK), images(STRONG))
    whole, _, _ = fixmatch()(learner, images(LABELLED), TARGETS, views, 0.5)
    parts = [
        fixmatch()(learner, images(LABELLED[p : p + 1]), TARGETS[p : p + 1], part, 0.5)[0]
        for p, part in enumerate(views.parts(2))
    ]
    assert float(sum(parts)) == pytest.approx(float(whole))
    whole.backward()
    one = net.shift.grad.clone()
    net.shift.grad = None
    sum(parts).backward()
    assert net.shift.grad.tolist() == pytest.approx(one.tolist())


def test_no_gradient_flows_through_the_pseudo_label():
    """d loss / d shift is softmax(strong) - label, of the sure ones, and nothing of the weak."""
    net = Table()
    learner = Learner(net, net, torch.Generator())
    views = Views(images(WEAK[:1]), images(STRONG[:1]))
    none = images(LABELLED)[:0]
    loss, _, _ = fixmatch(weight=1.0)(learner, none, TARGETS[:0], views, 1.0)
    loss.backward()
    assert net.shift.grad.tolist() == pytest.approx([0.5 - 1, 0.25, 0.25])


@pytest.mark.parametrize(
    ("text", "batch", "labelled", "pool", "expected"),
    [
        # size, own, beside; steps; images
        ("teacher", 8, 10, 40, (8, 4, 0, 10, 80)),  # half of each batch: 40 / 4 steps
        ("teacher:labelled=0.1", 100, 1000, 9000, (100, 10, 0, 100, 10_000)),
        ("teacher:labelled=0.75", 8, 60, 4, (8, 6, 0, 10, 80)),  # the labels take longer
        ("teacher:labelled=0.01", 8, 10, 70, (8, 1, 0, 10, 80)),  # one at least
        ("teacher:labelled=0", 8, 10, 40, (8, 0, 0, 7, 50)),
        ("fixmatch", 4, 10, 280, (4, 0, 28, 10, 10 * (4 + 56))),
        ("fixmatch:ratio=1", 4, 40, 12, (4, 0, 4, 10, 10 * 12)),
        ("fixmatch", 4, 10, 0, (4, 0, 0, 3, 10)),  # nothing is left in the pool
        ("pseudo_label", 8, 10, 40, (8, 0, 0, 7, 50)),
    ],
)
def test_what_a_batch_and_an_epoch_are(text, batch, labelled, pool, expected):
    mixing = Mixing.of(parse_weak(text).options, batch, pool)
    steps, seen = mixing.steps(labelled, pool), mixing.images(labelled, pool)
    assert (mixing.size, mixing.own, mixing.beside, steps, seen) == expected


def task(weak: str, *, labelled: int = 12, pool: int = 40, **changes: object) -> Task:
    """Coloured noise whose class is in its brightness; the last `pool` rows are a pool."""
    generator = torch.Generator().manual_seed(0)
    count = 2 * labelled + pool
    labels_N = torch.randint(0, 3, (count,), generator=generator)
    noise = torch.randint(0, 120, (count, 3, 8, 8), generator=generator)
    pixels = (noise + 60 * labels_N[:, None, None, None]).to(torch.uint8)
    if weak.startswith("fixmatch"):
        labels_N[2 * labelled :] = -1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), Dropout(0.2),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        )  # fmt: skip
        head = nn.Linear(32, 3)
    fields = {"tune": "all", "batch_size": 8, "epochs": 4, "dropout": 0.0, "precision": "float32"}
    rows_N = torch.arange(count)
    model = PixelClassifier(Preprocess(8, (0.5,) * 3, (0.25,) * 3), body, head)
    return Task(
        config=TrialConfig(**{**fields, "weak": weak, **changes}),
        model=model.to(memory_format=torch.channels_last),
        body=body,
        inputs_N=pixels,
        labels_N=labels_N,
        train_N=rows_N[:labelled],
        val_M=rows_N[labelled : 2 * labelled],
        classes=3,
        pool_P=rows_N[2 * labelled :] if pool else None,
    )


def test_without_a_pool_the_order_is_what_it_always_was():
    this = task("none", pool=0)
    drawn = Batches(this).epoch(torch.Generator().manual_seed(3))
    usual = shuffled_batches(this.train_N, 8, torch.Generator().manual_seed(3))
    assert [rows.tolist() for rows, beside in drawn] == [rows.tolist() for rows in usual]
    assert all(beside is None for _, beside in drawn)


def test_each_batch_holds_its_share_of_true_labels_and_an_epoch_the_pool_once():
    this = task("teacher:labelled=0.25")
    batches = Batches(this)
    drawn = [rows for rows, beside in batches.epoch(torch.Generator().manual_seed(0))]
    assert len(drawn) == batches.per_epoch == 7  # 40 images, 6 a batch
    own = [int((rows < 12).sum()) for rows in drawn]
    assert own == [2] * 7 and all(5 <= len(rows) - 2 <= 6 for rows in drawn)
    counts = Counter(torch.cat(drawn).tolist())
    assert {counts[row] for row in this.pool_P.tolist()} == {1}
    # 14 places for 12 labelled images: each once, two of them twice.
    assert sorted(counts[row] for row in range(12)) == [1] * 10 + [2] * 2
    assert not set(counts) & set(this.val_M.tolist())


def test_fixmatch_has_its_ratio_beside_each_batch():
    this = task("fixmatch:ratio=3", labelled=6)
    drawn = Batches(this).epoch(torch.Generator().manual_seed(0))
    assert [(len(rows), len(beside)) for rows, beside in drawn] == [(8, 20)] * 2
    assert sorted(torch.cat([beside for _, beside in drawn]).tolist()) == this.pool_P.tolist()


@pytest.mark.parametrize(
    ("weak", "changes"),
    [
        ("fixmatch:threshold=0.5,ratio=2", {"ema": 0.9, "clip_norm": 1.0}),
        ("fixmatch:threshold=0.5,ratio=2", {"accumulation": 2}),
        ("teacher:labelled=0.25", {"adversarial": "fast"}),
        ("teacher", {"mixup": 0.3}),
    ],
)
def test_interrupted_it_ends_the_same(weak, changes):
    whole = Training(task(weak, **changes))
    ends = [whole.run_epoch() for _ in range(4)]
    first = Training(task(weak, **changes))
    for _ in range(2):
        state = first.run_epoch().state()
    again = Training(task(weak, **changes), state)
    last = [again.run_epoch() for _ in range(2)]
    assert last[-1].metrics == ends[-1].metrics
    for mine, theirs in zip(
        again.kept.state_dict().values(), whole.kept.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)
    assert ("pseudo_share" in ends[-1].metrics) == weak.startswith("fixmatch")


def test_the_pool_changes_what_is_learnt_and_its_labels_do_not():
    """FixMatch's pool has -1 for labels: 7 in their place changes not a bit."""
    states = []
    for filled in (-1, 7):
        this = task("fixmatch:threshold=0.4,ratio=2")
        this.labels_N[this.pool_P] = filled
        training = Training(this)
        training.run_epoch()
        states.append(training.task.model.head.weight.detach().clone())
    assert torch.equal(*states)
    alone = Training(replace(task("fixmatch:threshold=0.4,ratio=2"), pool_P=None))
    alone.run_epoch()
    assert not torch.equal(alone.task.model.head.weight, states[0])


def test_the_share_of_sure_images_of_an_epoch():
    sure = Training(task("fixmatch:threshold=0,ratio=2")).run_epoch()
    never = Training(task("fixmatch:threshold=1,ratio=2")).run_epoch()
    assert sure.metrics["pseudo_share"] == 1 and never.metrics["pseudo_share"] == 0
