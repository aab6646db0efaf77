"""The documents hold: commands parse, names exist, links resolve, JSON has the keys it says."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from json_keys import JSON_PAGE, check

import orchestrator
from orchestrator.api import search
from orchestrator.cli.app import COMMANDS, build, main
from orchestrator.results import SearchResult

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")


# Command lines


def _quoted_lines(text: str) -> Iterator[str]:
    """Every `orchestrator ...` in code marks or in an indented or fenced block."""
    yield from re.findall(r"`(orchestrator [^`]+)`", text)
    for line in text.splitlines():
        found = re.match(r"(?:    |\$ )?(orchestrator [a-z].*)$", line)
        if found and (line.startswith(("    ", "$ ")) or "|" not in line):
            yield found[1]


def _arguments(line: str) -> list[str]:
    """The words after the program's name, without comment, pipe, or redirection."""
    words = shlex.split(line.partition(" #")[0])
    stop = next((place for place, word in enumerate(words) if word in (">", "|")), len(words))
    return [word for word in words[1:stop] if word not in ("…", "...")]


def _command_lines() -> list[str]:
    lines = [line for page in PAGES for line in _quoted_lines(page.read_text(encoding="utf-8"))]
    return sorted(set(lines))


def _parses(arguments: list[str]) -> None:
    """Parse without running: each command is replaced by its own parser's context."""
    command: Any = typer.main.get_command(build())
    name = "orchestrator"
    while hasattr(command, "commands") and arguments:
        if arguments[0].startswith("-"):
            break
        name, *arguments = arguments
        assert name in command.commands, f"no command {name!r}"
        command = command.commands[name]
    command.make_context(name, [word for word in arguments if word != "--help"] or [], None)


@pytest.mark.parametrize("line", _command_lines())
def test_every_command_line_in_the_documents_parses(line: str) -> None:
    arguments = _arguments(line)
    if "--help" in arguments:
        assert main(arguments) == 0
        return
    if arguments == ["search"]:
        return  # named, not quoted
    _parses(arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"`orchestrator {name}\b", README)


def test_the_two_commands_stand_there_word_for_word() -> None:
    lines = [line.strip() for line in README.splitlines()]
    assert "make search" in lines
    assert "make test" in lines
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for page in PAGES:
        for target in re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text(), re.MULTILINE):
            assert target in targets, f"{page.name} names make {target}"


# Python


def _snippets() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("code", _snippets())
def test_names_in_the_readmes_python_exist(code: str) -> None:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "orchestrator":
            for alias in node.names:
                assert hasattr(orchestrator, alias.name)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "search":
            known = inspect.signature(search).parameters
            assert {keyword.arg for keyword in node.keywords} <= set(known)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "result":
            known = {*dir(SearchResult), *SearchResult.__dataclass_fields__}
            assert node.attr in known


@pytest.mark.slow
@pytest.mark.needs("npm", "wheels")
@pytest.mark.timeout(900)
def test_the_readmes_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held: dict[str, Any] = {}
    for code in _snippets():
        exec(compile(code, "README.md", "exec"), held)
    assert len(held["trials"]) >= 4
    assert held["result"].best.metrics["val_acc"] > 0.6


# Links and files


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in _anchors(linked.read_text(encoding="utf-8"))


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    """Paths in code marks that start with one of our folders; NAME stands for any."""
    for path in re.findall(
        r"`((?:orchestrator|trainables|search_spaces|tests|docs|benchmarks)/[^`\s]*)`",
        page.read_text(encoding="utf-8"),
    ):
        if not re.search(r"[A-Z<*{:]", path.removesuffix("RESULTS.md")):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


# JSON


def test_the_check_itself_sees_both_kinds_of_difference() -> None:
    full = {"versions": {"a": "1"}}
    check("orchestrator version --json", full)
    with pytest.raises(AssertionError, match="not in docs"):
        check("orchestrator version --json", {**full, "more": 1})
    with pytest.raises(AssertionError, match="in docs"):
        check("orchestrator cache empty --json", {})


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("orchestrator spaces --json", "spaces"),
        ("orchestrator spaces NAME --json", "spaces backbone_compare"),
        ("orchestrator backbones --json", "backbones"),
        ("orchestrator data list --json", "data list"),
        ("orchestrator data fetch NAME --json", "data fetch digits"),
        ("orchestrator data check NAME --json", "data check digits"),
        ("orchestrator cache list --json", "cache list"),
        ("orchestrator cache empty --json", "cache empty --backbone nothing"),
        ("orchestrator version --json", "version"),
    ],
)
def test_json_has_the_documented_keys(
    heading: str,
    line: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*line.split(), "--json"]) == 0
    check(heading, json.loads(capsys.readouterr().out))


def test_every_command_that_answers_has_a_section() -> None:
    for name in COMMANDS:
        if name != "ui":
            assert f"`orchestrator {name}" in JSON_PAGE
