"""What a product says of itself by its typed attributes, in the reader's language."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Product
from banyan.catalog.queries import Told, Trait, told_of
from banyan.catalog.rules import named_in, typed_text


def attribute_rows(product: Product) -> list[tuple[str, str]]:
    """Return name and value of each attribute, in order. One statement, none without any."""
    language = get_language() or "en"
    return [
        (named_in(one.attribute.names, language), _text(one, language)) for one in told_of(product)
    ]


def _text(one: Told, language: str) -> str:
    if one.choice is not None:
        return named_in(one.choice, language)
    if isinstance(one.value, bool):
        return _("Yes") if one.value else _("No")
    if one.attribute.kind == "date":
        return date_format(dt.date.fromisoformat(one.value), "DATE_FORMAT")
    return f"{one.value} {one.attribute.unit}".strip()


def trait_text(trait: Trait) -> str:
    """Return a value to narrow down to, such as "Glaze: ash" or "Handmade"."""
    language = get_language() or "en"
    name = named_in(trait.attribute.names, language)
    if trait.value is True:
        return name
    if trait.value is False:
        return _("%(name)s: no") % {"name": name}
    names = {choice["code"]: choice["names"] for choice in trait.attribute.choices}
    return f"{name}: {named_in(names[trait.value], language)}"


def trait_key(trait: Trait) -> str:
    """Return how an address names it: "glaze=ash"."""
    return f"{trait.attribute.code}={typed_text(trait.value)}"
