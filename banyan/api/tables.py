"""The table of routes in docs/reference/http-api.md, made from the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

BEGIN, END = "<!-- routes: begin -->", "<!-- routes: end -->"
_BETWEEN = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def refreshed(text: str, document: dict[str, Any]) -> str:
    """Return ``text`` with the table between its markers as the document has it.

    ValueError when the markers are missing.
    """
    if not _BETWEEN.search(text):
        raise ValueError(f"the markers {BEGIN} and {END} are missing")
    table = "\n".join([BEGIN, "", *_rows(document), "", END])
    return _BETWEEN.sub(lambda _found: table, text)


def _rows(document: dict[str, Any]) -> list[str]:
    rows = ["| route | for | key | what |", "|---|---|---|---|"]
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            place = path.removeprefix("/api/v1")
            what = str(found.get("description", "")).split("\n\n")[0].replace("\n", " ")
            rows.append(f"| `{method.upper()} {place}` | {_who(found)} | {_key(found)} | {what} |")
    return rows


def _who(found: dict[str, Any]) -> str:
    return "everybody" if {} in found["security"] else "token"


def _key(found: dict[str, Any]) -> str:
    keys = [one for one in found["parameters"] if one["name"] == "Idempotency-Key"]
    if not keys:
        return ""
    return "required" if keys[0]["required"] else "optional"
