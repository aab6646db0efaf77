"""The shapes of the answers, for the OpenAPI description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Prediction(BaseModel):
    """One image's answer."""

    file: str | None = Field(description="Name of the file in a form; null for an image as body.")
    label: str = Field(description="The most probable class.")
    probability: float = Field(description="Of that class, 0 to 1.")
    probabilities: dict[str, float] = Field(description="Of every class; they sum to 1.")


class Predictions(BaseModel):
    """What `/predict` answers."""

    model: str = Field(description="Name of the registered model, or of the folder.")
    version: str | None = Field(description="Its version; null outside the registry.")
    predictions: list[Prediction] = Field(description="One an image, in their order.")


class Registry(BaseModel):
    """What is known of the model registry."""

    reachable: bool = Field(description="Whether it answered the last time.")
    looked: float = Field(description="When it last answered, in Unix seconds.")
    problem: str = Field(description="In words; empty if there is none.")


class Health(BaseModel):
    """What `/health` answers."""

    ready: bool
    model: str
    version: str | None
    alias: str | None = Field(description="That is followed; null for a fixed model.")
    since: float = Field(description="When this model began to answer, in Unix seconds.")
    registry: Registry | None = Field(description="null for a fixed model.")
    loading: str | None = Field(description="Version that is being loaded.")
    failed: str | None = Field(description="Newest version, where it cannot be used.")


class Failure(BaseModel):
    """Why a request was refused."""

    error: str


class Outputs(BaseModel):
    """What `/invocations` answers."""

    predictions: list[list[float]] = Field(description="What the model gives: one list an image.")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a path, for its description: its own, and those that every path has."""
    words = {
        400: "Cannot be understood; says why",
        403: "From a page of another server",
        405: "Not that method",
        408: "The body took too long",
        413: "Too much at once",
        415: "Not that content type",
        421: "Another server's name",
        503: "Too much is being answered; try again",
    }
    asked = sorted({*statuses, 400, 403, 405, 408, 413, 421, 503})
    # As JSON whatever the path answers else; `Failure` itself is among the components through
    # `described` below.
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    return {status: {"content": content, "description": words[status]} for status in asked}


def described(answer: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """An answer in JSON, and the refusals."""
    failed = {"model": Failure, "description": "The server failed"}
    return {200: {"model": answer}, 500: failed, **refusals(*statuses)}
