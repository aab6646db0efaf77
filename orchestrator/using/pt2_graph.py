"""The graph in a pt2 file, held to what a classifier needs before torch looks at it.

torch trusts this JSON: it evaluates symbolic sizes and guards as Python (`sympy.sympify`,
`_convert_guards_code_to_fn`), looks operators up by dotted names in all of torch, imports what a
tree specification names, and writes names into a source text that it executes (torch 2.14,
`torch/_export/serde/serialize.py`, `torch/export/_unlift.py`). MLflow's own check lets any JSON
pass. So every string must be one of the kinds below, and what is not needed to run is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.using.pt2_sizes import is_size
from orchestrator.using.refusal import RefusedModel

_OPERATORS = re.compile(
    r"torch\.ops\.aten\.[a-z_0-9]+\.[A-Za-z_0-9]+|torch\.ops\.higher_order\.cond"
)
_ARITHMETIC = re.compile(
    r"_operator\.(add|sub|mul|floordiv|truediv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge|and_|or_|not_"
    r"|getitem)|math\.(ceil|floor|trunc|sqrt)|torch\.sym_(int|float|max|min|not|ite|sum)"
)
_TO_THE_OUTSIDE = re.compile(r"from_file|save|load|print|open|file")  # in an operator's name
_PLAIN = re.compile(r"[A-Za-z0-9_.@]*")
_VERSION = re.compile(r"[A-Za-z0-9_.+<=-]*")
_MODES = frozenset(("none", "tanh", "floor", "trunc", "ij", "xy", "mean", "sum", "constant"))
_CONTAINERS = ("builtins.tuple", "builtins.list", "builtins.dict", None)
_NO_PLACE = ("as_operator", "as_custom_obj", "custom_obj", "token")


def clean_graph(text: bytes, where: str) -> bytes:
    """The graph without what only its maker needs, or that would be executed.

    Raises:
        RefusedModel: it has something in it that a classifier does not.
    """
    try:
        graph = json.loads(text)
        _forget(graph)
        check_strings(graph, where)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RefusedModel(where, f"its graph cannot be read: {str(error)[:200]}") from None
    return json.dumps(graph).encode()


def check_strings(part: Any, where: str) -> None:
    """Every string in a piece of JSON must be of a known kind.

    Raises:
        RefusedModel: one is not.
    """
    for key, value in _strings(part):
        _check(key, value, where)


def _forget(graph: Any) -> None:
    """Guards, notes on where nodes come from, and calls of inner modules: none is needed to run."""
    graph["guards_code"] = []
    module = graph["graph_module"]
    module["metadata"], module["treespec_namedtuple_fields"] = {}, {}
    module["module_call_graph"] = [e for e in module["module_call_graph"] if e["fqn"] == ""]
    for node in _nodes(module["graph"]):
        node["metadata"] = {}


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    """The nodes of a graph and of the graphs in it."""
    if isinstance(part, dict):
        if "target" in part and "metadata" in part:
            yield part
        for value in part.values():
            yield from _nodes(value)
    elif isinstance(part, list):
        for value in part:
            yield from _nodes(value)


def _strings(part: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string with the key that it stands under; a key is a string too."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield "key", name
            yield from _strings(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from _strings(value, key)
    elif isinstance(part, str):
        yield key, part


def _check(key: str, value: str, where: str) -> None:
    if key == "target":
        _check_operator(value, where)
    elif key == "expr_str":
        _refuse_unless(is_size(value), where, "size", value)
    elif key in ("in_spec", "out_spec"):
        _check_tree(value, where)
    elif key in ("as_string", "as_strings"):
        _refuse_unless(value in _MODES, where, "argument", value)
    elif key == "torch_version":
        _refuse_unless(_VERSION.fullmatch(value), where, "version", value)
    elif key == "key":
        _refuse_unless(value not in _NO_PLACE, where, "kind of value", value)
        _refuse_unless(_PLAIN.fullmatch(value), where, "name", value)
    else:
        _refuse_unless(_PLAIN.fullmatch(value), where, "name", value)


def _check_operator(name: str, where: str) -> None:
    known = _OPERATORS.fullmatch(name) or _ARITHMETIC.fullmatch(name)
    reaches_out = _TO_THE_OUTSIDE.search(name.removeprefix("torch.ops.aten."))
    _refuse_unless(known and not reaches_out, where, "operator", name)


def _check_tree(text: str, where: str) -> None:
    """How arguments are nested: tuples, lists and dictionaries of plain names."""
    _, tree = json.loads(text)
    for part in _parts(tree):
        _refuse_unless(part["type"] in _CONTAINERS, where, "container", str(part["type"]))
        names = json.loads(part["context"] or "null") or []
        plain = isinstance(names, list) and all(
            isinstance(name, str) and name.isidentifier() for name in names
        )
        _refuse_unless(plain, where, "container's context", str(part["context"]))


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree["children_spec"]:
        yield from _parts(child)


def _refuse_unless(fine: object, where: str, kind: str, value: str) -> None:
    if not fine:
        reason = f"its graph has a {kind} that no classifier needs: {value[:80]!r}"
        raise RefusedModel(where, reason)
