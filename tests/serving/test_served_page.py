"""The page at `/` in a real browser: files chosen and dropped, answers, refusals, small windows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from chromium_pipe import Page, opened
from colour_model import GREEN, RED, picture
from running_server import Running

pytestmark = pytest.mark.needs("chromium")
_ANSWERS = """[...document.querySelectorAll('.answer')].map((answer) => ({
    label: answer.querySelector('h2').textContent,
    words: answer.querySelector('p').textContent,
    classes: [...answer.querySelectorAll('dt')].map((each) => each.textContent),
    shares: [...answer.querySelectorAll('.share')].map((each) => each.textContent),
    bars: [...answer.querySelectorAll('.track')].map((track) =>
        track.firstChild.getBoundingClientRect().width / track.getBoundingClientRect().width),
    drawn: answer.querySelector('img').complete && answer.querySelector('img').naturalWidth > 0,
}))"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A green, a purple and a red image, and one that is none."""
    contents = {
        "green.png": picture(GREEN, 64, 48), "purple.png": picture((140, 0, 180), 300, 300),
        "red.png": picture(RED), "<b>no image.png": b"nothing",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


def answers(page: Page, count: int) -> list[dict[str, Any]]:
    """What the page shows, once it shows so many."""
    page.wait_for(f"document.querySelectorAll('.answer').length === {count}")
    page.wait_for("[...document.images].every((image) => image.complete)")
    return list(page.evaluate(_ANSWERS))


def test_images_are_chosen_and_dropped_and_answered(
    server: Running, files: list[Path], tmp_path: Path
) -> None:
    with opened(f"{server.url}/", tmp_path) as page:
        page.wait_for("document.getElementById('model').textContent === 'colours-10'")
        page.choose_files("#choose", files[:1])
        (green,) = answers(page, 1)
        assert green["label"] == "green" and green["drawn"]
        assert green["classes"][0] == "green" and set(green["classes"][1:]) == {"red", "blue"}
        assert green["shares"] == ["100.0 %", "0.0 %", "0.0 %"]
        assert green["bars"] == pytest.approx([1, 0, 0], abs=0.01)
        assert "green.png" in green["words"] and "colours-10" in green["words"]
        page.drop_files(200, 200, files[:3])
        shown = answers(page, 3)
        assert [each["label"] for each in shown] == ["green", "blue", "red"]
        # 180 and 140 of 255, times 10: a share of 1 / (1 + e^-1.57) for blue
        assert shown[1]["shares"] == ["82.7 %", "17.2 %", "0.1 %"]
        assert shown[1]["bars"] == pytest.approx([0.827, 0.172, 0.001], abs=0.02)
        _is_well_made(page)
        _pictures(page)


def test_a_refusal_is_shown_in_its_words_and_as_text(
    server: Running, files: list[Path], tmp_path: Path
) -> None:
    with opened(f"{server.url}/", tmp_path) as page:
        page.choose_files("#choose", files[3:])
        problem = page.wait_for("document.getElementById('problem').textContent")
        assert "neither PNG nor JPEG" in problem and "<b>no image.png" in problem
        assert page.evaluate("document.querySelectorAll('#problem *').length") == 0
        page.choose_files("#choose", files[2:3])
        answers(page, 1)
        assert page.evaluate("document.getElementById('problem').textContent") == ""


def test_the_policy_lets_nothing_else_run(server: Running, tmp_path: Path) -> None:
    with opened(f"{server.url}/", tmp_path) as page:
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'window.ran = true'}))"
        )
        assert page.evaluate("window.ran === undefined")
        found = page.call(
            "Runtime.evaluate",
            expression="fetch('http://127.0.0.1:9/').then(() => 'sent', (e) => e.message)",
            awaitPromise=True, returnByValue=True,
        )  # fmt: skip
        assert "fetch" in found["result"]["value"]
        blocked = [event for event in page.events if "Content Security Policy" in str(event)]
        assert len(blocked) >= 2


def _is_well_made(page: Page) -> None:
    """Nothing was asked for elsewhere, nothing complained of, nothing wider than a phone."""
    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    origin = page.evaluate("location.origin")
    assert asked
    for url in asked:
        assert url.startswith((origin, f"blob:{origin}", "data:,", "about:")), url
    kinds = ("Runtime.exceptionThrown", "Log.entryAdded")
    complaints = [event for event in page.events if event.get("method") in kinds]
    assert complaints == []
    for width in (1280, 360):
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=800, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        lines = "[...document.querySelectorAll('.share')].map((each) => each.scrollHeight)"
        assert max(page.evaluate(lines)) < 30, "a share takes two lines"


def _pictures(page: Page) -> None:
    """Screenshots for a person, where `ORCHESTRATOR_TEST_PICTURES` names a folder."""
    folder = os.environ.get("ORCHESTRATOR_TEST_PICTURES")
    if folder:
        page.picture(Path(folder) / "page-desktop.png", 1280, 1000)
        page.picture(Path(folder) / "page-phone.png", 360, 800)
