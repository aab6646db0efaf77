"""`--set key=value` and pydantic's complaints, turned into checked fields and words for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from search_spaces.errors import UnknownNameError, UsageError
from trainables.config import TrialConfig


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """`["lr=1e-3", "backbone=vgg16"]` as checked fields of TrialConfig.

    Raises:
        UsageError: no `=`, an unknown field, a value of the wrong type or out of bounds.
    """
    fields: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise UsageError("--set takes key=value.", got=setting, hint="Example: --set lr=1e-3")
        if key not in TrialConfig.model_fields:
            raise UnknownNameError("field of a trial's config", key, TrialConfig.model_fields)
        fields[key] = getattr(make_config({key: read_value(text.strip())}), key)
    return fields


def parse_free_settings(settings: Iterable[str]) -> dict[str, Any]:
    """`["x=1"]` for a trainable of one's own, whose fields nobody here knows.

    Raises:
        UsageError: no `=`.
    """
    fields: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError("--set takes key=value.", got=setting, hint="Example: --set lr=1e-3")
        fields[key.strip()] = read_value(text.strip())
    return fields


def make_config(fields: dict[str, Any]) -> TrialConfig:
    """A TrialConfig of `fields`, with errors that state rule and value.

    Raises:
        UsageError: instead of pydantic's ValidationError.
    """
    try:
        return TrialConfig.model_validate(fields)
    except ValidationError as error:
        raise UsageError(" ".join(_sentence(dict(item)) for item in error.errors())) from None


def read_value(text: str) -> Any:
    """A number, true/false/null, a list; `1,2,4` is a list of numbers; else the text itself."""
    for candidate in (text, f"[{text}]" if "," in text else text):
        try:
            return json.loads(candidate)
        except json.JSONDecodeError:
            continue
    try:
        return float(text)  # JSON does not know 1e-3 without a dot on all readers, nor .5, inf, nan
    except ValueError:
        return text


def _sentence(item: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in item["loc"]) or "config"
    about = TrialConfig.model_fields.get(str(item["loc"][0])) if item["loc"] else None
    rule = str(item["msg"]).replace("Input should", f"{field} should")
    described = f" ({about.description})" if about and about.description else ""
    return f"{rule}. Got: {item.get('input')!r}.{described}"
