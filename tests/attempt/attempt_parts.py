"""How the tests of an attempt make and run one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.run.attempt import Attempt
from orchestrator.study.messages import Assignment, Message


def assign(folder: Path, function: str, config: dict[str, Any], **more: Any) -> Assignment:
    """An attempt at `strangers:function`."""
    place = function if ":" in function else f"strangers:{function}"
    return Assignment(0, "a trial", config, str(folder), place, **more)


def run(assignment: Assignment, **more: Any) -> list[Message]:
    """All messages of an attempt; a checkpoint an epoch."""
    return list(Attempt(assignment, checkpoint_seconds=0, **more))


def run_until(
    assignment: Assignment, ends: Callable[[Message], bool], **close: Any
) -> list[Message]:
    """Messages up to the one at which it is closed."""
    attempt = Attempt(assignment, checkpoint_seconds=0)
    heard = []
    for message in attempt:
        heard.append(message)
        if ends(message):
            break
    attempt.close(**close)
    return heard


def at_epoch(epoch: int) -> Callable[[Message], bool]:
    """Whether a message is the report of `epoch`."""
    return lambda message: message.kind == "epoch" and message.epoch == epoch


def steps(messages: list[Message]) -> list[int]:
    """The epochs in the order in which they were told."""
    return [message.epoch for message in messages if message.kind == "epoch"]


def final(messages: list[Message]) -> dict[str, float]:
    """The figures of the last message, which is the only `final` one."""
    assert [message.kind for message in messages].count("final") == 1
    assert messages[-1].kind == "final"
    return dict(messages[-1].metrics)
