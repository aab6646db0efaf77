"""What the parser refuses: rule, value, nearest valid one, and nothing of its library."""

from __future__ import annotations

import pytest
from command_line import Run

SEARCH = ("search", "backbone_compare", "--data", "digits", "--local")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("evaluate", "--split", "tset"),
            "--split must be one of train, val, test. Got: 'tset'. Did you mean 'test'?",
        ),
        (
            ("evaluate", "--split", "zzz"),
            "--split must be one of train, val, test. Got: 'zzz'.",
        ),
        (
            ("evaluate", "--split", "it's"),
            "--split must be one of train, val, test. Got: \"it's\". Did you mean 'test'?",
        ),
        (
            (*SEARCH, "--weights", "pretraind"),
            "--weights must be one of pretrained, random. Got: 'pretraind'. "
            "Did you mean 'pretrained'?",
        ),
        (
            (*SEARCH, "--on-budget", "check"),
            "--on-budget must be one of finish, checkpoint. Got: 'check'. "
            "Did you mean 'checkpoint'?",
        ),
        (
            (*SEARCH, "--trials", "0"),
            "--trials must be greater than or equal to 1. Got: '0'. The nearest valid value is 1.",
        ),
        (
            ("ui", "--port", "70000"),
            "--port must be less than or equal to 65535. Got: '70000'. "
            "The nearest valid value is 65535.",
        ),
        (
            (*SEARCH, "--trials", "many"),
            "--trials must be a valid integer, unable to parse string as an integer. Got: 'many'.",
        ),
    ],
)
def test_the_first_line_is(run: Run, arguments: tuple[str, ...], message: str) -> None:
    ended = run(*arguments)
    first, *rest = ended.err.splitlines()
    assert (ended.status, ended.out, first) == (2, "", f"Error: {message}")
    assert rest == [f"Try: orchestrator {arguments[0]} --help"]


@pytest.mark.parametrize("arguments", [("search",), ("serch",), (*SEARCH, "--traisl", "3")])
def test_what_is_neither_value_nor_choice_stays_as_it_is(
    run: Run, arguments: tuple[str, ...]
) -> None:
    ended = run(*arguments)
    assert ended.status == 2
    assert ended.err.startswith("Error: ") and "must be one of" not in ended.err
    assert "Value error" not in ended.err and "Got:" not in ended.err
