"""What `/predict` takes: one image as the body, or several in a form; and what it answers.

Shapes: H W C an image of C = 3 channels, N images, K classes.
"""

from __future__ import annotations

import asyncio
import io
import warnings
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from orchestrator.serving.batcher import Batcher
from orchestrator.serving.bodies import PURSE
from orchestrator.serving.budget import Purse
from orchestrator.serving.refusing import Refused
from orchestrator.serving.served_model import ServedModel
from orchestrator.using.images import FORMATS, MAX_PIXELS, BadImage, read_image

MAX_FILES = 64
# Two at a time: an image of 64 megapixels takes 250 MB while it is decoded.
_DECODING = ThreadPoolExecutor(2, thread_name_prefix="decode")
_AS_BODY = ("application/octet-stream",)
_FORM = "multipart/form-data"
_HOW = "send PNG or JPEG as image/png, image/jpeg, or as files of multipart/form-data"


@dataclass(frozen=True, eq=False)
class Image:
    """One image of a request.

    Args:
        pixels_HWC: uint8.
        file: name that the client gave it; None for a body.
    """

    pixels_HWC: np.ndarray
    file: str | None = None


async def read_images(request: Request, size: int | None) -> list[Image]:
    """All images of a request, decoded outside the event loop.

    Args:
        size: pixels a side to bring them to, as the model knows them; None for as they are.

    Raises:
        Refused: 400, 413, 415, or 503 where the server holds as much as it may.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        named = await _files(request)
    elif kind.startswith("image/") or kind in _AS_BODY:
        named = [(None, await request.body())]
    else:
        raise Refused(415, f"The content type must be that of an image; {_HOW}.")
    loop, purse = asyncio.get_running_loop(), request.scope[PURSE]
    return await loop.run_in_executor(_DECODING, _decode, named, size, purse)


async def answers(
    images: Sequence[Image], batcher: Batcher, model: ServedModel
) -> list[dict[str, Any]]:
    """One object an image, in their order; those of one size go through the net together."""
    sizes: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, image in enumerate(images):
        sizes[image.pixels_HWC.shape].append(place)
    found: dict[int, np.ndarray] = {}
    for places in sizes.values():
        images_NHWC = np.stack([images[place].pixels_HWC for place in places])
        probabilities_NK = await batcher.predict(images_NHWC, model)
        found |= dict(zip(places, probabilities_NK, strict=True))
    classes = model.classifier.classes
    return [_answer(image.file, classes, found[place]) for place, image in enumerate(images)]


def _answer(file: str | None, classes: tuple[str, ...], chances_K: np.ndarray) -> dict[str, Any]:
    best = int(chances_K.argmax())
    # Six places: float32 has no more than that to say.
    rounded = [round(float(chance), 6) for chance in chances_K]
    return {
        "file": file,
        "label": classes[best],
        "probability": rounded[best],
        "probabilities": dict(zip(classes, rounded, strict=True)),
    }


async def _files(request: Request) -> list[tuple[str | None, bytes]]:
    """Name and content of each file of a form."""
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=MAX_FILES)
    except HTTPException as error:
        raise Refused(400, f"The form cannot be read: {error.detail}") from None
    try:
        parts = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        if not parts:
            rule = "A form must have at least one file: curl -F file=@cat.png"
            raise Refused(400, rule)
        return [(part.filename or "", await part.read()) for part in parts]
    finally:
        await form.close()


def _decode(named: list[tuple[str | None, bytes]], size: int | None, purse: Purse) -> list[Image]:
    pixels = sum(_announced_pixels(data) for _, data in named)
    if pixels > MAX_PIXELS:
        rule = f"The images of a request must not have more than {MAX_PIXELS:,} pixels in all."
        raise Refused(413, f"{rule} Got: {pixels:,}.")
    images = []
    for name, data in named:
        image = Image(_read(name, data, size), name)
        purse.take(image.pixels_HWC.nbytes)
        images.append(image)
    return images


def _announced_pixels(data: bytes) -> int:
    """By the head of the file; nothing is decoded. 0 for what is no image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return image.width * image.height
    except PIL.Image.DecompressionBombError:
        return MAX_PIXELS + 1
    except Exception:  # Pillow raises many kinds; `read_image` says which
        return 0


def _read(name: str | None, data: bytes, size: int | None) -> np.ndarray:
    """uint8 pixels_HWC.

    Raises:
        Refused: 400, it is no image that can be read.
    """
    which = "" if name is None else f"{name[:80]!r}: "
    if not data:
        raise Refused(400, f"{which}There are no bytes; {_HOW}.")
    try:
        return read_image(data, size=size)
    except BadImage as error:
        raise Refused(400, f"{which}{error}") from None
