"""The coupon wizard's form: drawn from the rules that are registered, and read back exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Category, Product, Shop
from banyan.catalog.queries import name_in
from banyan.entitlements.rules import BENEFITS, CONDITIONS, Rule
from banyan.kernel.digits import whole

from .typed import Typed

MOST_CHOICES = 200
PARTS: dict[str, Mapping[str, type[Rule]]] = {"benefits": BENEFITS, "conditions": CONDITIONS}
# A shop's coupon is for the shop anyway, and only campaigns give coupons for one thing.
NOT_HERE = {"shops", "variants"}
INPUT_MODES = {"amount": "decimal", "rate": "decimal", "whole": "numeric", "words": "text"}


def drawn(part: str, data: Mapping[str, Any], shop: Shop, errors: Mapping[str, Any]) -> list[Any]:
    """Return the rules of a part ("benefits", "conditions") with their fields and values."""
    chosen = _list(data, part)
    return [
        {
            "code": code,
            "label": rule.label,
            "checked": code in chosen,
            "fields": list(_fields(part, rule, data, shop, errors)),
            "error": errors.get(code, ""),
        }
        for code, rule in PARTS[part].items()
        if code not in NOT_HERE
    ]


def _list(data: Mapping[str, Any], name: str) -> list[str]:
    if isinstance(data, QueryDict):
        return [str(value) for value in data.getlist(name)]
    return [str(value) for value in data.get(name, ())]


def _fields(
    part: str, rule: type[Rule], data: Mapping[str, Any], shop: Shop, errors: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    for name, info in rule.model_fields.items():
        extra: Any = info.json_schema_extra or {}
        if not extra:
            continue
        field = _name(part, rule, name)
        kind = extra["kind"]
        options = _options(rule.code, shop) if kind == "ids" else []
        picked = set(_list(data, field))
        yield {
            "name": field,
            "label": extra["label"],
            "kind": kind,
            "value": "" if kind == "ids" else data.get(field, ""),
            "inputmode": INPUT_MODES.get(kind, "text"),
            "optional": not info.is_required(),
            "options": [(value, text, value in picked) for value, text in options],
            "help": _("Separate them by commas.") if kind == "words" else "",
            "error": errors.get(field, ""),
        }


def field_errors(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Return errors by the form's own fields: those of rules are named code.argument."""
    found = {}
    for name, text in errors.items():
        code, dot, argument = name.partition(".")
        part = next((part for part, rules in PARTS.items() if code in rules), "")
        found[f"{part}-{code}-{argument}" if dot and part else name] = text
    return found


def _name(part: str, rule: type[Rule], field: str) -> str:
    return f"{part}-{rule.code}-{field}"


def _options(code: str, shop: Shop) -> list[tuple[str, str]]:
    """Return what can be chosen for a rule that names rows: value and text."""
    if code == "products":
        rows = Product.objects.filter(shop=shop).exclude(state="archived").order_by("-id")
        return [(str(one.pk), one.title) for one in rows[:MOST_CHOICES]]
    language = get_language() or "en"
    categories = Category.objects.order_by("position", "id")[:MOST_CHOICES]
    return [(str(one.pk), name_in(one, language)) for one in categories]


def read_rules(part: str, typed: Typed, shop: Shop) -> list[dict[str, Any]]:
    """Return the chosen rules of a part as {"code", "args"}; what cannot be read is noted."""
    found = []
    for code in _list(typed.data, part):
        rule = PARTS[part].get(code)
        if rule is None or code in NOT_HERE:
            continue
        args = {}
        for name, info in rule.model_fields.items():
            value = _read(part, rule, name, info.json_schema_extra or {}, typed, shop)
            if value is not None:
                args[name] = value
            elif info.is_required():
                typed.errors.setdefault(_name(part, rule, name), _("Fill this in."))
        found.append({"code": code, "args": args})
    return found


def _read(part: str, rule: type[Rule], name: str, extra: Any, typed: Typed, shop: Shop) -> Any:
    field = _name(part, rule, name)
    match extra.get("kind"):
        case "amount":
            return typed.amount(field)
        case "rate":
            return typed.rate(field)
        case "whole":
            return typed.whole(field)
        case "words":
            words = typed.text(field).replace("，", ",").split(",")
            return [word.strip() for word in words if word.strip()] or None
        case "ids":
            known = {value for value, _text in _options(rule.code, shop)}
            picked = [value for value in _list(typed.data, field) if value in known]
            return [whole(value) for value in picked] or None
        case _:
            return shop.timezone if name == "zone" else None
