"""`orchestrator`: the console script. Each command is a file here and one line in `COMMANDS`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.cli.failing import DEBUG, report
from orchestrator.cli.version import print_version

# Name on the command line -> "module:attribute": a function, or a typer.Typer of sub-commands.
# These modules import nothing heavy at their top (tests/test_imports.py holds them to it), so
# that `orchestrator --help` needs no torch, ray, mlflow, optuna or pandas.
COMMANDS = {
    "search": "orchestrator.cli.search:search",
    "resume": "orchestrator.cli.resume:resume",
    "show": "orchestrator.cli.show:show",
    "compare": "orchestrator.cli.compare:compare",
    "stop": "orchestrator.cli.stop:stop",
    "delete": "orchestrator.cli.delete:delete",
    "list": "orchestrator.cli.list:list_studies",
    "spaces": "orchestrator.cli.spaces:spaces",
    "backbones": "orchestrator.cli.backbones:backbones",
    "data": "orchestrator.cli.data:app",
    "cache": "orchestrator.cli.cache:app",
    "evaluate": "orchestrator.cli.evaluate:evaluate",
    "attack": "orchestrator.cli.attack:attack",
    "reproduce": "orchestrator.cli.reproduce:reproduce",
    "report": "orchestrator.cli.report:report",
    "promote": "orchestrator.cli.promote:promote",
    "rollback": "orchestrator.cli.rollback:rollback",
    "models": "orchestrator.cli.models:models",
    "predict": "orchestrator.cli.predict:predict",
    "lr-find": "orchestrator.cli.lr_find:lr_find",
    "label": "orchestrator.cli.label:app",
    "sync": "orchestrator.cli.sync:sync",
    "serve": "orchestrator.cli.serve:serve",
    "ui": "orchestrator.cli.ui:ui",
    "doctor": "orchestrator.cli.doctor:doctor",
    "version": "orchestrator.cli.version:version",
}


def build() -> typer.Typer:
    """The whole command line, put together from `COMMANDS`."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, place in COMMANDS.items():
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status: 2 wrong usage, 1 failed, 0 otherwise.

    Args:
        arguments: without the program's name (default: those of this process).
    """
    command = typer.main.get_command(build())
    try:
        status = command.main(arguments, prog_name="orchestrator", standalone_mode=False)
        sys.stdout.flush()  # here, where a reader that went away can still be met
    except SystemExit:
        return 0  # Typer's own way to end when the reader of our output went away (`| head`)
    except Exception as error:
        return report(error)
    return status if isinstance(status, int) else 0


def _root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say the version and end.", callback=print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Which backbone and recipe classifies your images best, and survives an attack best?

    A search tries them in parallel, keeps every figure, and ends with a ranked table.
    Start with: orchestrator search backbone_compare
    """
    del version
    if debug:
        os.environ[DEBUG] = "1"
