"""The table of routes in docs/reference/http-api.md, made from the OpenAPI document."""

from __future__ import annotations

from typing import Any


def route_table(document: dict[str, Any]) -> str:
    """Return every route of an OpenAPI document: who may use it, its key, and what it does."""
    rows = ["| route | for | key | what |", "|---|---|---|---|"]
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            place = path.removeprefix("/api/v1")
            what = str(found.get("description", "")).split("\n\n")[0].replace("\n", " ")
            rows.append(f"| `{method.upper()} {place}` | {_who(found)} | {_key(found)} | {what} |")
    return "\n".join(rows)


def _who(found: dict[str, Any]) -> str:
    return "everybody" if {} in found["security"] else "token"


def _key(found: dict[str, Any]) -> str:
    keys = [one for one in found["parameters"] if one["name"] == "Idempotency-Key"]
    if not keys:
        return ""
    return "required" if keys[0]["required"] else "optional"
