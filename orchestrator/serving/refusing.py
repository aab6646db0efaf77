"""A request that is refused: its status and its reason, and the JSON that says so."""

from __future__ import annotations

import json

from starlette.responses import Response

JSON = "application/json"
INVOCATIONS = "/invocations"
_BAD_REQUEST, _TOO_LARGE, _TIMEOUT, _INTERNAL = 400, 413, 408, 500
# MLflow's clients look for a code and a message; these are its own names.
_MLFLOW_CODES = {
    _TOO_LARGE: "REQUEST_LIMIT_EXCEEDED",
    _TIMEOUT: "DEADLINE_EXCEEDED",
    _INTERNAL: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}


class Refused(Exception):
    """This request is not answered; the server goes on.

    Args:
        status: of HTTP, 4xx, or 503 for a server that is full.
        reason: the rule that was broken, what broke it, and what to do, in words that tell nothing
            of this machine.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def refusal(path: str, status: int, reason: str, *, close: bool = False) -> Response:
    """`{"error": reason}`; at `/invocations` with the two keys of MLflow's own errors, too.

    Args:
        close: end the connection after it.
    """
    answer = {"error": reason}
    if path == INVOCATIONS:
        answer |= {"error_code": _MLFLOW_CODES.get(status, "BAD_REQUEST"), "message": reason}
    headers = {"connection": "close"} if close else {}
    if status == 503:
        headers["retry-after"] = "1"
    return Response(json.dumps(answer), status, headers, JSON)
