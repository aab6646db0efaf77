"""Do early verdicts say what the full attack says, and for which share of its passes?

    python benchmarks/early_verdicts.py

Sixteen small convolutional nets: two widths, four ways of training (clean images, and FGSM with a
random start at three epsilons), two seeds each. Of the 120 pairs, the eight of one recipe with two
seeds (nearly equal), and 32 others drawn at random. All are attacked on the same held-out images,
at half their resolution.

- full: PGD-50 with 10 restarts on every image that a net has right, at once; of a pair the
  decision is `better`, `worse` or `alike` (within the margin), and its passes are those of both.
- early: PGD-10 on every image first; then the same PGD-50 x 10 on the images that one of the two
  still has right, 16 at a time in a random order, until `BetterThan` has settled it. All passes
  count, those of the clean images and of PGD-10 too.

Both run for real; nothing is looked up from the other.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from machine import machine
from torch import nn
from torch.nn import functional

from trainables.attacks.ladder.contender import Contender
from trainables.attacks.ladder.sample import AttackedSample
from trainables.attacks.ladder.verdict import ALPHA, MARGIN, BetterThan
from trainables.attacks.making import make_attack
from trainables.data import load
from trainables.stratified import balanced_order

RESULT = Path(__file__).parent / "results" / "early_verdicts.md"
WIDTHS, SEEDS, PAIRS, LOOK = (8, 16), (0, 1), 40, 16
SCREEN, FULL = "pgd:steps=10", "pgd:steps=50,restarts=10"
BATCH = 128


@dataclass(frozen=True)
class Recipe:
    """How a net is made."""

    width: int
    train_eps_255: float
    seed: int

    @property
    def name(self) -> str:
        """Such as `12 wide, trained at 2/255, seed 0`."""
        return f"{self.width} wide, trained at {self.train_eps_255:g}/255, seed {self.seed}"

    def beside(self, other: Recipe) -> bool:
        """Whether they differ in their seed alone."""
        return (self.width, self.train_eps_255) == (other.width, other.train_eps_255)


@dataclass(frozen=True)
class Row:
    """A pair: both decisions, and their passes."""

    names: tuple[str, str]
    near: bool
    accuracy: tuple[float, float]
    full: str
    early: str
    certain: bool
    attacked: int
    could: int
    full_passes: int
    early_passes: int


class Net(nn.Module):
    """Two strided convolutions and a linear head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.LazyLinear(10),
        )  # fmt: skip

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] in [0, 1] -> [N, 10]."""
        logits_NK: torch.Tensor = self.body(images01_NCHW - 0.5)
        return logits_NK


def main() -> None:
    """Trains, attacks, compares, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--eps", type=float, default=2.0, help="of the attacks, in 1/255")
    parser.add_argument("--images", type=int, default=1000, help="that are attacked")
    parser.add_argument("--train-images", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--margin", type=float, default=MARGIN)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.monotonic()
    sample, nets = prepared(options)
    print(f"trained in {time.monotonic() - began:.0f} s", flush=True)
    fulls = {recipe: full(net, sample) for recipe, net in nets.items()}
    print(f"attacked after {time.monotonic() - began:.0f} s", flush=True)
    rows = []
    for first, second in pairs(list(nets), options.seed):
        rows.append(row((first, second), nets, fulls, sample, options.margin))
        print(cells(rows[-1]), flush=True)
    text = page(rows, options, time.monotonic() - began)
    print(text)
    options.out.write_text(text)


def prepared(options: argparse.Namespace) -> tuple[AttackedSample, dict[Recipe, Net]]:
    """The held-out images, and the trained nets."""
    data = load(options.data)
    labels_N = np.asarray(data.labels_N)
    order_N = balanced_order(labels_N, np.random.default_rng((options.seed, 7)))
    held, rest = np.split(order_N[: options.images + options.train_images], [options.images])
    images_NHWC = halved(data.images_NHWC[held])
    sample = AttackedSample(images_NHWC, labels_N[held], "linf", options.eps, seed=options.seed)
    pixels = torch.from_numpy(halved(data.images_NHWC[rest]))
    x_NCHW, y_N = pixels.permute(0, 3, 1, 2).float() / 255, torch.from_numpy(labels_N[rest]).long()
    recipes = [
        Recipe(width, eps, seed)
        for width in WIDTHS
        for eps in (0.0, options.eps / 2, options.eps, 2 * options.eps)
        for seed in SEEDS
    ]
    return sample, {each: trained(each, x_NCHW, y_N, options.epochs) for each in recipes}


def halved(images_NHWC: np.ndarray) -> np.ndarray:
    """At half the resolution, so that the whole takes minutes: means of 2 x 2 pixels, uint8."""
    count, height, width, channels = images_NHWC.shape
    blocks = images_NHWC.reshape(count, height // 2, 2, width // 2, 2, channels)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)


def trained(recipe: Recipe, x_NCHW: torch.Tensor, y_N: torch.Tensor, epochs: int) -> Net:
    """One net: Adam, batches of 64."""
    torch.manual_seed(recipe.seed)
    net = Net(recipe.width)
    net(x_NCHW[:2])
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(y_N)).split(64):
            images = worst(net, x_NCHW[rows], y_N[rows], recipe.train_eps_255 / 255)
            optimiser.zero_grad()
            functional.cross_entropy(net(images), y_N[rows]).backward()
            optimiser.step()
    return net.eval()


def worst(net: Net, x_NCHW: torch.Tensor, y_N: torch.Tensor, eps: float) -> torch.Tensor:
    """FGSM from a random start, step 1.25 eps (Wong, Rice and Kolter, 2020)."""
    if eps == 0:
        return x_NCHW
    delta = (torch.rand_like(x_NCHW) * 2 - 1) * eps
    delta.requires_grad_(True)
    loss = functional.cross_entropy(net(x_NCHW + delta), y_N)
    (gradient,) = torch.autograd.grad(loss, delta)
    moved = (delta.detach() + 1.25 * eps * gradient.sign()).clamp(-eps, eps)
    return (x_NCHW + moved).clamp(0, 1)


def full(net: Net, sample: AttackedSample) -> tuple[np.ndarray, int]:
    """What stands under the full attack, bool [N], and its passes."""
    contender = Contender("net", net, sample, batch_size=BATCH)
    contender.look()
    contender.attack(make_attack(FULL), np.arange(len(sample)))
    return contender.standing_N, contender.passes


def early(
    nets: tuple[Net, Net], sample: AttackedSample, margin: float
) -> tuple[str, bool, int, int, int]:
    """The decision, whether it is certain, images attacked, images that could tell, and passes."""
    one, other = (Contender("net", net, sample, batch_size=BATCH) for net in nets)
    for contender in (one, other):
        contender.look()
        contender.attack(make_attack(SCREEN), np.arange(len(sample)))
    pair = BetterThan(one.standing_N, other.standing_N, margin=margin)
    order_N = sample.order_N[(one.standing_N | other.standing_N)[sample.order_N]]
    while not pair.verdict.settled:
        rows, order_N = order_N[:LOOK], order_N[LOOK:]
        for contender in (one, other):
            contender.attack(make_attack(FULL), rows)
        pair.hear(rows, one.standing_N[rows], other.standing_N[rows])
    told = pair.verdict
    return told.word, told.certain, told.drawn, told.count, one.passes + other.passes


def pairs(recipes: list[Recipe], seed: int) -> list[tuple[Recipe, Recipe]]:
    """Those that differ in the seed alone, and others at random."""
    every = list(combinations(recipes, 2))
    near = [pair for pair in every if pair[0].beside(pair[1])]
    others = [pair for pair in every if not pair[0].beside(pair[1])]
    drawn = np.random.default_rng(seed).permutation(len(others))[: PAIRS - len(near)]
    return near + [others[i] for i in drawn]


def row(
    pair: tuple[Recipe, Recipe],
    nets: dict[Recipe, Net],
    fulls: dict[Recipe, tuple[np.ndarray, int]],
    sample: AttackedSample,
    margin: float,
) -> Row:
    """Both decisions on a pair."""
    (one_N, one_passes), (other_N, other_passes) = fulls[pair[0]], fulls[pair[1]]
    lead, within = int(one_N.sum()) - int(other_N.sum()), int(margin * len(sample) + 1e-9)
    decision = "alike" if abs(lead) <= within else "better" if lead > 0 else "worse"
    word, certain, drawn, count, passes = early((nets[pair[0]], nets[pair[1]]), sample, margin)
    return Row(
        (pair[0].name, pair[1].name), pair[0].beside(pair[1]),
        (float(one_N.mean()), float(other_N.mean())), decision, word, certain, drawn, count,
        one_passes + other_passes, passes,
    )  # fmt: skip


def cells(each: Row) -> str:
    """A line of the table."""
    one, other = (f"{100 * accuracy:.1f}" for accuracy in each.accuracy)
    share = each.early_passes / each.full_passes
    told = f"{each.early}{' (certain)' if each.certain else ''}"
    return (
        f"| {each.names[0]} | {each.names[1]} | {one} | {other} | {each.full} | {told} "
        f"| {each.attacked} of {each.could} | {100 * share:.1f} |"
    )


def page(rows: list[Row], options: argparse.Namespace, seconds: float) -> str:
    """The whole result."""
    same = sum(each.full == each.early for each in rows)
    shares = np.array([each.early_passes / each.full_passes for each in rows])
    total = sum(each.early_passes for each in rows) / sum(each.full_passes for each in rows)
    said = Counter(each.full for each in rows)
    near = [each for each in rows if each.full == "alike"]
    alike = sum(e.early_passes for e in near) / max(1, sum(e.full_passes for e in near))
    far = [each for each in rows if each.full != "alike"]
    told = sum(e.early_passes for e in far) / max(1, sum(e.full_passes for e in far))
    return "\n".join(
        [
            "# Early verdicts against the full attack\n",
            f"{len(rows)} pairs of small nets, {len({n for r in rows for n in r.names})} nets in "
            f"all, {options.images:,} held-out {options.data} images at 16 px, "
            f"eps {options.eps:g}/255, margin {100 * options.margin:g} points, level "
            f"{ALPHA:g}, one thread, {seconds:.0f} s.",
            "How it is measured is said in `benchmarks/early_verdicts.py`.\n",
            "| figure | value |",
            "| --- | --- |",
            f"| the same decision | {same} of {len(rows)} ({100 * same / len(rows):.1f} %) |",
            f"| passes, of the full attack's | {100 * total:.1f} % |",
            f"| the same a pair: median, lowest to highest | {100 * np.median(shares):.1f} % "
            f"({100 * shares.min():.1f} to {100 * shares.max():.1f}) |",
            f"| pairs of which one is better by more than the margin | {len(far)}; "
            f"{100 * told:.1f} % of the passes |",
            f"| pairs that are alike | {said['alike']}; {100 * alike:.1f} % of the passes |\n",
            "| first | second | its accuracy | the other's | full attack | early | images attacked "
            "| passes, % |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(cells(each) for each in rows),
            "",
            f"{machine('torch', 'numpy')}\n",
            f"    python benchmarks/early_verdicts.py --data {options.data} --eps {options.eps:g} "
            f"--images {options.images} --train-images {options.train_images} --epochs "
            f"{options.epochs} --margin {options.margin:g} --seed {options.seed}\n",
        ]
    )


if __name__ == "__main__":
    main()
