"""Decodes image files to squares of one size.

The shorter side is resized to the stored size and the middle cut out, so that nothing is distorted.
Shapes: N images, S pixels a side.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from search_spaces.errors import UsageError
from trainables.data.source import Tell

# Decoded, 64 megapixels are 192 MB a thread. Larger ones are refused before they are decoded: a PNG
# of 100 megapixels of one colour has 0.3 MB.
LARGEST_PIXELS = 64_000_000
_NAMED = 10  # unreadable files named in an error
_CHUNK = 1000  # files between two words of progress


class UnreadableFiles(UsageError):
    """Files that cannot be decoded; names the first 10 and says how many they are.

    Args:
        broken: each file and why; `orchestrator data check` names all of them.
        total: files in all.
    """

    def __init__(self, broken: Sequence[tuple[Path, str]], total: int) -> None:
        self.broken = tuple(broken)
        lines = [f"\n  - {path}: {reason}" for path, reason in broken[:_NAMED]]
        if len(broken) > _NAMED:
            lines.append(f"\n  - and {len(broken) - _NAMED} more")
        super().__init__(
            f"Every image file must be a readable PNG or JPEG; {len(broken)} of {total} are not:"
            + "".join(lines),
            hint="\nRepair them, or take them out of the folder.",
        )


def decode_files(files: Sequence[Path], size: int, store: Path, tell: Tell) -> np.ndarray:
    """All `files` as uint8 [N,S,S,3], in a file at `store`: memory does not bound them.

    Raises:
        UnreadableFiles: files that cannot be decoded.
    """
    broken: list[tuple[Path, str]] = []
    # Written, not mapped: a full disk is an error of write(), but the end of who writes to a map.
    with store.open("wb") as out, ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), _CHUNK):
            if start:
                tell(f"decoded {start} of {len(files)} images")
            part = files[start : start + _CHUNK]
            decoded = pool.map(_try_decode, part, [size] * len(part))
            for path, image in zip(part, decoded, strict=True):
                if isinstance(image, str):
                    broken.append((path, image))
                else:
                    out.write(image.tobytes())
    if broken:
        raise UnreadableFiles(broken, len(files))
    return np.memmap(store, dtype=np.uint8, mode="r", shape=(len(files), size, size, 3))


def decode_file(path: Path, size: int) -> np.ndarray:
    """One image as uint8 [S,S,3].

    Raises:
        ValueError: it has more than 64 megapixels.
        OSError: it is damaged, or neither PNG nor JPEG; Pillow raises others for odd damage.
    """
    with warnings.catch_warnings():
        # Pillow warns of a bomb from 89 megapixels on; the limit here is the lower one.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image: Image.Image = Image.open(path, formats=("PNG", "JPEG"))
    with image:
        width, height = image.size
        if width * height > LARGEST_PIXELS:
            raise ValueError(f"{width} x {height} pixels are more than {LARGEST_PIXELS:,}")
        # A JPEG can be decoded at a fraction of its size; twice the wanted one loses nothing that
        # shows.
        image.draft("RGB", (2 * size, 2 * size))
        upright = ImageOps.exif_transpose(image)
        square = ImageOps.fit(to_rgb(upright), (size, size), method=Image.Resampling.BICUBIC)
        return np.asarray(square)


def to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would clip at 255
        return Image.fromarray((np.asarray(image, dtype=np.int64) // 257).astype(np.uint8)).convert(
            "RGB"
        )
    return image.convert("RGB")


def _try_decode(path: Path, size: int) -> np.ndarray | str:
    try:
        return decode_file(path, size)
    except Exception as error:  # a damaged file can raise anything (struct.error, SyntaxError)
        # Pillow repeats the path in its own message; the list gives it once.
        return str(error).replace(f" {str(path)!r}", "") or type(error).__name__
