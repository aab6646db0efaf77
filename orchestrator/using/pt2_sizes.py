"""Symbolic sizes in a pt2 file, which torch evaluates as Python: only what `sympy.srepr` writes."""

from __future__ import annotations

import ast
import re
from typing import TypeGuard

_FUNCTION = re.compile(
    r"Symbol|Integer|Rational|Float|Add|Mul|Pow|Min|Max|Mod|PythonMod|FloorDiv|CleanDiv|CeilDiv"
    r"|CeilToInt|FloorToInt|TruncToInt|RoundToInt|ToFloat|IntTrueDiv|FloatTrueDiv|ModularIndexing"
    r"|Eq|Ne|Equality|Unequality|GreaterThan|LessThan|StrictGreaterThan|StrictLessThan|And|Or|Not"
)
_VALUE = re.compile(r"int_oo|oo|true|false|True|False")
_SIZE_NAME = re.compile(r"[su][0-9]+(_[0-9]+)?|z?u?f[0-9]+")
_LONGEST = 5000  # signs of an expression
_HIGHEST = 4  # power: Pow(9, Pow(9, 9)) is short and never ends
_MOST_POWERS = 8  # of powers too
_LARGEST = 2**63


def is_size(text: str) -> bool:
    """Whether it is arithmetic on numbers and names of sizes, and nothing else.

    `Mul(Integer(3), Symbol('s14', positive=True, integer=True))` is.
    """
    if len(text) > _LONGEST or text.count("Pow(") > _MOST_POWERS:
        return False
    try:
        return _is_size(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False


def _is_size(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return _VALUE.fullmatch(node.id) is not None
    if not isinstance(node, ast.Call):
        return _number(node) is not None
    if not isinstance(node.func, ast.Name) or not _FUNCTION.fullmatch(node.func.id):
        return False
    if node.func.id == "Symbol":
        return _is_symbol(node)
    if node.func.id == "Pow" and len(node.args) == 2:
        power = node.args[1]
        number = _number(power.args[0] if _is_plain(power) else power)
        if number is None or abs(number) > _HIGHEST:
            return False
    return not node.keywords and all(map(_is_size, node.args))


def _is_plain(node: ast.expr) -> TypeGuard[ast.Call]:
    """`Integer(2)`, `Rational(1, 2)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return False
    return node.func.id in ("Integer", "Rational")


def _is_symbol(node: ast.Call) -> bool:
    """`Symbol('s34', positive=True, integer=True)`."""
    name = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    named = isinstance(name, str) and _SIZE_NAME.fullmatch(name) and len(node.args) == 1
    return bool(named) and all(
        isinstance(each.value, ast.Constant) and isinstance(each.value.value, bool)
        for each in node.keywords
    )


def _number(node: ast.expr) -> float | None:
    """A plain number, signed or not; None for anything else."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    value = node.value if isinstance(node, ast.Constant) else None
    fine = isinstance(value, int | float) and abs(value) <= _LARGEST
    return sign * value if fine and isinstance(value, int | float) else None
