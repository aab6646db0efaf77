"""The application: paths, middleware, and what becomes of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from orchestrator.serving.bodies import BoundedBodies
from orchestrator.serving.budget import Budget
from orchestrator.serving.counting import NO_ANSWER, Counting
from orchestrator.serving.guard import Guard
from orchestrator.serving.refusing import Refused, refusal
from orchestrator.serving.routes import PATHS, Serving, routes


def create_app(serving: Serving, names: frozenset[str], *, budget: Budget | None = None) -> FastAPI:
    """The whole server as an ASGI application.

    Args:
        serving: the model, and what follows it.
        names: under which it may be asked (`guard.own_names`).
        budget: of bytes held at a time.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        del app
        serving.batcher.start()
        if serving.watcher is not None:
            serving.watcher.start()
        yield
        if serving.watcher is not None:
            serving.watcher.stop()
        await serving.batcher.stop()

    app = FastAPI(
        title="orchestrator serve",
        description="A promoted image classifier.",
        version=metadata.version("orchestrator"),
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=life,
    )
    app.include_router(routes(serving))
    # The last one added is the first one asked.
    app.add_middleware(BoundedBodies, budget=budget or Budget())
    app.add_middleware(Guard, names=names)
    app.add_middleware(Counting, metrics=serving.metrics, paths=PATHS)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(request.url.path, error.status, error.reason)


async def _http_error(request: Request, error: Exception) -> Response:
    """No such path, or not that method."""
    assert isinstance(error, HTTPException)
    answer = refusal(request.url.path, error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _gone(request: Request, error: Exception) -> Response:
    """The client went away; nobody reads this."""
    del error
    return refusal(request.url.path, NO_ANSWER, "The client went away.")


async def _unexpected(request: Request, error: Exception) -> Response:
    """A bug, or a model that fails; uvicorn writes the traceback to the server's own output."""
    del error
    return refusal(request.url.path, 500, "The server failed; its own output says why.")
