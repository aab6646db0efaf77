"""Symbolic sizes: what torch and sympy write is taken, anything that could run or never end not."""

from __future__ import annotations

import pytest
import sympy

from orchestrator.using.pt2_sizes import is_size

S0 = sympy.Symbol("s0", positive=True, integer=True)
U1 = sympy.Symbol("u1", integer=True)


@pytest.mark.parametrize(
    "size",
    [
        S0,
        U1,
        3 * S0 - 7,
        S0 * U1 + sympy.Rational(1, 2),
        sympy.Eq(S0, 3),
        sympy.Ne(U1, 0),
        sympy.Min(S0, U1),
        S0**2,
        1 / S0,
        sympy.And(S0 > 2, U1 <= 5),
        sympy.true,
        sympy.Integer(-4),
    ],
)
def test_what_sympy_writes_is_a_size(size: sympy.Basic) -> None:
    assert is_size(sympy.srepr(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__import__('os').system('true')",
        "Symbol('s0').__class__",
        "Symbol('__import__')",
        "Symbol('s0', positive=print())",
        "Symbol(*'s0')",
        "Add(Integer(1), evaluate=print())",
        "Integer(1) + Integer(2)",
        "Integer('7')",
        "Pow(Integer(9), Pow(Integer(9), Integer(9)))",
        "Pow(Integer(9), Integer(999999))",
        "Pow(Integer(9), Symbol('s0'))",
        "Pow(Integer(9), Mul(Integer(1), Integer(999999999)))",
        "Pow(" * 20 + "Integer(9)" + ", Integer(4))" * 20,
        "Integer(1" + "0" * 40 + ")",
        "Lambda(Symbol('s0'), Integer(1))",
        "[x for x in ()]",
        "(lambda: 1)()",
        "s0; import os",
        "Integer(" * 3000 + "1" + ")" * 3000,
        "Integer(1)\nInteger(2)",
    ],
)
def test_what_could_do_something_else_is_none(text: str) -> None:
    assert not is_size(text)
