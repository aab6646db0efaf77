"""`models`: registered models, their versions, who is champion, and on what figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orchestrator.study.uris import tracking_uri as tracking_store
from orchestrator.tracking.registry import Version, model_names, read_seats, read_versions
from orchestrator.tracking.talking import talking_to
from search_spaces.errors import UnknownNameError


@dataclass(frozen=True)
class Score:
    """A figure on the test images with its interval; None where the version does not say."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None


@dataclass(frozen=True)
class ListedVersion:
    """A version and what it was promoted on.

    Args:
        aliases: `champion`, `previous`, `challenger`, or others that a person gave.
        trial: `STUDY/NUMBER`; "" of a version that was not promoted from here.
        validation: mean over the repeats, of `validation_metric`.
        test_openings: how often the test split had been opened for its study by then.
    """

    name: str
    version: str
    aliases: tuple[str, ...]
    created: float
    trial: str = ""
    label: str = ""
    data: str = ""
    run_id: str = ""
    validation_metric: str = ""
    validation: Score = field(default_factory=Score)
    accuracy: Score = field(default_factory=Score)
    robust_score: Score = field(default_factory=Score)
    attack: str = ""
    latency_ms: float | None = None
    test_openings: int | None = None
    compared_with: str = ""

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        return asdict(self)


def models(
    name: str | None = None, *, tracking_uri: str | None = None
) -> tuple[ListedVersion, ...]:
    """Versions of the registered model `name`, or of all; by name, the newest first.

    A move of aliases that was cut short is completed first.

    Raises:
        UnknownNameError: there is no such registered model.
        UnavailableError: the store is away.
    """
    with talking_to(tracking_store(tracking_uri), "The registered models") as client:
        known = model_names(client)
        if name is not None and name not in known:
            raise UnknownNameError("registered model", name, known)
        found: list[Version] = []
        for each in known if name is None else (name,):
            read_seats(client, each)
            found += read_versions(client, each)
    return tuple(_listed(version) for version in found)


def _listed(version: Version) -> ListedVersion:
    tags = version.tags
    trial = f"{tags['study']}/{tags['trial']}" if {"study", "trial"} <= tags.keys() else ""
    return ListedVersion(
        name=version.name,
        version=version.number,
        aliases=version.aliases,
        created=version.created,
        trial=trial,
        label=tags.get("label", ""),
        data=tags.get("data", ""),
        run_id=version.run_id,
        validation_metric=tags.get("validation_metric", ""),
        validation=_validation(tags),
        accuracy=_score(version, "test_acc"),
        robust_score=_score(version, "test_robust_score"),
        attack=tags.get("attack", ""),
        latency_ms=_number(tags.get("latency_p95_ms_1")),
        test_openings=_whole(tags.get("test_openings")),
        compared_with=tags.get("compared_with", ""),
    )


def _validation(tags: Mapping[str, str]) -> Score:
    return Score(
        _number(tags.get("validation_mean")),
        _number(tags.get("validation_low")),
        _number(tags.get("validation_high")),
    )


def _score(version: Version, name: str) -> Score:
    tags = version.tags
    return Score(
        _number(tags.get(name)),
        _number(tags.get(f"{name}_low")),
        _number(tags.get(f"{name}_high")),
        _whole(tags.get(f"{name}_n")),
    )


def _number(text: str | None) -> float | None:
    """A person may have changed a tag; what is no number is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None or not number.is_integer() else int(number)
