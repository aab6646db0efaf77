"""The exported graph says what its trial said, of any number and size of images."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import torch
from exported_trials import KINDS, ExportedTrial, exported_trial, noise

import trainables
from search_spaces.errors import TrialFailed
from trainables.classifier import build_classifier
from trainables.data import load
from trainables.exporting.agreement import agreement_with_trial, compare
from trainables.exporting.graph import file_digest, save_graph


def _kinds() -> list[object]:
    """The quick ones always; those that export a MobileNet take 5 s each."""
    quick = ("scratch",)
    return [kind if kind in quick else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]


@pytest.mark.parametrize("kind", _kinds())
def test_the_graph_says_what_the_trial_said(
    kind: str, scratch: ExportedTrial, tmp_path: Path
) -> None:
    exported = scratch if kind == "scratch" else exported_trial(kind, tmp_path)
    (val,) = [part for part in exported.record.report.predictions if part.split == "val"]
    images_NHWC = np.array(load("digits").images_NHWC[val.indices_N])
    own_NK = exported.ask(images_NHWC, probabilities=1)
    trials_NK = scipy.special.softmax(val.logits_NK.astype(np.float64), axis=1)
    # The features of a body with random weights hardly differ from image to image; scaled up for
    # the head, so does their rounding to 8 bits.
    rounding = 0.2 if KINDS[kind].precision == "bfloat16" else 1e-4
    assert np.abs(own_NK - trials_NK).max() < rounding
    found = agreement_with_trial(
        lambda images: exported.ask(images, probabilities=1), exported.record, load("digits")
    )
    assert found is not None and found.images == 60
    assert found.same_class == (own_NK.argmax(1) == val.predicted_N).mean() >= 0.9
    expected = np.abs(own_NK - trials_NK).sum(1) / 2
    assert found.largest_difference == pytest.approx(expected.max(), abs=1e-9)
    assert found.mean_difference == pytest.approx(expected.mean(), abs=1e-9)


@pytest.mark.parametrize(
    "shape", [(1, 8, 8, 3), (5, 32, 32, 3), (2, 40, 57, 3), (3, 1, 9, 3), (1, 300, 200, 3)]
)
def test_any_size_and_either_layout(scratch: ExportedTrial, shape: tuple[int, ...]) -> None:
    images_NHWC = noise(*shape)
    images_NCHW = np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2))
    record = scratch.record
    reference = build_classifier(record.config, record.report.weights)  # type: ignore[arg-type]
    with torch.no_grad():
        expected_NK = reference(torch.from_numpy(images_NCHW)).numpy()
    for images in (images_NHWC, images_NCHW):
        logits_NK = scratch.ask(images)
        np.testing.assert_allclose(logits_NK, expected_NK, atol=1e-4)
        np.testing.assert_allclose(
            scratch.ask(images, probabilities=1),
            scipy.special.softmax(expected_NK, axis=1),
            atol=1e-5,
        )
        with torch.no_grad():
            for kind in (0, 1):
                eager_NK = scratch.net(torch.from_numpy(images), kind).numpy()
                np.testing.assert_allclose(
                    eager_NK, scratch.ask(images, probabilities=kind), atol=1e-5
                )


def test_images_without_three_channels_are_an_error(scratch: ExportedTrial) -> None:
    module = scratch.program.module()
    for shape in ((2, 8, 8, 4), (2, 1, 8, 8)):
        with pytest.raises((RuntimeError, AssertionError)):
            module(torch.from_numpy(noise(*shape)), probabilities=0)


def test_the_file_says_nothing_of_the_machine_that_made_it(
    scratch: ExportedTrial, tmp_path: Path
) -> None:
    path = tmp_path / "model.pt2"
    assert save_graph(scratch.program, path) == file_digest(path)
    held = b"".join(_contents(path.read_bytes()))
    for place in (Path(trainables.__file__).parent.parent, Path(os.__file__).parent, Path.home()):
        assert len(str(place)) < 6 or str(place).encode() not in held
    assert b"exporting" not in held  # nor the names of our modules
    again = torch.export.load(path).module()
    images = noise(4, 20, 30, 3)
    with torch.inference_mode():
        answer = again(torch.from_numpy(images), probabilities=1).numpy()
    np.testing.assert_array_equal(answer, scratch.ask(images, probabilities=1))


def _contents(held: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_another_net_is_no_agreement(scratch: ExportedTrial) -> None:
    def mirrored(images_NHWC: np.ndarray) -> np.ndarray:
        return scratch.ask(255 - np.asarray(images_NHWC), probabilities=1)

    with pytest.raises(TrialFailed, match="must say what its trial said"):
        agreement_with_trial(mirrored, scratch.record, load("digits"))


def test_agreement_by_hand() -> None:
    own_NK = np.array([[0.7, 0.3], [0.4, 0.6], [0.5, 0.5]])
    other_NK = np.array([[0.6, 0.4], [0.7, 0.3], [0.5, 0.5]])
    found = compare(own_NK, other_NK)
    assert (found.images, found.same_class) == (3, 2 / 3)
    assert found.mean_difference == pytest.approx((0.1 + 0.3 + 0) / 3)
    assert found.largest_difference == pytest.approx(0.3)
