"""The shapes of the bodies that are asked with, for the OpenAPI description."""

from __future__ import annotations

from typing import Any

from orchestrator.serving.refusing import JSON

_BINARY = {"schema": {"type": "string", "format": "binary"}}
IMAGES = {
    "requestBody": {
        "required": True,
        "content": {
            "image/png": _BINARY,
            "image/jpeg": _BINARY,
            "application/octet-stream": _BINARY,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
        },
    }
}
"""Of `/predict`."""


def _nested(depth: int) -> dict[str, Any]:
    """A list of lists ... of pixels."""
    if depth:
        return {"type": "array", "items": _nested(depth - 1), "minItems": 1}
    whole = {"type": "integer", "minimum": 0, "maximum": 255}
    return {"type": "array", "items": whole, "minItems": 3, "maxItems": 3}


TENSORS = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "description": "Images as [N, height, width, 3]; [N, 3, height, width] too.",
                    "properties": {"inputs": _nested(3), "instances": _nested(3)},
                    "oneOf": [{"required": ["inputs"]}, {"required": ["instances"]}],
                }
            }
        },
    }
}
"""Of `/invocations`."""
