"""An exported graph as a net to attack: the same logits and gradients as before its export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from orchestrator.promoting.candidate_net import candidate_net, latency_p95_ms, pixels_to_logits
from orchestrator.promoting.exported import ExportedNet
from orchestrator.using.pt2_archive import clean_archive
from trainables.attacks.making import make_attack
from trainables.attacks.robustness import measure_robustness
from trainables.config import TrialConfig
from trainables.data import load
from trainables.driving import drive
from trainables.exporting.graph import export_graph, save_graph
from trainables.exporting.net import ExportableClassifier
from trainables.record import read_report, write_report
from trainables.reports import TrialReport
from trainables.trial import train

CONFIG = TrialConfig(
    data="digits", backbone="mini_vgg", tune="all", width=8, depth=2, train_size=200, val_size=60,
    epochs=3, batch_size=30, attack="none", precision="float32", threads=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> ExportableClassifier:
    *_, report = train(CONFIG)
    assert isinstance(report, TrialReport)
    folder = tmp_path_factory.mktemp("trained")
    write_report(report, CONFIG, folder)
    return candidate_net(read_report(folder))


@pytest.fixture(scope="module")
def exported(net: ExportableClassifier, tmp_path_factory: pytest.TempPathFactory) -> ExportedNet:
    """Written, looked through, and read back, as a champion is."""
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    save_graph(export_graph(net, np.asarray(load("digits").images_NHWC[:2])), path)
    graph = torch.export.load(clean_archive(path, "test")).module(check_guards=False)
    return ExportedNet(graph, takes_kind=True).requires_grad_(False)


def gradient(net: torch.nn.Module, images_NCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    images = images_NCHW.clone().requires_grad_(True)
    logits_NK = net(images)
    return logits_NK, torch.autograd.grad(logits_NK.logsumexp(1).sum(), images)[0]


@pytest.mark.parametrize("count", [1, 7])
def test_logits_and_gradients_are_those_of_the_net(
    net: ExportableClassifier, exported: ExportedNet, count: int
) -> None:
    """Also for one image, and between pixel levels, where a uint8 could not stand."""
    images_NCHW = torch.rand((count, 3, 32, 32), generator=torch.Generator().manual_seed(count))
    own, own_gradient = gradient(pixels_to_logits(net), images_NCHW)
    other, other_gradient = gradient(exported, images_NCHW)
    torch.testing.assert_close(other, own, atol=1e-4, rtol=1e-4)
    assert own_gradient.abs().max() > 0
    torch.testing.assert_close(other_gradient, own_gradient, atol=1e-4, rtol=1e-3)


def test_an_attack_breaks_the_same_images(net: ExportableClassifier, exported: ExportedNet) -> None:
    data = load("digits")
    images_NHWC, labels_N = data.images_NHWC[:40], np.asarray(data.labels_N)[:40]
    verdicts = [
        drive(
            measure_robustness(
                each, images_NHWC, labels_N, make_attack("pgd:steps=3"), (0, 4, 16), provenance={}
            )
        ).right_EN
        for each in (pixels_to_logits(net), exported)
    ]
    assert verdicts[0].any(axis=1).all() or verdicts[0][0].any()
    assert (verdicts[0] == verdicts[1]).mean() > 0.97
    assert verdicts[0][-1].sum() < verdicts[0][0].sum()


@pytest.mark.slow
def test_latency_is_that_of_the_exported_file(net: ExportableClassifier) -> None:
    taken = latency_p95_ms(net, np.asarray(load("digits").images_NHWC[:2]))
    assert 0 < taken < 1000


def test_nothing_of_the_file_is_left(tmp_path: Path, exported: ExportedNet) -> None:
    """The net lives on without the file it came from."""
    assert not list(tmp_path.iterdir())
    assert exported(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
