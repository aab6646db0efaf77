"""A model file that could run code is refused, or loaded without that code being run.

Each attack leaves a mark when it works; that it works on torch's own loader is shown first.
"""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_folders import Graph, spoiled, with_graph, write_mlmodel

from orchestrator.using.loading import load_classifier
from orchestrator.using.mlmodel import GRAPH
from orchestrator.using.refusal import RefusedModel
from search_spaces.errors import UsageError

Parts = dict[str, bytes]
_WEIGHTS = "data/weights/model_weights_config.json"
_SAMPLES = "data/sample_inputs/model.pt"


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> Any:
        return (open, (self.mark, "w"))


def _pickled(mark: Path) -> bytes:
    out = io.BytesIO()
    torch.save(({"x": Touch(mark)},), out)
    return out.getvalue()


def pickled_weight(mark: Path, parts: Parts) -> None:
    """A weight that is to be unpickled."""
    config = json.loads(parts[_WEIGHTS])
    next(iter(config["config"].values()))["use_pickle"] = True
    name = next(iter(config["config"].values()))["path_name"]
    parts[_WEIGHTS] = json.dumps(config).encode()
    parts[f"data/weights/{name}"] = _pickled(mark)


def pickled_samples(mark: Path, parts: Parts) -> None:
    """Sample inputs, which torch unpickles when they are more than tensors."""
    parts[_SAMPLES] = _pickled(mark)


def opaque_constant(mark: Path, parts: Parts) -> None:
    """A constant of a kind that is always unpickled."""
    name = "data/constants/model_constants_config.json"
    config = json.loads(parts[name])
    config["config"]["evil"] = {
        "path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None
    }  # fmt: skip
    parts[name] = json.dumps(config).encode()
    parts["data/constants/opaque_obj_0"] = pickle.dumps(Touch(mark))


def _code(mark: Path) -> str:
    return f"__import__('pathlib').Path({str(mark)!r}).touch()"


