"""Who may import whom, by a walk over the syntax trees, and what the command line leaves alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Folder -> packages that no file in it may import, anywhere in it (design: one direction).
BARRED = {
    "search_spaces": {"torch", "torchvision", "ray", "mlflow", "trainables", "orchestrator"},
    "trainables": {"ray", "mlflow", "optuna", "orchestrator"},
}

# Package -> the only places of ours that may import it.
KEPT_TO = {
    "ray": {"orchestrator/run", "orchestrator/plan/resources.py"},
    "mlflow": {"orchestrator/tracking"},
    "matplotlib": {"trainables/pictures", "orchestrator/pictures"},
    "plotly": {"orchestrator/pictures"},
    "rich": {"orchestrator/views", "orchestrator/cli"},
    "typer": {"orchestrator/cli"},
    "fastapi": {"orchestrator/serving"},
    "uvicorn": {"orchestrator/serving"},
    "prometheus_client": {"orchestrator/serving"},
}

HEAVY = (
    *("torch", "torchvision", "ray", "mlflow", "optuna", "pandas", "timm"),
    *("matplotlib", "plotly", "scipy", "fastapi", "uvicorn"),
)


def files(folder: str) -> list[Path]:
    """Every Python file of ours in that folder."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no files in {folder}"
    return found


@cache
def all_imported(path: Path) -> frozenset[str]:
    """As `imported`, parsed once for all the tests that ask."""
    return frozenset(imported(path))


def imported(path: Path) -> Iterator[str]:
    """The top-level package of each import in a file, also inside functions and in strings
    that are given to import_module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value).partition(".")[0]


@pytest.mark.parametrize("folder", BARRED)
def test_no_arrow_points_back(folder: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(folder)
        for name in all_imported(path)
        if name in BARRED[folder]
    }
    assert not wrong


@pytest.mark.parametrize("package", KEPT_TO)
def test_a_library_is_imported_only_where_it_is_used(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT))
        for folder in ("search_spaces", "trainables", "orchestrator")
        for path in files(folder)
        if package in all_imported(path)
        and not any(str(path.relative_to(ROOT)).startswith(place) for place in KEPT_TO[package])
    }
    assert not wrong


def test_the_walk_sees_imports_in_functions_and_in_strings(tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(
        "def f():\n    import torch.nn\n    from ray import tune\n"
        "    importlib.import_module('mlflow.pyfunc')\n    from . import near\n"
    )
    assert list(imported(path)) == ["torch", "ray", "mlflow"]


@pytest.mark.parametrize(
    "code",
    [
        "import orchestrator, search_spaces, trainables",
        "import orchestrator.cli.app",
        "from orchestrator.cli.app import main; main(['--help'])",
        "from orchestrator.cli.app import main; main(['search', '--help'])",
        "from orchestrator.cli.app import main; main(['version'])",
    ],
)
def test_what_must_be_quick_imports_nothing_heavy(code: str) -> None:
    ask = f"{code}\nimport sys\nprint('LOADED', *(m for m in {HEAVY} if m in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "LOADED"


@pytest.mark.parametrize("line", [["backbones"], ["data", "list"], ["spaces", "backbone_compare"]])
def test_listing_needs_no_torch(line: list[str]) -> None:
    ask = (
        f"from orchestrator.cli.app import main; assert main({line}) == 0\n"
        "import sys; print('LOADED', 'torch' in sys.modules, 'ray' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "LOADED False False", ended.stderr
