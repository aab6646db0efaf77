"""A pt2 file, taken apart and put together again from what is known to be harmless.

`torch.export.load` unpickles several parts of such a file with `weights_only=False` and loads
compiled libraries from it (torch 2.14, `torch/export/pt2_archive/_package.py`). So torch is given a
copy that holds raw tensors and a graph that was looked at, and nothing else. The file is a zip
archive that torch writes without compression: a packed part, which could unfold to any size, is
refused before it is read.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import IO, Any

from orchestrator.using.pt2_graph import check_strings, clean_graph
from orchestrator.using.refusal import RefusedModel

_GRAPH = "models/model.json"
_SAMPLES = "data/sample_inputs/model.pt"  # a pickle that nothing needs
_CONFIGS = {
    "data/weights/model_weights_config.json": re.compile(r"weight_\d+"),
    "data/constants/model_constants_config.json": re.compile(r"tensor_\d+"),
}
_TENSORS = re.compile(r"data/(weights/weight|constants/tensor)_\d+")
_SHORT = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/version|\.data/serialization_id"
    r"|\.format_version|\.storage_alignment"
)
_SHORT_TEXT = re.compile(rb"[A-Za-z0-9._-]{1,64}\n?")
_MOST_GRAPH_BYTES = 200_000_000  # densenet161 has some 5 MB


def clean_archive(path: Path, where: str) -> IO[bytes]:
    """What torch may load of the file at `path`, in memory.

    Args:
        where: how the model is called in a refusal.

    Raises:
        RefusedModel: it is damaged, or has anything in it that could run.
    """
    clean = io.BytesIO()
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as held, zipfile.ZipFile(clean, "w") as out:
            infos = _checked(held, size, where)
            root = _root(infos, where)
            for info in infos:
                name = info.filename.removeprefix(f"{root}/")
                content = _checked_part(name, held, info, where)
                if content is not None:
                    out.writestr(info.filename, content)
            if f"{root}/{_SAMPLES}" in held.namelist():
                out.writestr(f"{root}/{_SAMPLES}", b"")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise RefusedModel(where, f"its pt2 file is damaged: {error}") from None
    clean.seek(0)
    return clean


def _checked(held: zipfile.ZipFile, size: int, where: str) -> list[zipfile.ZipInfo]:
    """The parts, none of them packed, hidden behind another, or larger than the file."""
    infos = held.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise RefusedModel(where, "its pt2 file has two parts of one name")
    packed = [i.filename for i in infos if i.compress_type != zipfile.ZIP_STORED]
    if packed or sum(info.file_size for info in infos) > size:
        reason = "its pt2 file is packed, as torch's own never are (it may unfold to any size)"
        raise RefusedModel(where, reason)
    return infos


def _root(infos: list[zipfile.ZipInfo], where: str) -> str:
    roots = {info.filename.partition("/")[0] for info in infos}
    if len(roots) != 1 or not re.fullmatch(r"[A-Za-z0-9_-]+", root := next(iter(roots))):
        raise RefusedModel(where, "its pt2 file is not laid out as torch lays it out")
    return root


def _checked_part(
    name: str, held: zipfile.ZipFile, info: zipfile.ZipInfo, where: str
) -> bytes | None:
    """The bytes that torch may see of a part; None for what is left out."""
    if name == _SAMPLES:
        return None
    if name == _GRAPH:
        if info.file_size > _MOST_GRAPH_BYTES:
            raise RefusedModel(where, f"its graph has {info.file_size:,} bytes")
        return clean_graph(held.read(info), where)
    if name in _CONFIGS:
        return _checked_config(held.read(info), _CONFIGS[name], name, where)
    if _TENSORS.fullmatch(name):
        return held.read(info)
    if _SHORT.fullmatch(name) and info.file_size <= 65:
        content = held.read(info)
        if _SHORT_TEXT.fullmatch(content) or not content:
            return content
    raise RefusedModel(where, f"its pt2 file has a part that no classifier needs: {name[:80]!r}")


def _checked_config(content: bytes, names: re.Pattern[str], part: str, where: str) -> bytes:
    """Tensors must lie there as raw numbers under names of their own."""
    try:
        entries: dict[str, Any] = json.loads(content)["config"]
        check_strings(entries, where)
        for name, entry in entries.items():
            if entry["use_pickle"] is not False:
                raise RefusedModel(where, f"{name[:80]!r} in it is a pickle, which could run code")
            if not names.fullmatch(entry["path_name"]):
                raise RefusedModel(where, f"{part} names a part {entry['path_name'][:80]!r}")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RefusedModel(where, f"{part} cannot be read: {str(error)[:200]}") from None
    return content
