"""Categories and the typed attributes that their goods have."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field, StringConstraints

from banyan.catalog.models import Attribute
from banyan.catalog.queries import all_categories, attributes_of, get_category

from .gate import ANYONE
from .schemas import Answer

router = Router(tags=["categories"])
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
Names = Annotated[dict[str, str], Field(description="By language.")]


class CategoryAnswer(Answer):
    """A category; products name it by its ``slug``."""

    slug: str
    parent: str | None
    names: Names


class ChoiceAnswer(Answer):
    """A value that can be chosen, by its ``code``."""

    code: str
    names: Names


class AttributeAnswer(Answer):
    """An attribute; products name it by its ``code``.

    ``kind``: text (up to 200 letters), number (a decimal figure in ``unit``, as text), choice (the
    code of one of ``choices``), yesno ("yes" or "no"), or date (2026-03-01).
    """

    code: str
    kind: str
    names: Names
    unit: str
    required: bool
    choices: list[ChoiceAnswer]


@router.get("/categories", auth=ANYONE, response=list[CategoryAnswer])
def list_categories(request: HttpRequest) -> Any:
    """List all categories in their order."""
    return [
        CategoryAnswer(
            slug=one.slug, parent=one.parent.slug if one.parent else None, names=one.names
        )
        for one in all_categories()
    ]


@router.get("/categories/{category}/attributes", auth=ANYONE, response=list[AttributeAnswer])
def list_attributes(request: HttpRequest, category: Path[Slug]) -> Any:
    """List the attributes of a category's goods, those of the categories above it included."""
    return [_attribute(row) for row in attributes_of(get_category(category))]


def _attribute(row: Attribute) -> AttributeAnswer:
    return AttributeAnswer(
        code=row.code,
        kind=row.kind,
        names=row.names,
        unit=row.unit,
        required=row.is_required,
        choices=[ChoiceAnswer(code=one["code"], names=one["names"]) for one in row.choices],
    )
