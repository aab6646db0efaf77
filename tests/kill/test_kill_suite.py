"""Searches of real trials under SIGKILL: what they leave is what an uninterrupted one leaves.

`make test-all` runs 20, five for each victim, and prints what each kill cost; `make test` a few
short ones, without the clock. ORCHESTRATOR_KILL_SEED gives other moments.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from accounting import make_bill
from auditing import assert_clean, audit, read_story
from victims import VICTIMS, Blow, Scene, Victim, trial_workers

TRIALS = 12
LIKE = ("--trials", str(TRIALS))
ROUNDS = 5
SEED = int(os.environ.get("ORCHESTRATOR_KILL_SEED", "0"))


def strike_at(scene: Scene, victim: Victim, moment: float) -> Blow | None:
    """Kill `moment` seconds after the search's start, and do what is needed to go on."""
    scene.search.start()
    time.sleep(moment)
    blow = victim.strike(scene)
    if victim.resumes and blow is not None:
        scene.search.resume()
    scene.search.wait()
    return blow


def complaints(scene: Scene, *, agents: bool = True) -> list[str]:
    """All that is wrong once it is over; Ray's agents take a minute to leave."""
    if scene.server is not None:  # what came too late for the search to send
        scene.search.run("sync", scene.search.study).wait()
    found = audit(scene.search.folder, scene.search.study)
    found += scene.search.strays(agents=agents)
    return found + (trial_workers(scene.nodes) if scene.nodes else [])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("name", VICTIMS)
def test_a_search_comes_through(name: str, number: int, stage, uninterrupted, report):
    victim = VICTIMS[name]
    plain = uninterrupted(victim, *LIKE)
    draw = random.Random(f"{SEED} {name} {number}")
    begin, end = (0.0, plain.life) if victim.whole_life else (plain.first, plain.first + plain.wall)
    moment = draw.uniform(begin, begin + 0.95 * (end - begin))
    scene = stage(victim, *LIKE, seed=draw.randrange(1000))
    blow = strike_at(scene, victim, moment)
    assert blow is not None, f"the search was over before {moment:.1f} s"
    story = read_story(scene.search.folder, scene.search.study)
    bill = make_bill(story, plain.wall, plain.trial, blow.at, victim.slots)
    report(f"{name} {number} (seed {SEED}): {blow.whom}, killed after {moment:.2f} s")
    report(f"  {bill} (load {os.getloadavg()[0]:.1f})")
    assert_clean(complaints(scene))
    assert bill.is_fair, str(bill)


SHORT = [
    ("driver", 0.5),
    pytest.param("worker", 0.5, marks=pytest.mark.slow),
    pytest.param("server", 0.3, marks=pytest.mark.slow),
]
"""Victim, and when: as a share of the few seconds that four trials take."""


@pytest.mark.parametrize(("name", "share"), SHORT)
def test_a_short_search_comes_through(name: str, share: float, stage, monkeypatch):
    monkeypatch.setattr("victims.AWAY_SECONDS", 4.0)
    victim = VICTIMS[name]
    scene = stage(victim, "--trials", "4")
    scene.search.start()
    first = scene.search.trials_folder / "00001"
    until = time.monotonic() + 60
    while not first.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(share * 3.0)
    assert victim.strike(scene) is not None
    if victim.resumes:
        scene.search.resume()
    scene.search.wait()
    assert_clean(complaints(scene, agents=False))
