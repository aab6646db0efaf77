"""`load` and `fetch`: from a name to an `ImageData`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from search_spaces.errors import UnknownNameError
from search_spaces.registry import Registry
from trainables.data import store
from trainables.data.arrays import Stored
from trainables.data.source import DataRequest, DataSource, Identity, Tell, silent
from trainables.data.value import ImageData

SOURCES: Registry[DataSource] = Registry(
    "data source",
    {
        "cifar10": "trainables.data.cifar10:SOURCE",
        "cifar100": "trainables.data.cifar100:SOURCE",
        "digits": "trainables.data.digits:SOURCE",
        "fashion_mnist": "trainables.data.fashion_mnist:SOURCE",
        "stl10": "trainables.data.stl10:SOURCE",
        "svhn": "trainables.data.svhn:SOURCE",
        "folder": "trainables.data.folder:SOURCE",
    },
    group="orchestrator.data_sources",
)


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    image_size: int | None = None,
    progress: Tell | None = None,
) -> ImageData:
    """The data called `name`; fetched and stored at the first time, memory-mapped from then on.

    Args:
        name: a registered source, or `folder:PATH`.
        data_dir: a folder that already holds the data (not for `digits` and `folder`).
        image_size: pixels a side at which `folder:PATH` is stored.
        progress: is told, in words, what takes a while.

    Raises:
        UnknownNameError: no such source.
        UsageError: the request makes no sense, or its folder is not as it must be.
        UnavailableError: no route to the data works, or the store cannot be written.
    """
    source, request, identity = _resolve(name, data_dir, image_size)
    stored = store.find(identity)
    if stored is None:
        stored = _make(source, request, identity, progress, verify=False)
    return stored.data()


def fetch(
    name: str,
    *,
    data_dir: Path | None = None,
    image_size: int | None = None,
    progress: Tell | None = None,
) -> ImageData:
    """As `load`, and what is stored already is read through and held to its digest.

    Raises:
        as `load`.
    """
    source, request, identity = _resolve(name, data_dir, image_size)
    return _make(source, request, identity, progress, verify=True).data()


def _resolve(
    name: str, data_dir: Path | None, image_size: int | None
) -> tuple[DataSource, DataRequest, Identity]:
    source_name, _, argument = name.partition(":")
    if source_name not in SOURCES and Path(name).expanduser().is_dir():
        hint = f"A folder of images is folder:{name}."
        raise UnknownNameError(SOURCES.kind, name, SOURCES, hint=hint)
    source = SOURCES.get(source_name)
    request = DataRequest(source_name, argument, data_dir, image_size)
    return source, request, source.identify(request)


def _make(
    source: DataSource,
    request: DataRequest,
    identity: Identity,
    progress: Tell | None,
    *,
    verify: bool,
) -> Stored:
    tell = progress or silent
    return store.make(identity, partial(source.make, request, tell=tell), tell, verify=verify)
