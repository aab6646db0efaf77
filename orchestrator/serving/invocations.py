"""MLflow's scoring protocol: the JSON that `mlflow models serve` takes and gives for our models.

The rules are those of `mlflow/pyfunc/scoring_server/__init__.py` (3.17) and of the models'
signature, uint8 of four free dimensions. Ours are stricter in one thing: MLflow cuts 0.9 to 0, so
that images scaled to [0, 1] come out black, and get an answer all the same.

Shapes: N images, H W C an image of C = 3 channels, K classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestrator.serving.batcher import Batcher
from orchestrator.serving.pixel_lists import SHAPE, images_of
from orchestrator.serving.refusing import Refused
from orchestrator.serving.served_model import ServedModel
from search_spaces.errors import TrialFailed

MAX_IMAGES = 1024
PARSED = 8
"""Bytes that a byte of JSON becomes: `0,` is a pointer in a list, then a float64."""
_FORMATS = ("inputs", "instances", "dataframe_split", "dataframe_records")


def check_content_type(content_type: str | None) -> None:
    """JSON in UTF-8 only, as MLflow's server has it; tables make no images.

    Raises:
        Refused: 415.
    """
    kind, *parameters = (part.strip() for part in (content_type or "").split(";"))
    if kind.lower() != "application/json":
        raise Refused(415, f"The content type must be application/json. Got: {kind[:80]!r}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.lower() != "charset":
            raise Refused(415, f"The content type may have a charset only. Got: {name[:80]!r}.")
        if value.strip('"').lower() != "utf-8":
            raise Refused(415, f"The charset must be utf-8. Got: {value[:80]!r}.")


@dataclass(frozen=True, eq=False)
class Invocation:
    """What is asked.

    Args:
        images_NHWC: uint8.
        probabilities: wanted in place of logits, by the parameter of that name.
    """

    images_NHWC: np.ndarray
    probabilities: bool = False


def parse_invocation(body: bytes) -> Invocation:
    """What a request's JSON asks.

    Raises:
        Refused: 400 for what are no images, 413 for too many; says why.
    """
    request = _loaded(body)
    wanted = _wants_probabilities(request.get("params"))
    # A number and its comma are two bytes at least.
    return Invocation(images_of(_input(request), len(body) // 2), wanted)


async def answer_invocation(asked: Invocation, batcher: Batcher, model: ServedModel) -> np.ndarray:
    """Logits_NK, or probabilities, of images in their own size: what the saved model gives.

    Raises:
        Refused: 400, the model does not take images of that size.
    """
    try:
        logits_NK = await batcher.predict(asked.images_NHWC, model, "logits")
    except TrialFailed:  # its words are torch's
        got = list(asked.images_NHWC.shape)
        raise Refused(400, f"The model does not take images of this size. Got: {got}.") from None
    if not asked.probabilities:
        return logits_NK
    powers_NK = np.exp(logits_NK - logits_NK.max(axis=1, keepdims=True))
    probabilities_NK: np.ndarray = powers_NK / powers_NK.sum(axis=1, keepdims=True)
    return probabilities_NK


def _wants_probabilities(parameters: object) -> bool:
    """Of the parameters that MLflow's clients may send along; others are let pass."""
    if parameters is None:
        return False
    if not isinstance(parameters, dict):
        raise Refused(400, "params must be an object.")
    value = parameters.get("probabilities") or False
    if not isinstance(value, int):
        raise Refused(400, "The parameter probabilities must be false (logits) or true.")
    return bool(value)


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except RecursionError:
        raise Refused(400, "The JSON is nested too deeply.") from None
    except ValueError as error:  # broken JSON, broken UTF-8, numbers of thousands of digits
        raise Refused(400, f"The body must be JSON: {str(error)[:120]}.") from None
    if not isinstance(request, dict):
        raise Refused(400, 'The JSON must be an object such as {"inputs": [...]}.')
    return request


def _input(request: dict[str, Any]) -> list[Any]:
    """The nested list; other keys are let pass, as MLflow lets them."""
    given = [name for name in _FORMATS if name in request]
    if len(given) != 1:
        got = ", ".join(given) or "none of them"
        raise Refused(400, f"The JSON must have exactly one of {', '.join(_FORMATS)}. Got: {got}.")
    if given[0].startswith("dataframe"):
        raise Refused(400, f"This model takes images, not a table; give inputs: {SHAPE}.")
    value = request[given[0]]
    if not isinstance(value, list):
        raise Refused(400, f"{given[0]} must be a nested list of pixels: {SHAPE}.")
    if len(value) > MAX_IMAGES:
        rule = f"A request must not have more than {MAX_IMAGES:,} images. Got: {len(value):,}."
        raise Refused(413, f"{rule} Send them in several.")
    return value
