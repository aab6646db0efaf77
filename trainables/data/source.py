"""What a data source is: something that says cheaply what it would store, and makes it on demand.

A source of one's own is one object with these three members, registered under the entry-point group
`orchestrator.data_sources`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from search_spaces.errors import UsageError

Tell = Callable[[str], None]


def silent(_message: str) -> None:
    """Where nobody asked to be told."""


class RouteFailed(Exception):
    """One way to get the data does not work here; `str()` says why. The next way is tried."""


@dataclass(frozen=True)
class DataRequest:
    """What a person asked for: `--data NAME:ARGUMENT --data-dir … --image-size …`."""

    name: str
    argument: str = ""
    data_dir: Path | None = None
    image_size: int | None = None

    def refuse(self, *, argument: bool = False, data_dir: bool = False, size: int = 0) -> None:
        """Refuse the options that a source has no use for, rather than ignore them.

        Args:
            argument: refuse `NAME:ARGUMENT`.
            data_dir: refuse `--data-dir`.
            size: the one image size there is; refuse any other. 0 leaves the size alone.

        Raises:
            UsageError: an option without a meaning here was given.
        """
        if argument and self.argument:
            raise UsageError(
                f"Data source {self.name!r} takes nothing after a colon.", got=self.argument
            )
        if data_dir and self.data_dir is not None:
            raise UsageError(
                f"Data source {self.name!r} takes no data folder.", got=str(self.data_dir)
            )
        if size and self.image_size not in (None, size):
            raise UsageError(
                f"Data source {self.name!r} is stored at {size} pixels a side only.",
                got=self.image_size,
                hint="An image size can be chosen for folder:PATH.",
            )


@dataclass(frozen=True)
class Identity:
    """What would be stored, known before anything is read or fetched.

    Args:
        name: the full name, as in `ImageData.name`.
        slug: the store's folder name: equal for equal content as far as can be told cheaply.
        family: stored data whose slug begins so is outdated by this one ("" for none).
        digest: the 16 hex digits the data must have, where they are known beforehand.
    """

    name: str
    slug: str
    family: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Decoded:
    """What a source made: uint8 images [N,H,W,3] and integer labels [N], train and test."""

    classes: tuple[str, ...]
    images_NHWC: np.ndarray
    labels_N: np.ndarray
    test_images_NHWC: np.ndarray
    test_labels_N: np.ndarray
    route: str  # how it was had, for people


class DataSource(Protocol):
    """A kind of data; stateless. `load` calls `identify` always, `make` when nothing is stored."""

    description: str

    def identify(self, request: DataRequest) -> Identity:
        """What `request` names, in milliseconds and without the network.

        Raises:
            UsageError: the request makes no sense for this source.
        """
        ...

    def make(self, request: DataRequest, scratch: Path, tell: Tell) -> Decoded:
        """Fetch and decode; `scratch` is a folder of its own that is removed afterwards.

        Raises:
            UsageError: what was asked for is not as it must be.
            UnavailableError: no route to the data works here.
        """
        ...
