"""One immutable file of features: which images, their rows, and a checksum for each row.

Shapes: M images in the file, F features. Layout, little-endian:

    magic "ORCFEAT1" | M uint64 | F uint32 | kind uint32 | crc32 of these and of the next two uint32
    indices_M int64, ascending | checksums_M uint32 (crc32 of each row) | rows_MF

A row is kept as bfloat16 where that loses nothing (a body under bf16 autocast gives such features),
else as float32: half the disk, and bit for bit the same numbers. Each row has its own checksum, so
that reading 2,000 of 50,000 images does not have to read the rest (crc32 runs at about 2 GB/s).
"""

from __future__ import annotations

import os
import struct
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MAGIC = b"ORCFEAT1"
_FIELDS = struct.Struct("<8sQII")
_CRC = struct.Struct("<I")
_HEADER_BYTES = _FIELDS.size + _CRC.size
_DTYPES = (np.dtype("<f4"), np.dtype("<u2"))  # by kind: float32, upper half of a float32
_CHUNK_BYTES = 1 << 25
SUFFIX = ".seg"
TEMPORARY = ".tmp"


class BrokenSegment(Exception):
    """The file is not what `write_segment` wrote: drop it and extract its images again."""


@dataclass(frozen=True)
class Segment:
    """An open segment: `indices_M` in memory, the rows memory-mapped.

    Once open, it stays readable when another process unlinks the file (as POSIX has it).
    """

    path: Path
    indices_M: np.ndarray
    features: int
    _checksums_M: np.ndarray
    _rows_MF: np.ndarray

    def read_into(self, out_NF: np.ndarray, out_rows: np.ndarray, rows: np.ndarray) -> None:
        """Copies `rows` of this file to `out_rows` of a float32 array, each checked.

        Raises:
            BrokenSegment: a row does not agree with its checksum.
        """
        step = max(1, _CHUNK_BYTES // max(1, self._rows_MF[:1].nbytes))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            stored = np.ascontiguousarray(self._rows_MF[some])
            for row, expected in zip(stored, self._checksums_M[some].tolist(), strict=True):
                if zlib.crc32(row) != expected:
                    raise BrokenSegment(f"{self.path}: a row does not agree with its checksum")
            out_NF[out_rows[start : start + step]] = _unpack(stored)


def open_segment(path: Path) -> Segment:
    """Checks size and header, and maps the rows.

    Raises:
        BrokenSegment: truncated, too long, or not agreeing with its checksum.
        FileNotFoundError: another process has evicted it.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise BrokenSegment(f"{path}: {size} bytes are too few")
        magic, count, features, kind = _FIELDS.unpack(header[: _FIELDS.size])
        if magic != _MAGIC or kind >= len(_DTYPES) or count == 0 or features == 0:
            raise BrokenSegment(f"{path}: not a segment of features")
        dtype = _DTYPES[kind]
        offset = _HEADER_BYTES + 12 * count
        if size != offset + count * features * dtype.itemsize:
            raise BrokenSegment(f"{path}: {size} bytes are not what its header says")
        table = file.read(12 * count)
        if _CRC.unpack(header[_FIELDS.size :])[0] != zlib.crc32(header[: _FIELDS.size] + table):
            raise BrokenSegment(f"{path}: its header does not agree with its checksum")
        rows_MF = np.memmap(file, dtype, "r", offset, (count, features))
    indices_M = np.frombuffer(table, "<i8", count).astype(np.int64)
    return Segment(
        path, indices_M, features, np.frombuffer(table, "<u4", offset=8 * count), rows_MF
    )


def write_segment(folder: Path, indices_M: np.ndarray, features_MF: np.ndarray) -> Path:
    """Writes a new file: whole under its name after an fsync, or not there at all.

    Args:
        indices_M: ascending, each once.
        features_MF: float32.

    Raises:
        OSError: it cannot be written (full disk, read-only); nothing of it is left.
    """
    kind, stored_MF = _pack(features_MF)
    checksums_M = np.array([zlib.crc32(row) for row in stored_MF], "<u4")
    fields = _FIELDS.pack(_MAGIC, *stored_MF.shape, kind)
    table = indices_M.astype("<i8").tobytes() + checksums_M.tobytes()
    path = folder / f"{indices_M[0]:08d}-{len(indices_M)}-{uuid.uuid4().hex[:12]}{SUFFIX}"
    temporary = path.with_suffix(TEMPORARY)
    try:
        with temporary.open("xb") as file:
            file.write(fields + _CRC.pack(zlib.crc32(fields + table)) + table)
            file.write(stored_MF.data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return path


def _pack(features_MF: np.ndarray) -> tuple[int, np.ndarray]:
    whole_MF = np.ascontiguousarray(features_MF, "<f4")
    bits_MF = whole_MF.view("<u4")
    if not (bits_MF & 0xFFFF).any():
        return 1, (bits_MF >> 16).astype("<u2")
    return 0, whole_MF


def _unpack(stored_MF: np.ndarray) -> np.ndarray:
    if stored_MF.dtype.itemsize == 2:
        return (stored_MF.astype("<u4") << 16).view("<f4")
    return stored_MF


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
