"""What can go wrong between a client and a server.

ClientError
├── Unreachable     nobody answers at that address
└── Refused         the server answered with a refusal: its status and its words
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class ClientError(Exception):
    """The message says what a person can do next."""


class Unreachable(ClientError):
    """Nobody answers at that address."""


class Refused(ClientError):
    """The server refused a request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def refusal(answer: httpx.Response) -> Refused:
    """The refusal of an answer, in whichever of the contract's shapes it came (contract-a section 1)."""
    reason = answer.text.strip() or answer.reason_phrase
    try:
        body = answer.json()
    except ValueError:
        return Refused(answer.status_code, reason[:300])
    if isinstance(body, dict) and body.get("errors"):
        error = body["errors"][0]
        reason = error.get("detail") or error.get("title") or reason
    elif isinstance(body, dict) and body.get("error"):
        reason = body.get("reason") or body["error"]
    return Refused(answer.status_code, str(reason)[:300])
