"""What the command line's parser refuses, in the order of our own errors: rule, value, nearest.

Typer leaves it to pydantic, and shows what that says: "Invalid value for '--split': Value error,
'tset' is not one of 'train', 'val', 'test'..". Older versions leave it to click, which says nearly
the same; so both are read, and anything that is neither is shown as it is.
"""

from __future__ import annotations

import difflib
import re

from search_spaces.errors import UsageError

_CHOICES = re.compile(r"(?P<mark>['\"])(?P<value>.*)(?P=mark) is not one of (?P<choices>'.*')")
_BOUNDS = ("ge", "le")  # pydantic's names of bounds that are valid values themselves


def parser_words(error: Exception) -> str:
    """The message for an error of the parser, without `Error:`."""
    message = str(getattr(error, "message", ""))
    name, found = _parameter(error), _CHOICES.search(message)
    if name and found:
        return str(_not_a_choice(name, found["value"], re.findall(r"'([^']*)'", found["choices"])))
    wrong = _pydantic_error(error)
    if name and wrong is not None:
        return str(_not_valid(name, wrong))
    return str(error.format_message())  # type: ignore[attr-defined]


def _not_a_choice(name: str, value: str, choices: list[str]) -> UsageError:
    near = difflib.get_close_matches(value, choices, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}?" if near else ""
    return UsageError(f"{name} must be one of {', '.join(choices)}.", got=value, hint=hint)


def _not_valid(name: str, wrong: dict[str, object]) -> UsageError:
    """A number out of bounds, or a word that is no number."""
    said = str(wrong["msg"]).removeprefix("Value error, ").rstrip(".")
    rule = re.sub(r"^Input should ", f"{name} must ", said)
    if rule == said:
        rule = f"{name} is wrong: {said[:1].lower()}{said[1:]}"
    limits = wrong.get("ctx")
    given = limits if isinstance(limits, dict) else {}
    hint = "".join(f"The nearest valid value is {given[key]}." for key in _BOUNDS if key in given)
    return UsageError(f"{rule}.", got=wrong.get("input"), hint=hint)


def _pydantic_error(error: Exception) -> dict[str, object] | None:
    from pydantic import ValidationError

    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return None
    return dict(cause.errors(include_url=False)[0])


def _parameter(error: Exception) -> str:
    """`--split`, or `STUDY` of an argument; "" where the error is of no parameter."""
    parameter = getattr(error, "param", None)
    if parameter is None or not getattr(error, "message", ""):
        return ""
    flags = [name for name in getattr(parameter, "opts", ()) if name.startswith("-")]
    if flags:
        return str(max(flags, key=len))
    return str(getattr(parameter, "metavar", None) or getattr(parameter, "name", ""))
