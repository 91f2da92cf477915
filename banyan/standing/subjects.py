"""Goods, as moderation knows them: a rights holder may have them hidden until it is settled."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from banyan.catalog import actions as catalog
from banyan.catalog.access import get_product_for_id
from banyan.catalog.models import Product, ProductImage
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.moderation import ports

from .models import Takedown


def _visible(actor: Actor, subject_id: int) -> bool:
    try:
        get_product_for_id(actor, subject_id)
    except NotFound:
        return False
    return True


def _find(subject_id: int) -> ports.Found | None:
    product = Product.objects.select_related("shop").filter(pk=subject_id).first()
    if product is None:
        return None
    pictures = ProductImage.objects.filter(product=product).order_by("id")
    return ports.Found(
        author_id=product.shop.owner_id,
        label=product.title[:120],
        url=reverse("product", args=[product.shop.slug, product.slug]),
        text=f"{product.title}\n{product.description}".strip(),
        images=list(pictures.values_list("image_id", flat=True)),
    )


def _hide(*, actor: Actor, subject_id: int, reason: str) -> None:
    """Take it off every page; what was ordered stays, unlike in a takedown of unsafe goods."""
    catalog.take_down_product(actor=actor, product_id=subject_id, reason=reason)


def _restore(*, actor: Actor, subject_id: int, reason: str) -> None:
    if Takedown.objects.filter(product_id=subject_id).exclude(state="lifted").exists():
        return  # it is down for another reason
    catalog.put_back_product(actor=actor, product_id=subject_id, reason=reason)


def register() -> None:
    """Let rights holders name goods; what else is wrong with them is reported on our own page."""
    ports.register(
        ports.Subject(
            kind="product",
            name=_("Product"),
            visible=_visible,
            find=_find,
            hide=_hide,
            restore=_restore,
            report_url=lambda subject_id: reverse("report_product", args=[subject_id]),
        )
    )
