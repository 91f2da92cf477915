"""The first answer to an Idempotency-Key, kept with the effect it reports."""

from __future__ import annotations

import hashlib

from sandbox.exchange import Request, Response
from sandbox.refusals import Refusal, invalid
from sandbox.store import Transaction

HEADER = "idempotency-key"


def read_key(request: Request) -> str | None:
    """Return the key of a request, or None."""
    key = request.headers.get(HEADER)
    if key is not None and not 1 <= len(key) <= 255:
        raise invalid("Idempotency-Key", "1 to 255 characters")
    return key


def recall(work: Transaction, key: str, request: Request) -> Response | None:
    """Return the first answer to this key; the same key for another request is refused."""
    row = work.one("SELECT * FROM first_answer WHERE key = ?", (key,))
    if row is None:
        return None
    if row["fingerprint"] != _fingerprint(request):
        raise Refusal(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request; take a new one.",
        )
    return Response(
        status=row["status"],
        body=row["body"].encode(),
        headers={"idempotent-replayed": "true"},
    )


def remember(work: Transaction, key: str, request: Request, response: Response, *, at: int) -> None:
    """Store the answer in the transaction of its effect."""
    work.insert(
        "first_answer",
        key=key,
        fingerprint=_fingerprint(request),
        status=response.status,
        body=response.body.decode(),
        created_ms=at,
    )


def _fingerprint(request: Request) -> str:
    seen = f"{request.method} {request.path}\n".encode() + request.body
    return hashlib.sha256(seen).hexdigest()
