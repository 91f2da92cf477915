"""The product form: what it shows, and what it makes of what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.actions import ProductInput, VariantInput
from banyan.catalog.models import Category, Product, Shop, Variant
from banyan.catalog.queries import name_in
from banyan.kernel.digits import whole
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem

from . import attributes
from .typed import Typed

OPTIONS = (1, 2, 3)
MORE_ROWS = 5
MOST_ROWS = 100
SPECIAL = ("vendor", "tags", "min_age")
ROW_FIELDS = ("o1", "o2", "o3", "price", "was", "stock", "sku")


def values_of(product: Product | None) -> dict[str, str]:
    """Return the form's values of a product as it stands; of an empty form without one."""
    if product is None:
        return {"language": get_language() or "en", "rows": "1"}
    variants = list(product.variants.filter(is_active=True).select_related("stock"))
    values = {
        "title": product.title,
        "description": product.description,
        "language": product.language,
        "category": product.category.slug if product.category else "",
        "vendor": product.vendor,
        "tax_class": product.tax_class,
        "min_age": str(product.min_age or ""),
        "tags": ", ".join(product.tags),
        "rows": str(len(variants) + 2 if product.options else 1),
    } | attributes.values_of(product)
    for index, name in enumerate(product.options, start=1):
        values[f"option{index}"] = name
    for code, texts in product.texts.items():
        for field in ("title", "description"):
            values[f"{field}_{code}"] = texts.get(field, "")
    for row, variant in enumerate(variants):
        values |= _variant_values(row, variant)
    return values


def _variant_values(row: int, variant: Variant) -> dict[str, str]:
    def figure(amount: int) -> str:
        return str(Money(amount, variant.currency).decimal)

    values = {f"v{row}_o{n}": text for n, text in enumerate(variant.values, start=1)}
    was = variant.compare_at_amount
    return values | {
        f"v{row}_price": figure(variant.price_amount),
        f"v{row}_was": figure(was) if was else "",
        f"v{row}_stock": str(variant.stock.on_hand),
        f"v{row}_had": str(variant.stock.on_hand),
        f"v{row}_sku": variant.sku,
    }


def row_count(values: Mapping[str, Any]) -> int:
    """Return how many rows for variants the form has: one, until an option is named."""
    wanted = whole(str(values.get("rows", "")), most=999)
    return min(MOST_ROWS, max(1, wanted or 1))