def size_that_runs(mark: Path, parts: Parts) -> None:
    """A symbolic size that torch evaluates as Python."""

    def change(graph: Graph) -> None:
        values = graph["graph_module"]["graph"]["tensor_values"]
        for value in values.values():
            for size in value["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = _code(mark)
                    return

    with_graph(change)(parts)


def guard_that_runs(mark: Path, parts: Parts) -> None:
    """A guard, which torch executes as source text when the net is asked."""
    with_graph(lambda graph: graph.update(guards_code=[f"{_code(mark)} is None"]))(parts)


ATTACKS: dict[str, Callable[[Path, Parts], None]] = {
    "pickled weight": pickled_weight,
    "pickled samples": pickled_samples,
    "opaque constant": opaque_constant,
    "size": size_that_runs,
    "guard": guard_that_runs,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_code_in_a_graph_file_is_never_run(name: str, folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = spoiled(folder, tmp_path / "evil", change=lambda parts: ATTACKS[name](mark, parts))
    _trusting(evil / GRAPH)
    assert mark.exists(), "the attack does not work on torch itself: the test would prove nothing"
    mark.unlink()
    try:
        probabilities_NK = load_classifier(str(evil)).predict(np.zeros((2, 8, 8, 3), np.uint8))
    except RefusedModel as refusal:
        assert "nothing in it was run" in str(refusal)
        assert name not in ("guard", "pickled samples")
    else:
        assert name in ("guard", "pickled samples"), "it should have been refused"
        assert probabilities_NK.argmax(1).tolist() == [0, 0]
    assert not mark.exists()


def _trusting(path: Path) -> None:
    """What torch itself does with the file, whatever comes of it."""
    try:
        module = torch.export.load(str(path)).module()
        module(torch.zeros((2, 8, 8, 3), dtype=torch.uint8), probabilities=0)
    except Exception:
        return


def _in_graph(key: str, value: str) -> Callable[[Parts], None]:
    """Set the first of these keys, wherever it is."""

    def change(part: Any) -> bool:
        if isinstance(part, dict):
            if key in part and isinstance(part[key], str):
                part[key] = value
                return True
            return any(change(each) for each in part.values())
        return isinstance(part, list) and any(change(each) for each in part)

    return with_graph(lambda graph: change(graph) and None)


CHANGES: dict[str, tuple[Callable[[Parts], None], str]] = {
    "operator of the system": (_in_graph("target", "torch.os.system"), "operator .* 'torch.os"),
    "operator that reads files": (
        _in_graph("target", "torch.ops.aten.from_file.default"), "operator .*from_file"
    ),
    "operator by its methods": (_in_graph("target", "_operator.methodcaller"), "methodcaller"),
    "name with code in it": (_in_graph("name", "x): import os #"), "name .*import os"),
    "size that never ends": (
        _in_graph("expr_str", "Pow(Integer(9), Pow(Integer(9), Integer(9)))"), "size .*Pow"
    ),
    "size by operators": (_in_graph("expr_str", "9**9**9**9"), r"size .*9\*\*9"),
    "size with an attribute": (_in_graph("expr_str", "Symbol('s0').__class__"), "size .*__class__"),
    "size of another function": (_in_graph("expr_str", "Lambda(1)"), "size .*Lambda"),
    "symbol with code in it": (_in_graph("expr_str", "Symbol('s0); import os')"), "size .*import"),
    "symbol by another": (_in_graph("expr_str", "Symbol(Symbol('s0'))"), "size .*Symbol"),
    "huge number": (_in_graph("expr_str", "Integer(1" + "0" * 30 + ")"), "size .*Integer"),
    "container by import": (
        _in_graph("in_spec", '[1, {"type": "os.path", "context": null, "children_spec": []}]'),
        "container .*os.path",
    ),
    "container with code in it": (
        _in_graph(
            "in_spec",
            '[1, {"type": "builtins.dict", "context": "[\\"a b\\"]", "children_spec": []}]',
        ),
        "context",
    ),
    "compiled library": (
        lambda parts: parts.update({"data/aotinductor/model/evil.so": b"\x7fELF"}),
        "part .*evil.so",
    ),
    "extra file": (lambda parts: parts.update({"extra/run.py": b"1"}), "part .*run.py"),
    "path above": (lambda parts: parts.update({"../../evil": b"1"}), "part .*evil"),
    "no JSON": (lambda parts: parts.update({"models/model.json": b"{"}), "cannot be read"),
    "no graph": (lambda parts: parts.pop("models/model.json") and None, "torch cannot read"),
    "deep JSON": (
        lambda parts: parts.update({"models/model.json": b'{"a":' * 99_999 + b"1" + b"}" * 99_999}),
        "cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_classifier_needs_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    change, says = CHANGES[name]
    evil = spoiled(folder, tmp_path / "evil", change=change)
    with pytest.raises(RefusedModel, match=f"nothing in it was run: .*{says}"):
        load_classifier(str(evil))


def test_a_copy_that_was_only_packed_anew_loads(folder: Path, tmp_path: Path) -> None:
    """What `spoiled` does by itself spoils nothing: the refusals are for the changes."""
    same = spoiled(folder, tmp_path / "same", change=lambda parts: None)
    images = np.zeros((1, 8, 8, 3), np.uint8)
    assert load_classifier(str(same)).predict(images).argmax() == 0


def _rewrite(path: Path, compression: int, twice: bool = False) -> None:
    with zipfile.ZipFile(path) as held:
        parts = [(name, held.read(name)) for name in held.namelist()]
    with zipfile.ZipFile(path, "w", compression) as out:
        for name, content in [*parts, *(parts[:1] if twice else [])]:
            out.writestr(name, content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: _rewrite(path, zipfile.ZIP_DEFLATED), "packed"),
        (lambda path: _rewrite(path, zipfile.ZIP_STORED, twice=True), "two parts of one name"),
        (lambda path: path.write_bytes(path.read_bytes()[:-500]), "damaged|no classifier needs"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)), "damaged"),
    ],
)
def test_archives_that_torch_does_not_write_are_refused(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    evil = shutil.copytree(folder, tmp_path / "evil")
    spoil(evil / GRAPH)
    write_mlmodel(evil)
    with pytest.raises(RefusedModel, match=says):
        load_classifier(str(evil))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(folder: Path, tmp_path: Path) -> None:
    evil = shutil.copytree(folder, tmp_path / "evil")
    with (
        zipfile.ZipFile(evil / GRAPH, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
        out.open("model/data/weights/weight_0", "w", force_zip64=True) as part,
    ):
        for _ in range(300):
            part.write(bytes(1_000_000))
    write_mlmodel(evil)
    assert (evil / GRAPH).stat().st_size < 3_000_000
    with pytest.raises(RefusedModel, match="it may unfold to any size"):
        load_classifier(str(evil))


def test_a_graph_that_was_changed_after_it_was_logged_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    ten, less = np.float32(10.0).tobytes(), np.float32(-10.0).tobytes()

    def weaken(parts: Parts) -> None:
        for name, content in parts.items():
            parts[name] = content.replace(ten, less) if "weight_" in name else content

    evil = spoiled(folder, tmp_path / "evil", change=weaken)
    shutil.copy(folder / "MLmodel", evil)  # with the digest of the graph that was logged
    with pytest.raises(RefusedModel, match="not the one that was logged"):
        load_classifier(str(evil))
    write_mlmodel(evil)  # whoever writes the digest, too, has another model that is as harmless
    red_NHWC = np.zeros((1, 8, 8, 3), np.uint8)
    red_NHWC[..., 0] = 255
    assert load_classifier(str(folder)).predict(red_NHWC).argmax() == 1
    assert load_classifier(str(evil)).predict(red_NHWC).argmax() == 0


def test_a_pickled_model_is_refused_unopened(folder: Path, tmp_path: Path) -> None:
    mark, evil = tmp_path / "mark", shutil.copytree(folder, tmp_path / "evil")
    (evil / GRAPH).unlink()
    (evil / "data" / "model.pth").write_bytes(_pickled(mark))
    with pytest.raises(RefusedModel, match=r"model\.pth, and a pickle can run code"):
        load_classifier(str(evil))
    assert not mark.exists()


def _outside(evil: Path, tmp_path: Path) -> None:
    """The graph as a link to a file that is none of the model's."""
    (evil / GRAPH).rename(tmp_path / "elsewhere.pt2")
    (evil / GRAPH).symlink_to(tmp_path / "elsewhere.pt2")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_outside, "lies outside of its folder"),
        (
            lambda evil, _: write_mlmodel(evil, flavors={"pytorch": {"model_data": "../../etc"}}),
            "looked for in '../../etc'",
        ),
        (
            lambda evil, _: write_mlmodel(evil, flavors={"sklearn": {"pickled_model": "m.pkl"}}),
            "no exported graph but sklearn",
        ),
        (lambda evil, _: write_mlmodel(evil, flavors=[]), "cannot be read|no exported graph"),
        (
            lambda evil, _: (evil / "MLmodel").write_text("!!python/object/apply:os.abort []"),
            "cannot be read",
        ),
        (lambda evil, _: (evil / "MLmodel").write_text("just words"), "cannot be read"),
        (
            lambda evil, _: write_mlmodel(evil, metadata={"classes": ["one", "two"]}),
            "names 2 classes and tells 4 apart",
        ),
    ],
)
def test_folders_that_point_elsewhere_or_need_code_are_refused(
    folder: Path, tmp_path: Path, spoil: Callable[[Path, Path], None], says: str
) -> None:
    evil = shutil.copytree(folder, tmp_path / "evil")
    spoil(evil, tmp_path)
    with pytest.raises(RefusedModel, match=says):
        load_classifier(str(evil))


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("models:/../../etc/passwd", "no folder above"),
        ("../somewhere", "A model is"),
        ("a:b", "A model is"),
        ("", "A model is"),
        ("..", "A model is"),
        ("name@", "A model is"),
    ],
)
def test_names_that_are_none(
    model: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        load_classifier(model)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a file MLmodel"):
        load_classifier(str(tmp_path))
