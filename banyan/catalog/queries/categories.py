"""Categories: those with something on sale, and by what a product file calls them."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from banyan.kernel.problems import NotFound

from ..access import visible_products
from ..models import Category
from ..rules import named_in


def categories_on_sale() -> list[Category]:
    """Return the categories that hold something on sale, in their order. One statement."""
    return list(offered_categories().order_by("position", "id"))


def offered_categories() -> QuerySet[Category]:
    """Return the same as a set, in no order."""
    # The first of each will do; EXISTS would be planned as a join with all of them.
    first = Subquery(visible_products().filter(category=OuterRef("pk")).values("pk")[:1])
    return Category.objects.annotate(first=first).filter(first__isnull=False)


def all_categories() -> list[Category]:
    """Return every category with the one above it, in their order. One statement."""
    return list(Category.objects.select_related("parent").order_by("position", "id"))


def get_category(slug: str) -> Category:
    """Return a category by its address; NotFound when there is none."""
    found = Category.objects.select_related("parent").filter(slug=slug).first()
    if found is None:
        raise NotFound()
    return found


def above(category: Category) -> list[int]:
    """Return a category and those above it, nearest first. One statement for each of them."""
    found: list[int] = []
    at: Category | None = category
    while at is not None and at.pk not in found:
        found.append(at.pk)
        at = at.parent
    return found


def below(category: Category) -> list[int]:
    """Return a category and all that stand below it; the whole tree is small. One statement."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Category.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found = [category.pk]
    for pk in found:
        found += [child for child in children.get(pk, []) if child not in found]
    return found


def name_in(category: Category, language: str) -> str:
    """Return a category's name in ``language``; Chinese falls back to the other script first."""
    return named_in(category.names, language, category.slug)


class CategoryNames:
    """Every category by slug and by its name in each language; one query."""

    def __init__(self) -> None:
        self._by_name: dict[str, Category] = {}
        rows = list(Category.objects.order_by("position", "id"))
        for row in rows:
            self._by_name.setdefault(row.slug.casefold(), row)
        for row in rows:
            for name in row.names.values():
                self._by_name.setdefault(str(name).strip().casefold(), row)

    def find(self, *texts: str) -> Category | None:
        """Return the category of the first text that names one; of "A > B" the last part counts."""
        for text in texts:
            found = self._by_name.get(text.rsplit(">", 1)[-1].strip().casefold())
            if found is not None:
                return found
        return None

    def name_of(self, category: Category | None) -> str:
        """Return a name by which :meth:`find` finds the category again."""
        if category is None:
            return ""
        name = str(category.names.get("en", ""))
        found = self._by_name.get(name.strip().casefold())
        return name if found is not None and found.pk == category.pk else category.slug
