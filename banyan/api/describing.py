"""The OpenAPI document: what ninja knows of the routes, and what is true of every one of them."""

from __future__ import annotations

from typing import Any

from .gate import SAFE, Access
from .refusals import CONTENT_TYPE
from .schemas import Problem

REASONS = {
    400: "The request cannot be read.",
    401: "No token, or one that does not work.",
    403: "The token or the account may not do this.",
    404: "Absent, or not for you: both look alike.",
    409: "Things are not (any more) as the request takes them to be.",
    413: "The body is too long.",
    415: "The body is of another type.",
    422: "Something in the request is not acceptable; `errors` names the fields.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "Busy, or something we need is away; `Retry-After` says when to try again.",
}
KEY_TEXT = (
    "Makes the write happen once: the same key with the same request gets the first answer again."
)
_GUEST_HEADERS = {
    "Cart-Token": "A guest's cart, as `PUT /cart/lines/...` answered it.",
    "Access-Token": "Opens a guest's purchase, as placing it answered.",
}


def document_operation(found: dict[str, Any], method: str, access: Access, needs_key: bool) -> None:
    """Add to an operation what its access, method and body bring with them."""
    writes = method.upper() not in SAFE
    found["security"] = [{"token": []}, *([{}] if access.guests else [])]
    parameters = found.setdefault("parameters", [])
    if access.guests:
        parameters += [_header(name, text) for name, text in _GUEST_HEADERS.items()]
    if writes:
        parameters.append(_key(access, needs_key))
    for status in sorted(_statuses(found, writes)):
        answer = found["responses"].setdefault(status, {})
        answer["description"] = REASONS[status]
        answer["content"] = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _statuses(found: dict[str, Any], writes: bool) -> set[int]:
    wanted = {401, 403, 422, 429, 503}
    if any(parameter["in"] == "path" for parameter in found["parameters"]):
        wanted.add(404)
    if writes:
        wanted |= {404, 409}
    if "requestBody" in found:
        wanted |= {400, 413, 415}
    return wanted


def _header(name: str, text: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"}
    return {"in": "header", "name": name, "required": False, "description": text, "schema": schema}


def _key(access: Access, needs_key: bool) -> dict[str, Any]:
    shortest = 16 if access.guests else 1
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": needs_key,
        "description": KEY_TEXT,
        "schema": {"type": "string", "pattern": f"^[!-~]{{{shortest},100}}$"},
    }


def common_schemas() -> dict[str, Any]:
    """Return the schemas of problems."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
