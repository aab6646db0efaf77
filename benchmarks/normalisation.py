"""Which normalisation does each set of weights want? And does the kind of resize matter?

    python benchmarks/normalisation.py [--train 600] [--eval 1000] [--size 128] [--draws 3]

A linear probe (standardised features, logistic regression with C = 0.01) on CIFAR-10, per net and
candidate. Everything else equal, the probe sees more where the pixels have the scale that the
weights were trained on. Splits are drawn from the official training images. mobilenet_v2 is
measured where its weights are (`TORCH_HOME=... python benchmarks/normalisation.py`).

The figures that decided are in trainables/backbones/spec.py and trainables/model.py.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from trainables.backbones import load_body, weights_here
from trainables.backbones.spec import HALF, IMAGENET_MEAN, IMAGENET_STD
from trainables.data import load

NETS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2", "mobilenet_v2")
NORMALISATIONS = {"half": (HALF, HALF), "imagenet": (IMAGENET_MEAN, IMAGENET_STD)}


def features(
    net: str, images_NHWC: np.ndarray, size: int, normalisation: str, antialias: bool
) -> np.ndarray:
    """features_NF in bf16 autocast, batches of 64."""
    body = load_body(net, allow_download=False).module.to(memory_format=torch.channels_last)
    mean, std = (torch.tensor(value).view(-1, 1, 1) for value in NORMALISATIONS[normalisation])
    blocks = []
    for batch_NHWC in torch.from_numpy(images_NHWC).split(64):
        images01 = batch_NHWC.permute(0, 3, 1, 2).float() / 255
        resized = functional.interpolate(
            images01, (size, size), mode="bicubic", align_corners=False, antialias=antialias
        )
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            blocks.append(body((resized - mean) / std).float())
    return torch.cat(blocks).numpy()


def accuracies(
    features_NF: np.ndarray, labels_N: np.ndarray, train: int, draws: int
) -> Iterator[float]:
    """Held-out accuracy in %, one a draw of the training images."""
    for draw in range(draws):
        fit, held_out = train_test_split(
            np.arange(len(labels_N)), train_size=train, stratify=labels_N, random_state=draw
        )
        # One C for all: standardised, features have one scale whatever the normalisation was.
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
        probe.fit(features_NF[fit], labels_N[fit])
        yield 100 * probe.score(features_NF[held_out], labels_N[held_out])


def main() -> None:
    """Prints one line a net and candidate: mean, spread over the draws, seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=600)
    parser.add_argument("--eval", type=int, default=1000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--nets", nargs="+", default=NETS)
    options = parser.parse_args()
    data = load("cifar10")
    chosen = np.random.default_rng(0).permutation(len(data.labels_N))
    chosen = np.sort(chosen[: options.train + options.eval])
    images_NHWC, labels_N = np.asarray(data.images_NHWC[chosen]), data.labels_N[chosen]
    candidates = [(name, True) for name in NORMALISATIONS] + [("best", False)]
    for net in options.nets:
        if weights_here(net) is None:
            print(f"{net}: no weights here")
            continue
        means: dict[str, float] = {}
        for normalisation, antialias in candidates:
            used = (
                max(means, key=lambda name: means[name])
                if normalisation == "best"
                else normalisation
            )
            begun = time.perf_counter()
            features_NF = features(net, images_NHWC, options.size, used, antialias)
            scores = list(accuracies(features_NF, labels_N, options.train, options.draws))
            means[used] = means.get(used) or float(np.mean(scores))
            print(
                f"{net} {options.size} px {used}{'' if antialias else ', no antialias'}: "
                f"{np.mean(scores):.1f} ({', '.join(f'{score:.1f}' for score in scores)}) "
                f"{time.perf_counter() - begun:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
