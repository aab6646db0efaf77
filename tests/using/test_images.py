"""Images that people hand in: read as a search reads them, within limits, with a reason if not."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orchestrator.using.images import BadImage, fit_image, read_image
from trainables.data.image_files import decode_file


def _photo(height: int, width: int) -> Image.Image:
    """Smooth, with a grain: what a JPEG is made for."""
    rows, columns = np.mgrid[0:height, 0:width]
    smooth = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], -1)
    grain = np.random.default_rng(0).integers(-8, 8, smooth.shape)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def _bytes(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _grey16() -> Image.Image:
    return Image.fromarray((np.arange(64).reshape(8, 8) * 1000).astype(np.uint16))


IMAGES = {
    "png": _bytes(_photo(37, 51), "PNG"),
    "jpeg": _bytes(_photo(400, 300), "JPEG", quality=90),
    "grey": _bytes(_photo(20, 20).convert("L"), "PNG"),
    "palette": _bytes(_photo(20, 30).convert("P"), "PNG"),
    "alpha": _bytes(_photo(20, 30).convert("RGBA"), "PNG"),
    "cmyk": _bytes(_photo(30, 20).convert("CMYK"), "JPEG"),
    "16 bits": _bytes(_grey16(), "PNG"),
    "turned": _bytes(_photo(40, 30), "JPEG", exif=bytes.fromhex(
        "4578696600004d4d002a000000080001011200030000000100060000000000000000"
    )),
}  # fmt: skip


@pytest.mark.parametrize("size", [8, 32, 64])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_seen_as_a_search_sees_it(name: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(IMAGES[name])
    expected_HWC = decode_file(path, size)
    for data in (path, IMAGES[name]):
        np.testing.assert_array_equal(read_image(data, size=size), expected_HWC)
    whole_HWC = read_image(path)
    assert whole_HWC.dtype == np.uint8 and whole_HWC.shape[2] == 3
    if name != "jpeg":  # a large JPEG is decoded at a fraction, which rounds otherwise
        np.testing.assert_array_equal(fit_image(whole_HWC, size), expected_HWC)


def test_pixels_are_those_of_the_file() -> None:
    pixels_HWC = np.random.default_rng(1).integers(0, 256, (9, 5, 3), dtype=np.uint8)
    png = _bytes(Image.fromarray(pixels_HWC), "PNG")
    np.testing.assert_array_equal(read_image(png), pixels_HWC)
    square_HWC = pixels_HWC[2:7]
    np.testing.assert_array_equal(fit_image(pixels_HWC, 5), square_HWC)
    np.testing.assert_array_equal(fit_image(square_HWC, 5), square_HWC)
    assert read_image(IMAGES["turned"]).shape == (30, 40, 3)


def _bomb(side: int) -> bytes:
    """A PNG of one colour with `side` squared pixels, in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body)
        )  # fmt: skip

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = IMAGES["png"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is text", "neither PNG nor JPEG"),
        (_bytes(_photo(8, 8), "GIF"), "neither PNG nor JPEG"),
        (_bytes(_photo(8, 8), "TIFF"), "neither PNG nor JPEG"),
        (PNG[: len(PNG) // 2], "cut short"),
        (IMAGES["jpeg"][:2000], "cut short"),
        (PNG[:30] + b"\0" * 200, "damaged|cut short|neither"),
        (PNG[:60] + b"\xff" * 8 + PNG[68:], "damaged|cut short"),
        (_bomb(10_000), "10000 x 10000 pixels are more than 64,000,000"),
        (_bomb(20_000), "more than 64,000,000"),
        (bytes(100_000_001), "more than 100,000,000 bytes"),
    ],
)
def test_what_is_refused_and_why_within_a_second(data: bytes, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadImage, match=reason) as refused:
        read_image(data)
    assert time.monotonic() - began < 1
    assert refused.value.reason in str(refused.value)


def test_limits_can_be_narrower_and_paths_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="51 x 37 pixels are more than 1,000"):
        read_image(PNG, max_pixels=1000)
    with pytest.raises(BadImage, match="more than 100 bytes"):
        read_image(PNG, max_bytes=100)
    with pytest.raises(BadImage, match="No such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(BadImage, match="Is a directory"):
        read_image(tmp_path)
