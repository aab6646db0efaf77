"""Reads the images that people hand in, within limits, and shows them to a model as it knows them.

Shapes: H W pixels, S pixels a side.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from search_spaces.errors import UsageError
from trainables.data.image_files import LARGEST_PIXELS, to_rgb

MAX_PIXELS = LARGEST_PIXELS
"""Decoded, 64 megapixels are 192 MB. What a search reads has the same limit."""
MAX_BYTES = 100_000_000
FORMATS = ("PNG", "JPEG")


class BadImage(UsageError):
    """What was handed in is no image that can be answered; `reason` says why, as a clause."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        rule = "An image is a whole PNG or JPEG file within limits; this one is not"
        super().__init__(f"{rule}: {reason}.")


def read_image(
    data: bytes | Path,
    *,
    size: int | None = None,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
) -> np.ndarray:
    """One image as uint8 [H, W, 3]; upright, without transparency.

    Args:
        data: the bytes of a file, or its path.
        size: pixels a side to bring it to, as `decode_file` does for a search: the middle square.
            A large JPEG is then decoded at a fraction of its size.

    Raises:
        BadImage: not a PNG or JPEG, damaged, cut short, or above a limit.
    """
    content = _content(data, max_bytes)
    try:
        with warnings.catch_warnings():
            # Pillow warns of a bomb from 89 megapixels on; the limit here is the lower one.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        with image:
            width, height = image.size
            if width * height > max_pixels:
                raise BadImage(f"{width} x {height} pixels are more than {max_pixels:,}")
            if size is not None:
                image.draft("RGB", (2 * size, 2 * size))
            upright = to_rgb(ImageOps.exif_transpose(image))
            return np.asarray(upright if size is None else _square(upright, size))
    except BadImage:
        raise
    except Exception as error:  # a damaged file can raise anything (struct.error, SyntaxError)
        raise BadImage(_why(error)) from None


def fit_image(image_HWC: np.ndarray, size: int) -> np.ndarray:
    """The middle square of a uint8 image, resized to [S, S, 3] as the data of a search is."""
    if image_HWC.shape[:2] == (size, size):
        return image_HWC
    return np.asarray(_square(Image.fromarray(image_HWC), size))


def _content(data: bytes | Path, max_bytes: int) -> bytes:
    if isinstance(data, Path):
        try:
            with data.open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as error:
            raise BadImage(error.strerror or str(error)) from None
    if len(data) > max_bytes:
        raise BadImage(f"it has more than {max_bytes:,} bytes")
    if not data:
        raise BadImage("it is empty")
    return data


def _square(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image, (size, size), method=Image.Resampling.BICUBIC)


def _why(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "it is neither PNG nor JPEG"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {MAX_PIXELS:,} pixels"
    if "truncated" in str(error).lower():
        return "it is cut short"
    lines = str(error).splitlines() or [type(error).__name__]
    return f"it is damaged ({lines[0][:100]})"
