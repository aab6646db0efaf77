"""No place in the sources reads a file in a way that could run what is in it: a walk over trees.

A new `torch.load` without `weights_only=True` fails here before anybody writes an exploit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("search_spaces", "trainables", "orchestrator")

# Call -> the keyword with which alone it may stand; None: it may not stand at all.
RULES: dict[str, tuple[str, bool] | None] = {
    "torch.load": ("weights_only", True),
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.jit.load": None,
    "torch.hub.load": None,
    "torch.package.PackageImporter": None,
    "pickle.load": None,
    "pickle.loads": None,
    "pickle.Unpickler": None,
    "cloudpickle.load": None,
    "cloudpickle.loads": None,
    "joblib.load": None,
    "dill.load": None,
    "pd.read_pickle": None,
    "pandas.read_pickle": None,
    "marshal.loads": None,
    "shelve.open": None,
    "yaml.load": None,
    "yaml.unsafe_load": None,
    "shutil.unpack_archive": None,
    "os.system": None,
    "os.popen": None,
    "eval": None,
    "exec": None,
    "compile": None,
}
METHODS = {"extractall", "extract", "unsafe_load"}
"""Of an archive: what it unpacks can leave its folder."""
LAST = {name.rpartition(".")[2] for name in RULES} | METHODS


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _wrong(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and words of each call that breaks a rule."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        last = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if last not in LAST and all(each.arg != "shell" for each in node.keywords):
            continue
        name = ast.unparse(node.func)
        given = {each.arg: getattr(each.value, "value", None) for each in node.keywords}
        if given.get("shell") is True:
            yield node.lineno, f"{name}(shell=True)"
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.lineno, name
        if name in RULES:
            rule = RULES[name]
            # Without the keyword numpy (1.16.3 and later) unpickles nothing; torch 2.5 would.
            default = None if name == "torch.load" else False
            if rule is None or given.get(rule[0], default) is not rule[1]:
                yield node.lineno, name


@pytest.mark.parametrize("package", PACKAGES)
def test_no_reader_runs_what_it_reads(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    assert paths
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in paths
        for line, words in _wrong(_tree(path))
    ]
    assert not wrong


def test_the_one_unpickler_is_a_restricted_one() -> None:
    """`class _ArraysOnly(pickle.Unpickler)` is no call; it must be the only one of its kind."""
    found = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef) and "Unpickler" in " ".join(map(ast.unparse, node.bases))
    ]
    assert found == ["trainables/data/cifar10/batches.py"]


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(p)",
        "torch.load(p, weights_only=False)",
        "torch.load(p, weights_only=safe)",
        "np.load(p, allow_pickle=True)",
        "pickle.loads(b)",
        "archive.extractall(folder)",
        "subprocess.run(line, shell=True)",
        "eval(text)",
    ],
)
def test_the_walk_sees_what_is_wrong(code: str) -> None:
    assert len(list(_wrong(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code", ["torch.load(p, weights_only=True)", "np.load(p)", "net.eval()", "re.compile(p)"]
)
def test_the_walk_lets_pass_what_is_right(code: str) -> None:
    assert not list(_wrong(ast.parse(code)))
