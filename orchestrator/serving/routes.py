"""The paths, one function each."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from importlib import metadata

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.serving.answers import Health, Outputs, Predictions, described, refusals
from orchestrator.serving.asked import IMAGES, TENSORS
from orchestrator.serving.batcher import Batcher
from orchestrator.serving.bodies import PURSE
from orchestrator.serving.health import health_of
from orchestrator.serving.images_in import answers, read_images
from orchestrator.serving.invocations import (
    PARSED,
    answer_invocation,
    check_content_type,
    parse_invocation,
)
from orchestrator.serving.metrics import CONTENT_TYPE, ServerMetrics
from orchestrator.serving.page import load_page
from orchestrator.serving.refusing import JSON
from orchestrator.serving.reloading import AliasWatcher
from orchestrator.serving.served_model import ModelSlot

PATHS = (
    "/",
    "/predict",
    "/invocations",
    "/ping",
    "/version",
    "/health",
    "/metrics",
    "/openapi.json",
)


@dataclass(frozen=True, eq=False)
class Serving:
    """What the paths share.

    Args:
        slot: the model that answers.
        batcher: through which it is asked.
        metrics: where it is counted.
        watcher, alias: that are followed; None for a fixed model.
    """

    slot: ModelSlot
    batcher: Batcher
    metrics: ServerMetrics
    watcher: AliasWatcher | None = None
    alias: str | None = None


def routes(serving: Serving) -> APIRouter:
    """All of them."""
    router = APIRouter()
    _predicting(router, serving)
    _mlflow(router, serving)
    _watching(router, serving)
    return router


def _predicting(router: APIRouter, serving: Serving) -> None:
    page = load_page()

    @router.get("/", response_class=HTMLResponse, responses=refusals())
    async def show_page() -> Response:
        """A page to drop an image on."""
        return HTMLResponse(page.html, headers={"content-security-policy": page.policy})

    @router.post(
        "/predict",
        responses=described(Predictions, 415),
        openapi_extra=IMAGES,
    )
    async def predict(request: Request) -> Response:
        """The classes of one image, or of the files of a form."""
        model = serving.slot.current
        with serving.batcher.coming() as arrived:
            images = await read_images(request, model.classifier.input_hint)
            arrived()
            found = await answers(images, serving.batcher, model)
        classifier = model.classifier
        return JSONResponse(
            {"model": classifier.name, "version": classifier.version, "predictions": found}
        )


def _mlflow(router: APIRouter, serving: Serving) -> None:
    version_text = metadata.version("mlflow")

    @router.post(
        "/invocations",
        responses=described(Outputs, 415),
        openapi_extra=TENSORS,
    )
    async def invocations(request: Request) -> Response:
        """MLflow's scoring protocol."""
        with serving.batcher.coming() as arrived:
            check_content_type(request.headers.get("content-type"))
            body = await request.body()
            request.scope[PURSE].take(PARSED * len(body))
            asked = await asyncio.to_thread(parse_invocation, body)
            arrived()
            outputs_NK = await answer_invocation(asked, serving.batcher, serving.slot.current)
        # As MLflow writes it; a JSONResponse would leave out the spaces.
        return Response(json.dumps({"predictions": outputs_NK.tolist()}), media_type=JSON)

    @router.get("/ping", response_class=PlainTextResponse, responses=refusals())
    async def ping() -> Response:
        """Whether the server lives; an empty line, as MLflow's."""
        return Response("\n", media_type=JSON)

    @router.get("/version", response_class=PlainTextResponse, responses=refusals())
    async def version() -> Response:
        """Of MLflow."""
        return Response(version_text, media_type=JSON)


def _watching(router: APIRouter, serving: Serving) -> None:
    @router.get("/health", responses=described(Health))
    async def health() -> Response:
        """Which model answers, since when, and whether the registry can be reached."""
        return JSONResponse(health_of(serving.slot, serving.watcher, serving.alias))

    @router.get("/metrics", response_class=PlainTextResponse, responses=refusals())
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(serving.metrics.text(), headers={"content-type": CONTENT_TYPE})
