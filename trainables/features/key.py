"""`FeatureKey`: all that a feature depends on besides the image itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class FeatureKey:
    """Names one body over one set of pixels; not splits or seeds, so those share features.

    Args:
        data_digest: 16 hex digits over the decoded pixels and labels.
        backbone: a registered name, or `timm:NAME`.
        weights_digest: 16 hex digits of the weights file, or `random-<seed>`.
        input_size: pixels a side that the body sees.
        resize: interpolation from the data's size to `input_size`.
        precision: arithmetic of the body.
        part: "body", or "front": its maps before the last stage, flattened.
    """

    data_digest: str
    backbone: str
    weights_digest: str
    input_size: int
    resize: str
    precision: str
    part: str = "body"

    def _fields(self) -> dict[str, str | int]:
        """Without the default part: what was cached before there were parts is still found."""
        fields = dataclasses.asdict(self)
        if self.part == "body":
            del fields["part"]
        return fields

    @property
    def slug(self) -> str:
        """A folder's name: readable first, then 16 hex digits that no other key has."""
        text = json.dumps(self._fields(), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        name = re.sub(r"[^A-Za-z0-9_.]+", "-", self.backbone)[:60].strip(".-")
        return f"{name}-{self.input_size}px-{self.precision}-{digest}"

    def to_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(self._fields(), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> FeatureKey:
        """The key that `to_json` wrote.

        Raises:
            ValueError: not such a text.
        """
        fields = json.loads(text)
        if not isinstance(fields, Mapping):
            raise ValueError(f"A feature key is a JSON object, not {type(fields).__name__}.")
        try:
            names = [field.name for field in dataclasses.fields(cls) if field.name != "part"]
            return cls(**{n: fields[n] for n in names}, part=fields.get("part", "body"))
        except KeyError as missing:
            raise ValueError(f"A feature key needs the field {missing}.") from None
