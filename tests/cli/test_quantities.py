"""Durations, sizes and lists as people type them."""

from __future__ import annotations

import pytest

from orchestrator.cli import quantities
from search_spaces.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("90", 90),
        ("90s", 90),
        ("30m", 1800),
        ("30 min", 1800),
        ("1h30m", 5400),
        ("1H 30M", 5400),
        ("0.5h", 1800),
        ("2d", 172_800),
    ],
)
def test_seconds(text: str | None, seconds: float | None) -> None:
    assert quantities.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "3x", "-5m", "0", "1h-3m", "nan", "1e3", "3 m x"])
def test_what_is_no_duration_is_refused_with_the_value(text: str) -> None:
    with pytest.raises(UsageError, match="A duration is") as caught:
        quantities.seconds(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "gigabytes"),
    [(None, None), ("20", 20), ("20GB", 20), ("500mb", 0.5), ("1TB", 1000), ("1.5 g", 1.5)],
)
def test_gigabytes(text: str | None, gigabytes: float | None) -> None:
    assert quantities.gigabytes(text) == pytest.approx(gigabytes)


@pytest.mark.parametrize("text", ["", "20kB", "GB", "0GB", "-1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="A size is"):
        quantities.gigabytes(text)


def test_names() -> None:
    assert quantities.names(None) is None
    assert quantities.names("a") == ("a",)
    assert quantities.names(" a , timm:b.c,") == ("a", "timm:b.c")


@pytest.mark.parametrize(
    ("text", "rule"), [("", "at least one"), (",", "at least one"), ("a,b,a", "once")]
)
def test_what_is_no_list_of_names_is_refused(text: str, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        quantities.names(text)
