"""What somebody waits for who asked to be told when a variant is back in stock."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.notify.ports import Subject, register_subject

from .access import visible_products
from .models import Variant
from .rules import text_in

BACK = "stock.back"


def find_variant(*, actor: Actor, subject_id: int, asking: bool) -> Subject:
    """Return a variant that is for sale; see ``notify.ports.FindSubject``.

    Raises Conflict ``in_stock`` for whoever asks to be told of what is there.
    """
    variant = (
        Variant.objects.select_related("stock", "product__shop")
        .filter(pk=subject_id, is_active=True, product__in=visible_products())
        .first()
    )
    if variant is None:
        raise NotFound()
    if asking and variant.stock.free > 0:
        raise Conflict(_("It is in stock: you can order it now."), code="in_stock")
    return Subject(
        title_of(variant, get_language() or "en"),
        path_of(variant),
        min_age=variant.product.min_age or 0,
    )


def title_of(variant: Variant, language: str) -> str:
    """Return the title of a variant's product in a language."""
    product = variant.product
    return text_in(product.texts, language, "title", product.title)


def path_of(variant: Variant) -> str:
    """Return where a variant is bought."""
    product = variant.product
    return f"/shop/{product.shop.slug}/{product.slug}?variant={variant.pk}"


register_subject(BACK, find_variant)
