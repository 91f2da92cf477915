"""Typed attributes in the product form: a field for each of the category's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Attribute, Category, Product
from banyan.catalog.queries import attributes_of
from banyan.catalog.rules import named_in, typed_text

FIELD = "attribute_"


def values_of(product: Product) -> dict[str, str]:
    """Return the form's values of what a product says."""
    return {f"{FIELD}{code}": typed_text(value) for code, value in product.attributes.items()}


def typed_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed, by code."""
    return {
        name.removeprefix(FIELD): str(value)
        for name, value in data.items()
        if name.startswith(FIELD)
    }


def fields_of(values: Mapping[str, str], errors: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of the category that is chosen in the form. Two statements, as a rule."""
    slug = values.get("category", "")
    category = Category.objects.select_related("parent").filter(slug=slug).first() if slug else None
    language = get_language() or "en"
    return [_field(row, values, errors, language) for row in attributes_of(category)]


def _field(
    row: Attribute, values: Mapping[str, str], errors: Mapping[str, Any], language: str
) -> dict[str, Any]:
    name = f"{FIELD}{row.code}"
    label = named_in(row.names, language)
    options = [(one["code"], named_in(one["names"], language)) for one in row.choices]
    if row.kind == "yesno":
        options = [("yes", _("Yes")), ("no", _("No"))]
    return {
        "name": name,
        "label": f"{label} ({row.unit})" if row.unit else label,
        "value": values.get(name, ""),
        "error": errors.get(name, ""),
        "optional": not row.is_required,
        "options": options,
        "type": "date" if row.kind == "date" else "text",
        "inputmode": "decimal" if row.kind == "number" else "",
    }
