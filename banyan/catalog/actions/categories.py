"""The categories that goods are sorted into: one list for the whole platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.moderation.access import require_moderation

from ..models import Category
from ..queries.categories import above
from ..rules import is_slug

LONGEST_NAME = 40


def add_category(
    *,
    actor: Actor,
    slug: str,
    names: Mapping[str, str],
    position: int = 0,
    parent: str = "",
    reason: str,
) -> Category:
    """Add a category, below ``parent`` (an address) where there is one. Audited.

    ``names`` maps languages to names, English is needed.

    For moderation. Raises Invalid with the field, also for an address that is taken.
    """
    require_moderation(actor)
    slug = slug.strip().lower()
    kept, over = _check(names, position), _parent(parent)
    if not is_slug(slug):
        raise Invalid(
            fields={"slug": _("Use small letters, digits and hyphens; some words are reserved.")}
        )
    with transaction.atomic():
        made, new = Category.objects.get_or_create(
            slug=slug, defaults={"names": kept, "position": position, "parent": over}
        )
        if not new:
            raise Invalid(fields={"slug": _("This address is taken.")})
        _audit(actor, made, "category.add", reason)
    return made


def change_category(
    *,
    actor: Actor,
    category_id: int,
    names: Mapping[str, str],
    position: int,
    parent: str = "",
    reason: str,
) -> Category:
    """Rename a category or move it, in the row or below ``parent``; its address stays.

    Audited, repeatable.

    For moderation. Raises Invalid with the field.
    """
    require_moderation(actor)
    kept, over = _check(names, position), _parent(parent)
    with transaction.atomic():
        # All of them: two moves at once could make a circle.
        every = {row.pk: row for row in Category.objects.select_for_update().order_by("id")}
        found = every.get(category_id)
        if found is None:
            raise NotFound()
        over = every[over.pk] if over is not None else None
        if over is not None and found.pk in above(over):
            raise Invalid(fields={"parent": _("A category does not stand below itself.")})
        wanted = (kept, position, over.pk if over else None)
        if (found.names, found.position, found.parent_id) != wanted:
            found.names, found.position, found.parent = kept, position, over
            found.save(update_fields=["names", "position", "parent"])
            _audit(actor, found, "category.change", reason)
    return found


def _check(names: Mapping[str, str], position: int) -> dict[str, str]:
    fields: dict[str, Any] = {}
    kept = {
        code: names[code].strip()
        for code, _name in settings.LANGUAGES
        if names.get(code, "").strip()
    }
    for code, name in kept.items():
        if len(name) > LONGEST_NAME:
            fields[f"name_{code}"] = _("At most 40 letters.")
    if "en" not in kept:
        fields["name_en"] = _("Give the category a name.")
    if not 0 <= position <= 999:
        fields["position"] = _("Enter a number from 0 to 999.")
    if fields:
        raise Invalid(fields=fields)
    return kept


def _parent(slug: str) -> Category | None:
    found = Category.objects.filter(slug=slug).first() if slug else None
    if slug and found is None:
        raise Invalid(fields={"parent": _("Choose a category of the list.")})
    return found


def _audit(actor: Actor, category: Category, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="category",
        subject_id=category.pk,
        subject_label=category.slug,
        reason=reason,
    )