def with_more_rows(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the form with more rows; without an option there is nothing for them."""
    more = MORE_ROWS if any(values.get(f"option{n}", "").strip() for n in OPTIONS) else 0
    return {**values, "rows": str(row_count(values) + more)}


def is_special(values: Mapping[str, str], errors: Mapping[str, Any]) -> bool:
    """Tell whether something is said, or wrong, of what most products leave as it is."""
    said = any(values.get(name) for name in SPECIAL) or bool(errors.keys() & {*SPECIAL})
    return said or values.get("tax_class", "") not in {"", "standard"} or "tax_class" in errors


def drawn_rows(values: Mapping[str, Any], errors: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows for variants as the template draws them."""
    return [
        {
            "number": row + 1,
            "had": values.get(f"v{row}_had", ""),
            "had_name": f"v{row}_had",
            "cells": {
                name: {
                    "name": f"v{row}_{name}",
                    "value": values.get(f"v{row}_{name}", ""),
                    "error": errors.get(f"v{row}_{name}", ""),
                }
                for name in ROW_FIELDS
            },
        }
        for row in range(row_count(values))
    ]


def language_fields(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return title and description of every language of the site."""
    return [
        {
            "code": code,
            "name": name,
            "title": values.get(f"title_{code}", ""),
            "description": values.get(f"description_{code}", ""),
        }
        for code, name in settings.LANGUAGES
    ]


def kinds() -> list[tuple[str, str]]:
    """Return (kind, name) of what a shop can make; see ``catalog.rules.KINDS``."""
    return [
        ("goods", _("Goods that are sent")),
        ("digital", _("Digital: a file or a licence key")),
        ("voucher", _("A service that is redeemed on site")),
    ]


def _kind(chosen: str) -> str:
    return chosen if chosen in dict(kinds()) else "goods"


def categories(language: str) -> list[tuple[str, str]]:
    """Return (slug, name in the reader's language) of all categories."""
    rows = Category.objects.order_by("position", "id")
    return [(row.slug, name_in(row, language)) for row in rows]


def product_input(
    data: Mapping[str, Any],
    shop: Shop,
    product: Product | None,
    images: Sequence[int],
    alts: Mapping[int, str],
) -> ProductInput:
    """Return what was typed. Raises Invalid naming every field that cannot be read.

    What the form does not ask for (weights, texts in other languages) stays as it is.
    """
    typed = Typed(data, shop.currency)
    options = [typed.text(f"option{n}") for n in OPTIONS]
    used = [n for n, name in zip(OPTIONS, options, strict=True) if name]
    variants = _variants(typed, used, row_count(data))
    language = typed.text("language")
    texts = _texts(typed, product, language)
    min_age = typed.whole("min_age")
    typed.check()
    return ProductInput(
        title=typed.text("title"),
        description=typed.text("description"),
        options=[name for name in options if name],
        variants=_with_weights(variants, product),
        language=language if language in dict(settings.LANGUAGES) else "en",
        texts=texts,
        category=typed.text("category"),
        vendor=typed.text("vendor"),
        tax_class=typed.text("tax_class"),
        min_age=min_age,
        tags=typed.text("tags").replace("，", ",").split(","),
        images=list(images),
        alts=alts,
        kind=product.kind if product else _kind(typed.text("kind")),
        attributes=attributes.typed_of(data),
    )


def _variants(typed: Typed, used: Sequence[int], rows: int) -> list[VariantInput]:
    variants = []
    for row in range(rows):
        if not any(typed.text(f"v{row}_{name}") for name in ROW_FIELDS):
            continue
        price = typed.amount(f"v{row}_price")
        typed.required(f"v{row}_price")
        stock = typed.whole(f"v{row}_stock")
        # Only a changed figure is written, and only beside the one that was seen: parcels may have
        # left since the form was drawn.
        touched = typed.text(f"v{row}_stock") != typed.text(f"v{row}_had")
        variants.append(
            VariantInput(
                price=price or 0,
                values=[typed.text(f"v{row}_o{n}") for n in used],
                sku=typed.text(f"v{row}_sku"),
                compare_at=typed.amount(f"v{row}_was"),
                on_hand=stock if touched else None,
                saw=typed.whole(f"v{row}_had"),
            )
        )
    return variants


def seen_now(values: dict[str, str], product: Product, problem: Problem) -> dict[str, str]:
    """Return the values of a form that saw old stock figures with those of now as the ones seen.

    ``problem`` is put beside each field that was typed on an old one, to be confirmed.
    """
    used = [n for n in OPTIONS if values.get(f"option{n}", "").strip()]
    stocks = product.variants.select_related("stock")
    now = {tuple(one.values): str(one.stock.on_hand) for one in stocks}
    found = dict(values)
    for row in range(row_count(values)):
        stock, had = (values.get(f"v{row}_{name}", "").strip() for name in ("stock", "had"))
        on_hand = now.get(tuple(values.get(f"v{row}_o{n}", "").strip() for n in used))
        if had and had != stock and on_hand not in (None, had):
            found[f"v{row}_had"] = on_hand
            problem.fields[f"v{row}_stock"] = problem.message
    return found


def _with_weights(variants: Sequence[VariantInput], product: Product | None) -> list[VariantInput]:
    if product is None:
        return list(variants)
    weights = {tuple(v.values): v.weight_grams for v in product.variants.all()}
    return [replace(v, weight_grams=weights.get(tuple(v.values), 0)) for v in variants]


def _texts(typed: Typed, product: Product | None, language: str) -> dict[str, dict[str, str]]:
    texts = {code: dict(known) for code, known in (product.texts if product else {}).items()}
    for code in dict(settings.LANGUAGES):
        given = {f: typed.text(f"{f}_{code}") for f in ("title", "description")}
        if len(given["title"]) > 160:
            typed.errors[f"title_{code}"] = _("Give the product a title of 1 to 160 letters.")
        texts[code] = {field: text for field, text in given.items() if text}
    # The main title is this language's text already; a second one would hide it.
    texts.pop(language, None)
    return {code: known for code, known in texts.items() if known}
