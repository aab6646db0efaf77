"""What an exception becomes on the command line: a message on stderr and an exit status."""

from __future__ import annotations

import difflib
import errno
import os
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from orchestrator.cli.parser_words import parser_words
from search_spaces.errors import (
    OrchestratorError,
    UnavailableError,
    UnknownNameError,
    UsageError,
)

if TYPE_CHECKING:
    from pydantic import ValidationError

FAILED, WRONG_USAGE = 1, 2
DEBUG = "ORCHESTRATOR_DEBUG"
"""Environment variable; when set, an unexpected error shows its traceback (`--debug` sets it)."""


def report(error: Exception) -> int:
    """Say on stderr what went wrong; gives the exit status.

    Errors written for people are shown as they are. Anything else is a bug of ours: one line, and
    where its traceback is.
    """
    if _is_broken_pipe(error):
        _silence_stdout()
        return 0
    if _is_from_parser(error):
        return _say_parser_error(error)
    if isinstance(error, OrchestratorError):
        _say(str(error))
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    if (wrong := _config_error(error)) is not None:
        _say(str(wrong))
        return WRONG_USAGE
    if (away := _database_away(error)) is not None:
        _say(str(away))
        return FAILED
    return _say_unexpected(error)


def config_error(error: ValidationError) -> UsageError:
    """The first thing wrong with a TrialConfig, as rule, value and nearest valid one."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return UnknownNameError("setting", name, _settings())
    rule = f"{name} is wrong: {first['msg'][:1].lower()}{first['msg'][1:]}."
    return UsageError(rule, got=first["input"], hint=_nearest(first["msg"], first["input"]))


def _config_error(error: Exception) -> UsageError | None:
    from pydantic import ValidationError

    if isinstance(error, ValidationError) and error.title == "TrialConfig":
        return config_error(error)
    return None


def _database_away(error: Exception) -> UnavailableError | None:
    """A server that went away while a command asked it something; searches wait for theirs."""
    if type(error).__module__.partition(".")[0] not in ("sqlalchemy", "optuna"):
        return None  # without importing either
    from orchestrator.study.patience import first_line, is_away

    if not is_away(error):
        return None
    hint = "Nothing that was told is lost: try again when it is back."
    return UnavailableError("The study database", [("asking it", first_line(error))], hint=hint)


def _settings() -> list[str]:
    from trainables.config import TrialConfig

    return list(TrialConfig.model_fields)


def _nearest(message: str, value: object) -> str:
    """The nearest of the quoted choices in pydantic's message, if it has any."""
    near = difflib.get_close_matches(str(value), message.split("'")[1::2], n=1, cutoff=0.3)
    return f"Did you mean {near[0]!r}?" if near else ""


def _is_broken_pipe(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _silence_stdout() -> None:
    """Whoever read our output is gone; what Python flushes at its end must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _is_from_parser(error: Exception) -> bool:
    """Whether the parser of the command line raised it; its base class moves between versions."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _say_parser_error(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return WRONG_USAGE  # the help was printed while it was made
    _say(parser_words(error))
    if context is not None:
        print(f"Try: {context.command_path} --help", file=sys.stderr)
    return int(error.exit_code)  # type: ignore[attr-defined]


def _say_unexpected(error: Exception) -> int:
    text = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG):
        print(text, end="", file=sys.stderr)
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    _say(f"this is a bug in orchestrator: {what} {_keep(text)}")
    return FAILED


def _keep(text: str) -> str:
    """Write the traceback where it can be found; says where."""
    if os.environ.get(DEBUG):
        return "(traceback above)"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="orchestrator-error-", suffix=".txt", delete=False
        ) as file:
            file.write(text)
    except OSError:
        return "(orchestrator --debug … shows the traceback)"
    return f"(traceback: {file.name}; orchestrator --debug … shows it)"


def _say(message: str) -> None:
    print(f"Error: {message}", file=sys.stderr)
