"""Weights files: found by the documented routes, refused where they are not what they say."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchvision.models import mobilenet_v2, resnet18

from search_spaces.errors import UsageError
from trainables.backbones import (
    WeightsRefused,
    WeightsUnavailable,
    find_weights,
    load_body,
    weights_here,
)
from trainables.backbones.torchvision_nets import without_classifier

State = dict[str, torch.Tensor]


class Malice:
    """A pickle that leaves a mark when it is loaded without `weights_only`."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def bogus_file(kind: str, path: Path, state: State) -> None:
    """Writes a file under a name without a hash that is not resnet18's trained weights."""
    if kind == "malicious":
        torch.save(Malice(path.with_name("mark")), path)
    elif kind == "random":
        torch.save(resnet18(weights=None).state_dict(), path)
    elif kind == "another net":
        other = mobilenet_v2(weights=None).state_dict()
        torch.save(other, path)
    elif kind == "no tensors":
        torch.save({"epoch": 3, "state_dict": state}, path)
    elif kind == "no net of ours":
        torch.save({"conv.weight": torch.zeros(3)}, path)
    elif kind == "empty":
        path.touch()
    else:
        torch.save(state, path)
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        if kind == "truncated":
            content = content[:middle]
        else:
            content[middle] ^= 1
        path.write_bytes(content)


REFUSED = {
    "malicious": "cannot be read as tensors",
    "random": "was never trained: the BatchNorm statistics of bn1 are untouched",
    "another net": "holds the weights of mobilenet_v2, not of resnet18",
    "no tensors": "holds other things than tensors",
    "no net of ours": "does not fit resnet18: 100 of 100 tensors",
    "empty": "cannot be read as tensors",
    "truncated": "cannot be read as tensors",
    "one bit flipped": "is damaged",
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.usefixtures("bare_machine")
def test_a_file_that_is_not_what_it_says_is_refused(
    kind: str, tmp_path: Path, resnet18_state: State
) -> None:
    path = tmp_path / "resnet18.pth"
    bogus_file(kind, path, resnet18_state)
    with pytest.raises(WeightsRefused, match=REFUSED[kind]) as refusal:
        find_weights("resnet18", weights_dir=tmp_path)
    assert str(path) in str(refusal.value)
    assert not (tmp_path / "mark").exists()


def test_a_hash_in_the_name_is_held_against_the_file(bare_machine: Path) -> None:
    file = bare_machine / "resnet18-f37072fd.pth"
    torch.save(resnet18(weights=None).state_dict(), file)
    with pytest.raises(WeightsRefused, match="should have SHA-256 f37072fd…"):
        find_weights("resnet18", weights_dir=file)
    # In torch's own cache it is passed over, and told of.
    with pytest.raises(WeightsUnavailable, match=r"torch cache: .* is refused") as error:
        find_weights("resnet18", allow_download=False)
    assert "f37072fd" in error.value.reason
    assert "\n" not in error.value.reason


def test_every_route_is_listed(bare_machine: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable) as error:
        find_weights("vgg16", weights_dir=bare_machine, allow_download=False)
    routes = [route for route, _ in error.value.tried]
    assert routes == ["weights-dir", "torch cache", "home", "hub"]
    assert str(tmp_path / "home" / "weights") in str(error.value)
    assert "--weights random" in str(error.value)
    assert weights_here("vgg16") is None


@pytest.mark.usefixtures("bare_machine")
def test_a_state_dict_of_ones_own_is_taken_by_name(tmp_path: Path, resnet18_state: State) -> None:
    path = tmp_path / "resnet18.pt"
    torch.save(
        {**resnet18_state, "fc.weight": torch.zeros(10, 512), "fc.bias": torch.zeros(10)}, path
    )
    found = find_weights("resnet18", weights_dir=tmp_path)
    assert (found.path, found.route) == (path, "weights-dir")
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    body = load_body("resnet18", weights_dir=tmp_path)
    assert body.digest == found.digest
    assert torch.equal(body.module.net.conv1.weight, resnet18_state["conv1.weight"])


@pytest.mark.usefixtures("bare_machine")
def test_a_file_named_for_another_net_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "mobilenet_v2-b0353104.pth"
    file.touch()
    with pytest.raises(WeightsUnavailable, match="named for mobilenet_v2"):
        find_weights("resnet18", weights_dir=file, allow_download=False)


def test_weights_dir_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        find_weights("resnet18", weights_dir=tmp_path / "nowhere")


@pytest.mark.usefixtures("bare_machine")
def test_a_file_is_verified_once_until_it_changes(tmp_path: Path, resnet18_state: State) -> None:
    path = tmp_path / "resnet18.pth"
    torch.save(resnet18_state, path)
    first = find_weights("resnet18", weights_dir=path)
    stamp = path.stat()
    path.write_bytes(bytes(stamp.st_size))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert find_weights("resnet18", weights_dir=path) == first  # not read again
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    with pytest.raises(WeightsRefused):
        find_weights("resnet18", weights_dir=path)


def test_a_home_that_cannot_be_written_costs_only_the_record(
    tmp_path: Path, resnet18_state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").touch()  # a file in the place of the folder
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "home"))
    torch.save(resnet18_state, tmp_path / "resnet18.pth")
    assert find_weights("resnet18", weights_dir=tmp_path).route == "weights-dir"


def test_densenets_old_layer_names_are_renamed() -> None:
    old = "features.denseblock1.denselayer1.norm.1.running_mean"
    tensors = {old: torch.ones(1), "features.conv0.weight": torch.ones(2)}
    got = without_classifier("classifier", {**tensors, "classifier.weight": torch.ones(3)})
    assert list(got) == [
        "features.denseblock1.denselayer1.norm1.running_mean",
        "features.conv0.weight",
    ]


@pytest.mark.needs("registry")
def test_torchvisions_own_file_is_taken_from_torchs_cache(
    bare_machine: Path, mobilenet_file: Path
) -> None:
    (bare_machine / mobilenet_file.name).symlink_to(mobilenet_file)
    body = load_body("mobilenet_v2", allow_download=False)
    assert body.digest.startswith("b0353104")
    found = weights_here("mobilenet_v2")
    assert found is not None
    assert found.route == "torch cache"
    whole = mobilenet_v2(weights=None).eval()
    whole.load_state_dict(torch.load(mobilenet_file, weights_only=True))
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(whole.classifier(body.module(images)), whole(images))
    with pytest.raises(WeightsRefused, match="holds the weights of mobilenet_v2"):
        copy = bare_machine / "resnet18.pth"
        copy.write_bytes(mobilenet_file.read_bytes())
        find_weights("resnet18", weights_dir=copy)
