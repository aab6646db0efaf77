"""Finds a trainable by name and adapts it: any generator function of reports, ours or anybody's.

A trainable takes a config, and a `checkpoint` if it wants one. Ours take a TrialConfig, anybody
else's a dict of their own.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from orchestrator.run.adapting import read_reports
from orchestrator.study.configs import is_ours
from search_spaces.errors import UsageError
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.reports import Report

_FORM = "A trainable is named package.module:function."
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Trainable:
    """A generator function of reports.

    Args:
        place: `package.module:function`.
        takes_checkpoint: whether it has a parameter of that name.
    """

    place: str
    function: Callable[..., Any]
    takes_checkpoint: bool

    def config(
        self, fields: Mapping[str, Any], accumulation: int = 1
    ) -> TrialConfig | dict[str, Any]:
        """What it takes, made of JSON; a value of its own to change as it likes.

        Args:
            accumulation: parts to compute a batch in; only named where there are several.
        """
        more = {"accumulation": accumulation} if accumulation > 1 else {}
        if is_ours(self.place):
            return TrialConfig.model_validate({**fields, **more})
        return copy.deepcopy({**fields, **more})

    def digest(self, fields: Mapping[str, Any]) -> str:
        """16 hex digits of what a result depends on; equal for equal results to be expected."""
        if is_ours(self.place):
            return TrialConfig.model_validate(fields).digest
        held = {key: value for key, value in fields.items() if key != "accumulation"}
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]

    def reports(
        self, config: TrialConfig | dict[str, Any], checkpoint: Checkpoint
    ) -> Generator[Report, None, None]:
        """Runs it: `Progress*`, `EpochReport*` with epochs ascending, and one `TrialReport` last.

        Raises:
            Diverged: it reports a figure that is not finite.
            TrialFailed: it reports something that is no figure, or nothing at all.
        """
        keywords = {"checkpoint": checkpoint} if self.takes_checkpoint else {}
        return read_reports(self.function(config, **keywords), checkpoint)


def load_trainable(place: str, path: str = "") -> Trainable:
    """The trainable at `package.module:function`.

    Args:
        path: a folder that is looked in first; "" for none.

    Raises:
        UsageError: there is none, it is no generator function, or it takes no config.
    """
    name, _, attribute = place.partition(":")
    if not name or not attribute:
        raise UsageError(_FORM, got=place)
    if path and path not in sys.path:
        sys.path.insert(0, path)
    module = _import(name, place, path)
    function = getattr(module, attribute, None)
    if function is None:
        raise UsageError(f"{_FORM} The module {name} has no {attribute}.", got=place)
    if not inspect.isgeneratorfunction(inspect.unwrap(function)):
        raise UsageError(
            f"A trainable is a generator function: it yields its figures. {name} has a "
            f"{type(function).__name__} of that name.",
            got=place,
            hint="Yield a dict of figures after each epoch.",
        )
    return Trainable(place, function, _takes_checkpoint(function, place))


def _import(name: str, place: str, path: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise _broken(name, place, error) from error
        where = f"in {path} or among the installed packages" if path else "on the import path"
        raise UsageError(f"{_FORM} There is no module {error.name} {where}.", got=place) from error
    except Exception as error:
        raise _broken(name, place, error) from error


def _broken(name: str, place: str, error: Exception) -> UsageError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    rule = f"The module {name} cannot be imported: {type(error).__name__}: {error} ({where})."
    return UsageError(rule, got=place)


def _takes_checkpoint(function: Callable[..., Any], place: str) -> bool:
    """Whether it takes a `checkpoint` beside the config.

    Raises:
        UsageError: it takes no config, or must be given more than that.
    """
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind not in _POSITIONAL or _is_checkpoint(parameters[0]):
        raise UsageError("A trainable takes a config: def train(config).", got=place)
    more = parameters[1:]
    for parameter in more:
        optional = parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if not optional and not _is_checkpoint(parameter):
            rule = "A trainable takes a config and, if it wants one, a checkpoint; nothing else."
            raise UsageError(f"{rule} {place} asks for {parameter.name!r}.")
    return any(_is_checkpoint(parameter) for parameter in more)


def _is_checkpoint(parameter: inspect.Parameter) -> bool:
    return parameter.name == "checkpoint"
