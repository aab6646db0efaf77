"""A data source that torchvision downloads, checks and reads: one description a data set.

torchvision works in a process of its own (`torchvision_reading.py`) and leaves arrays; stored,
memory-mapped and digested they are as any other data. Shapes: N images, S pixels a side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from search_spaces.errors import UnavailableError, UsageError
from trainables.data.downloading import ASK_SECONDS, SOCKET_SECONDS, run_python, unreachable
from trainables.data.source import DataRequest, Decoded, Identity, RouteFailed, Tell
from trainables.home import home

# Hours for the largest, 2.6 GB; a connection that hangs is given up after SOCKET_SECONDS.
_READ_SECONDS, _DOWNLOAD_SECONDS = 1800, 6 * 3600
_CODE = f"""
import socket
socket.setdefaulttimeout({SOCKET_SECONDS})
from trainables.data.torchvision_reading import main
main()
"""
_ARRAYS = ("images", "labels", "test_images", "test_labels")
Layout = Literal["NHWC", "NCHW", "NHW"]


@dataclass(frozen=True)
class TorchvisionSet:
    """One data set of torchvision as a source; `--data-dir` names a folder that already holds it.

    Args:
        name: the source's name.
        title: the data set's name, for people.
        description: a line for `orchestrator data list`.
        dataset: torchvision's class, as "module:attribute".
        train, test: its arguments for the two official splits.
        layout: how its `data` lies in memory; NHW is grey, and is stored as three equal channels.
        labels: the attribute that holds its labels.
        classes: class names; () for those that torchvision's class has.
        size: pixels a side.
        counts: published images of the training and of the test split, 0 for any number.
        files: what torchvision looks for under its root folder.
        url: what is asked first whether the host answers.
        download: what is downloaded, for people ("169 MB").
    """

    name: str
    title: str
    description: str
    dataset: str
    train: dict[str, bool | str]
    test: dict[str, bool | str]
    layout: Layout
    labels: str
    classes: tuple[str, ...]
    size: int
    counts: tuple[int, int]
    files: tuple[str, ...]
    url: str
    download: str

    def identify(self, request: DataRequest) -> Identity:
        """Always the same data, wherever it comes from."""
        request.refuse(argument=True, size=self.size)
        return Identity(self.name, self.name)

    def make(self, request: DataRequest, scratch: Path, tell: Tell) -> Decoded:
        """Read it where it lies, else download it.

        Raises:
            UsageError: the folder that was asked for does not hold it.
            UnavailableError: no route works; says of each one why.
        """
        if request.data_dir is not None:
            return self._read_given(request.data_dir, scratch)
        tried = []
        for route, read in self._routes(scratch, tell):
            try:
                return read(route)
            except RouteFailed as failure:
                tried.append((route, str(failure)))
        raise UnavailableError(self.title, tried, hint=self._hint)

    @property
    def _hint(self) -> str:
        return (
            "Use --data digits, which needs no network, --data folder:PATH for images of your own, "
            "or --data-dir with a folder that holds it as torchvision leaves it: "
            f"{', '.join(self.files)}."
        )

    def _routes(self, scratch: Path, tell: Tell) -> Iterator[tuple[str, Callable[[str], Decoded]]]:
        for root in (home() / "data", Path("data").absolute()):
            yield f"folder {root}", partial(self._read, root, scratch)
        yield "torchvision's download", partial(self._download, scratch, tell)

    def _read_given(self, data_dir: Path, scratch: Path) -> Decoded:
        root = data_dir.expanduser().absolute()
        first = Path(self.files[0]).parts[0]
        if len(Path(self.files[0]).parts) > 1 and root.name == first:
            root = root.parent  # the inner folder was named
        try:
            return self._read(root, scratch, f"folder {root}")
        except RouteFailed as failure:
            raise UsageError(
                f"The data folder must hold {self.title} as torchvision leaves it: {failure}.",
                got=str(data_dir),
            ) from None

    def _read(self, root: Path, scratch: Path, route: str) -> Decoded:
        missing = [name for name in self.files if not (root / name).is_file()]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise RouteFailed(f"{missing[0]} is missing{more}")
        return self._converted(root, scratch, route, _READ_SECONDS)

    def _download(self, scratch: Path, tell: Tell, route: str) -> Decoded:
        if reason := unreachable(self.url, ASK_SECONDS):
            raise RouteFailed(reason)
        tell(f"downloading {self.title} with torchvision ({self.download})")
        return self._converted(scratch, scratch, route, _DOWNLOAD_SECONDS)

    def _converted(self, root: Path, scratch: Path, route: str, seconds: float) -> Decoded:
        fetch = root == scratch
        what = "the download" if fetch else "torchvision's reading"
        task = json.dumps(self.task(root, scratch, fetch=fetch))
        run_python(_CODE, [task], what, seconds)
        return self.collect(scratch, route)

    def task(self, root: Path, out: Path, *, fetch: bool) -> dict[str, Any]:
        """What `torchvision_reading.convert` is to do; with `fetch` it downloads first."""
        return {**asdict(self), "root": str(root), "out": str(out), "fetch": fetch}

    def collect(self, out: Path, route: str) -> Decoded:
        """What `convert` left in `out`, memory-mapped, and held to what was published.

        Raises:
            RouteFailed: other sizes, counts or labels.
        """
        paths = [out / f"{name}.npy" for name in _ARRAYS]
        arrays = [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
        classes = tuple(json.loads((out / "classes.json").read_text(encoding="utf-8")))
        images, labels, test_images, test_labels = arrays
        return self._held(Decoded(classes, images, labels, test_images, test_labels, route))

    def _held(self, decoded: Decoded) -> Decoded:
        """`decoded`, if sizes and labels are as published; torchvision has looked at MD5s only."""
        parts = (
            ("training", decoded.images_NHWC, decoded.labels_N, self.counts[0]),
            ("test", decoded.test_images_NHWC, decoded.test_labels_N, self.counts[1]),
        )
        for split, images_NHWC, labels_N, count in parts:
            wanted = (count or len(labels_N), self.size, self.size, 3)
            if images_NHWC.shape != wanted or len(labels_N) != wanted[0]:
                raise RouteFailed(
                    f"its {split} images are {list(images_NHWC.shape)} with {len(labels_N)} "
                    f"labels, not {list(wanted)}"
                )
            if len(labels_N) and not 0 <= labels_N.min() <= labels_N.max() < len(decoded.classes):
                raise RouteFailed(f"its {split} labels are not 0 to {len(decoded.classes) - 1}")
        return decoded
