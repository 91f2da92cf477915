"""What campaigns can be made of: each mechanic, and what its terms ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import override
from ninja import Router

from banyan.campaigns.mechanic import Mechanic, mechanics
from banyan.campaigns.terms import ROWS

from .gate import ANYONE
from .schemas import ID_SCHEMA, Answer

router = Router(tags=["campaigns"])


class PresetAnswer(Answer):
    """A template: the terms that it fills in."""

    code: str
    title: str
    terms: dict[str, Any]


class MechanicAnswer(Answer):
    """A mechanic; ``terms`` is the JSON Schema of what a campaign of it is told.

    ``landings`` are the ways it can end, ``drives`` what can move people, the usual one first.
    """

    code: str
    title: str
    pitch: str
    terms: dict[str, Any]
    presets: list[PresetAnswer]
    landings: list[str]
    drives: list[str]


def terms_schema(kind: Mechanic[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a mechanic's terms, with labels in the active language.

    Ids of coupons, variants and categories are text; money is in minor units of the shop's
    currency.
    """
    schema = kind.terms.model_json_schema()
    properties = {}
    for one in kind.terms.asked():
        found: Mapping[str, Any] = schema["properties"][one.name]
        if one.ask.kind in ROWS:
            found = {"anyOf": [ID_SCHEMA, {"type": "null"}]}
        if one.ask.kind == "categories":
            found = {**schema["properties"][one.name], "items": ID_SCHEMA}
        if choices := [key for key, _text in one.ask.choices]:
            found = {"type": "string", "enum": choices, "default": one.default}
        texts = (one.ask.label, one.ask.hint, one.ask.unit)
        told = ". ".join(str(text).rstrip(".") for text in texts if text)
        properties[one.name] = {**found, "description": told, "title": one.name}
    return {
        "title": kind.code,
        "type": "object",
        "properties": properties,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def any_terms() -> dict[str, Any]:
    """Return the schema of the terms of any mechanic, in English, for the document."""
    with override("en"):
        return {"anyOf": [terms_schema(kind) for kind in mechanics().values()]}


@router.get("/mechanics", auth=ANYONE, response=list[MechanicAnswer])
def list_mechanics(request: HttpRequest) -> Any:
    """List the mechanics that a shop can plan a campaign of, each with the schema of its terms."""
    return [
        MechanicAnswer(
            code=kind.code,
            title=str(kind.title),
            pitch=str(kind.pitch),
            terms=terms_schema(kind),
            presets=[
                PresetAnswer(code=code, title=str(one.title), terms=dict(one.terms))
                for code, one in kind.presets.items()
            ],
            landings=list(kind.landings),
            drives=list(kind.drives),
        )
        for kind in mechanics().values()
    ]
