"""What the file `MLmodel` of a model says, as plain values; no path in it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.using.refusal import RefusedModel

FILE = "MLmodel"
GRAPH = "data/model.pt2"
"""Where MLflow's pytorch flavor keeps an exported graph."""
_MOST_BYTES = 4_000_000
_DAMAGED = (OSError, ValueError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class ModelFacts:
    """What there is to know of a model before it is loaded.

    Args:
        classes: by label; empty where it does not say.
        image_size: pixels a side of the images that it was trained on; None where it does not say.
        takes_kind: whether its graph takes `probabilities` as a parameter.
        digest: the SHA-256 of the graph when it was logged; "" where it does not say.
        metadata: all that was written down with it.
    """

    classes: tuple[str, ...]
    image_size: int | None
    takes_kind: bool
    digest: str
    metadata: dict[str, Any]


def read_mlmodel(path: Path, where: str) -> ModelFacts:
    """The facts in an `MLmodel` file; only plain YAML is read.

    Raises:
        RefusedModel: it is damaged, or no exported graph.
    """
    import yaml

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RefusedModel(where, f"its {FILE} has more than {_MOST_BYTES:,} bytes")
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        flavor = held["flavors"]["pytorch"]
        metadata = held.get("metadata") or {}
        _check_place(flavor["model_data"], where)
        classes = tuple(str(name) for name in metadata.get("classes") or ())
        size = metadata.get("image_size")
        params = (held.get("signature") or {}).get("params") or ""
        return ModelFacts(
            classes=classes,
            image_size=size if isinstance(size, int) and 1 <= size <= 4096 else None,
            takes_kind='"probabilities"' in params,
            digest=str(metadata.get("sha256") or ""),
            metadata=dict(metadata),
        )
    except (*_DAMAGED, yaml.YAMLError) as error:
        raise RefusedModel(where, f"its {FILE} cannot be read: {str(error)[:200]}") from None
    except KeyError:
        kinds = ", ".join(map(str, (held or {}).get("flavors") or ())) or "nothing"
        reason = f"it is no exported graph but {kinds}, which could only be loaded by running code"
        raise RefusedModel(where, reason) from None


def _check_place(place: object, where: str) -> None:
    if place != GRAPH.partition("/")[0]:
        raise RefusedModel(where, f"its data is to be looked for in {str(place)[:80]!r}")
