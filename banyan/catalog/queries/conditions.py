"""Conditions of collections in words of people: a form shows them, and reads them again."""

from __future__ import annotations

from typing import Any

from ..models import Attribute, Product, Shop
from ..rules import Condition, named_in
from .categories import CategoryNames, name_in

MOST_PROPOSED = 300
MOST_READ = 500


class ConditionWords:
    """Says codes of conditions in ``language``, and reads names of any. Two statements."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._categories = CategoryNames()
        self._attributes = list(Attribute.objects.order_by("position", "id"))

    def kept(self, field: str, text: str) -> str:
        """Return what is kept of a typed value; what nobody knows stays as it is."""
        if field == "category":
            found = self._categories.find(text)
            return found.slug if found is not None else text
        if field == "attribute":
            name, equals, wanted = (part.strip() for part in text.partition("="))
            row = next((row for row in self._attributes if _is(name, row.code, row.names)), None)
            if row is not None and equals:
                known = (
                    one["code"] for one in row.choices if _is(wanted, one["code"], one["names"])
                )
                return f"{row.code}={next(known, wanted)}"
        return text

    def told(self, condition: Condition) -> str:
        """Return a value as people read it, and :meth:`kept` finds it again."""
        text = condition.value
        if condition.field == "category":
            found = self._categories.find(text)
            text = name_in(found, self._language) if found is not None else text
        elif condition.field == "attribute":
            code, _equals, value = text.partition("=")
            text = next(
                (self._pair(row, value) for row in self._attributes if row.code == code), text
            )
        return text if self.kept(condition.field, text) == condition.value else condition.value

    def proposed(self, shop: Shop) -> list[str]:
        """Return values that fit goods of the shop: categories, choices, makers, tags.

        At most 300, read off its 500 newest goods. Two statements.
        """
        goods = Product.objects.filter(shop=shop).order_by("-id").select_related("category")
        found: dict[str, None] = {}
        for product in goods[:MOST_READ]:
            if product.category is not None:
                found[name_in(product.category, self._language)] = None
            for row in self._attributes:
                if row.kind == "choice" and row.code in product.attributes:
                    found[self._pair(row, str(product.attributes[row.code]))] = None
            found |= dict.fromkeys([product.vendor] if product.vendor else [])
            found |= dict.fromkeys(str(tag) for tag in product.tags)
        return list(found)[:MOST_PROPOSED]

    def _pair(self, row: Attribute, value: str) -> str:
        names = [one["names"] for one in row.choices if one["code"] == value]
        told = named_in(names[0], self._language, value) if names else value
        return f"{named_in(row.names, self._language, row.code)}={told}"


def _is(text: str, code: str, names: dict[str, Any]) -> bool:
    """Tell whether a text is a code, or one of its names, whatever its case."""
    return text.casefold() in {code.casefold(), *(str(name).casefold() for name in names.values())}
