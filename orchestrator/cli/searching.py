"""Plans and runs a search before a person's eyes, for `search` and `resume`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import IO, TYPE_CHECKING

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.request import SearchRequest
from orchestrator.stop import StopRequest
from orchestrator.views.console import console_for

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.board import Board, SearchSnapshot
    from orchestrator.plan.value import SearchPlan
    from orchestrator.results import SearchResult

AGAIN = "Ctrl-C again ends it at once"


def plan_and_run(request: SearchRequest, *, dry_run: bool, as_json: bool) -> None:
    """Say what the search will do, do it, and print its ranked table (or one JSON object).

    Raises:
        OrchestratorError: from the plan or the session, fit to be shown.
        typer.Exit: with status 1, when no trial finished, unless a person stopped it.
    """
    with stdout_kept_clean(as_json) as out:
        console = console_for(sys.stderr if as_json else sys.stdout)
        from orchestrator.api import plan_search
        from orchestrator.views.plan_text import print_plan

        plan = plan_search(request, lambda line: console.print(line, style="dim", markup=False))
        print_plan(console, plan)
        if dry_run:
            _answer_plan(plan, out, as_json=as_json)
            return
        stop = StopRequest()
        result = watched(plan, stop, console)
        _answer(result, console, out, as_json=as_json)
    if result.best is None and stop.reason is None:
        raise typer.Exit(FAILED)


def watched(plan: SearchPlan, stop: StopRequest, console: Console) -> SearchResult:
    """Run the plan with its progress on the console."""
    from orchestrator.api import make_board, run_search
    from orchestrator.views.watching import watching

    board = make_board(plan)
    with watching(_look(board, stop), console):
        return run_search(
            plan,
            board=board,
            stop=stop,
            say=lambda line: console.print(line, style="dim", markup=False),
        )


def _look(board: Board, stop: StopRequest) -> Callable[[], SearchSnapshot]:
    """The board's snapshots; from the first Ctrl-C on, with what is going on then."""

    def look() -> SearchSnapshot:
        snapshot = board.snapshot()
        if stop.reason is None:
            return snapshot
        doing = snapshot.message or "ending what runs"
        return replace(snapshot, message=f"{stop.reason}: {doing}; {AGAIN}")

    return look


def _answer_plan(plan: SearchPlan, out: IO[str], *, as_json: bool) -> None:
    if as_json:
        from orchestrator.cli.plan_facts import plan_facts

        print_json(plan_facts(plan), file=out)


def _answer(result: SearchResult, console: Console, out: IO[str], *, as_json: bool) -> None:
    from orchestrator.cli.ranking import backbone_facts
    from orchestrator.views.ranked import print_ranked

    print_ranked(console, result, backbone_facts(result))
    if as_json:
        print_json(result.to_json(), file=out)
