"""Typed attributes: what there is to say of goods, for moderation to define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.moderation.access import require_moderation

from ..models import Attribute, Category
from ..queries.attributes import attributes_of, definition_of
from ..rules import ATTRIBUTE_KINDS, clean_value, is_code

MOST_CHOICES = 50


@dataclass(frozen=True, slots=True)
class AttributeInput:
    """An attribute as entered: ``choices`` maps a code to names by language."""

    names: Mapping[str, str]
    unit: str = ""
    choices: Mapping[str, Mapping[str, str]] | None = None
    is_required: bool = False
    is_filterable: bool = False
    position: int = 0


def add_attribute(
    *,
    actor: Actor,
    code: str,
    kind: str,
    data: AttributeInput,
    category: str = "",
    reason: str,
) -> Attribute:
    """Define an attribute of a category's goods, of all goods without one. Audited.

    For moderation. Raises Invalid with the field, also for a code that is taken.
    """
    require_moderation(actor)
    fields: dict[str, Any] = {}
    code = code.strip().lower()
    if not is_code(code):
        fields["code"] = _("Use small letters, digits and underscores.")
    if kind not in ATTRIBUTE_KINDS:
        fields["kind"] = _("Choose a kind of the list.")
    place = Category.objects.filter(slug=category).first() if category else None
    if category and place is None:
        fields["category"] = _("Choose a category of the list.")
    columns = _columns(kind, data, fields)
    with transaction.atomic():
        made, new = Attribute.objects.get_or_create(
            code=code, defaults={"kind": kind, "category": place, **columns}
        )
        if not new:
            raise Invalid(fields={"code": _("This code is taken.")})
        _audit(actor, made, "attribute.add", reason)
    return made


def change_attribute(
    *, actor: Actor, attribute_id: int, data: AttributeInput, reason: str
) -> Attribute:
    """Change an attribute; its code, kind and category stay. Audited, for moderation.

    Goods keep the values they have, also of choices that are no longer offered.
    """
    require_moderation(actor)
    with transaction.atomic():
        found = Attribute.objects.select_for_update(of=("self",)).filter(pk=attribute_id).first()
        if found is None:
            raise NotFound()
        columns = _columns(found.kind, data, {})
        for name, value in columns.items():
            setattr(found, name, value)
        found.save(update_fields=list(columns))
        _audit(actor, found, "attribute.change", reason)
    return found


def _columns(kind: str, data: AttributeInput, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the columns, or refuse with everything that is wrong."""
    names = _names(data.names)
    choices = data.choices or {}
    if "en" not in names or any(len(name) > 40 for name in names.values()):
        fields["name_en"] = _("Give it a name of 1 to 40 letters.")
    if (kind == "choice") != bool(choices) or len(choices) > MOST_CHOICES:
        fields["choices"] = _("A choice needs 1 to 50 things to choose from; others need none.")
    if any(not is_code(code) or "en" not in _names(told) for code, told in choices.items()):
        fields["choices"] = _("Give every choice a code and an English name.")
    if len(data.unit) > 12 or (data.unit and kind != "number"):
        fields["unit"] = _("Only a number has a unit, of at most 12 letters.")
    if not 0 <= data.position <= 999:
        fields["position"] = _("Enter a number from 0 to 999.")
    if fields:
        raise Invalid(fields=fields)
    return {
        "names": names,
        "unit": data.unit.strip(),
        "choices": [{"code": code, "names": _names(told)} for code, told in choices.items()],
        "is_required": data.is_required,
        "is_filterable": data.is_filterable,
        "position": data.position,
    }


def _names(given: Mapping[str, str]) -> dict[str, str]:
    known = dict(settings.LANGUAGES)
    return {code: text.strip() for code, text in given.items() if code in known and text.strip()}


def _audit(actor: Actor, row: Attribute, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="attribute",
        subject_id=row.pk,
        subject_label=row.code,
        reason=reason,
    )


def clean_attributes(
    category: Category | None, typed: Mapping[str, str], *, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that are kept of what was typed for a product of a category.

    Values of other attributes are dropped; one that is not named stays as it was ``before``.
    Raises Invalid naming each field ``attribute_CODE`` that does not fit or is missing.
    """
    kept: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for row in attributes_of(category):
        name = f"attribute_{row.code}"
        if row.code not in typed:
            value = before.get(row.code)
        else:
            try:
                value = clean_value(definition_of(row), typed[row.code])
            except ValueError:
                fields[name] = _wrong(row)
                continue
        if value is not None:
            kept[row.code] = value
        elif row.is_required:
            fields[name] = _("Fill this in.")
    if fields:
        raise Invalid(fields=fields)
    return kept


def _wrong(row: Attribute) -> Any:
    return {
        "number": _("Enter a number."),
        "choice": _("Choose one of the list."),
        "yesno": _("Choose yes or no."),
        "date": _("Enter a date."),
        "text": _("At most 200 letters."),
    }[row.kind]
