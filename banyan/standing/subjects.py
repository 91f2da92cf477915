"""Goods and what buyers say of them, as moderation knows them.

A rights holder may have goods hidden until it is settled; what buyers say can be reported.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from banyan.catalog import actions as catalog
from banyan.catalog.access import get_product_for_id
from banyan.catalog.models import Product, ProductImage
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.moderation import ports

from .access import visible_reviews
from .models import Review, Takedown

LABEL = 80


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
        min_age=product.min_age or 0,
    )


def _hide(*, actor: Actor, subject_id: int, reason: str) -> None:
    """Take it off every page; what was ordered stays, unlike in a takedown of unsafe goods."""
    catalog.take_down_product(actor=actor, product_id=subject_id, reason=reason)


def _restore(*, actor: Actor, subject_id: int, reason: str) -> None:
    if Takedown.objects.filter(product_id=subject_id).exclude(state="lifted").exists():
        return  # it is down for another reason
    catalog.put_back_product(actor=actor, product_id=subject_id, reason=reason)


def _sees_review(actor: Actor, subject_id: int) -> bool:
    row = Review.objects.filter(pk=subject_id).first()
    if row is None or not _visible(actor, row.product_id):
        return False
    return visible_reviews(row.product_id).filter(pk=row.pk).exists()


def _find_review(subject_id: int) -> ports.Found | None:
    row = Review.objects.select_related("product__shop").filter(pk=subject_id).first()
    if row is None:
        return None
    place = [row.product.shop.slug, row.product.slug]
    return ports.Found(
        author_id=row.author_id,
        label=(row.body or row.product.title)[:LABEL],
        url=reverse("reviews", args=place),
        text=row.body,
        min_age=row.product.min_age or 0,
    )


def _hide_review(*, actor: Actor, subject_id: int, reason: str) -> None:
    row = Review.objects.select_for_update().filter(pk=subject_id, hidden_at=None).first()
    if row is None:
        return
    row.hidden_at = clock.now()
    row.save(update_fields=["hidden_at"])
    catalog.unrate_product(actor=actor, product_id=row.product_id, stars=row.stars)


def _restore_review(*, actor: Actor, subject_id: int, reason: str) -> None:
    shown = Review.objects.select_for_update().filter(pk=subject_id, hidden_at__isnull=False)
    row = shown.first()
    if row is None:
        return
    row.hidden_at = None
    row.save(update_fields=["hidden_at"])
    catalog.rate_product(actor=actor, product_id=row.product_id, stars=row.stars)


def register() -> None:
    """Let rights holders name goods; what else is wrong with them is reported on our own page.

    What buyers say of them is reported like any other text.
    """
    ports.register(
        ports.Subject(
            kind="review",
            name=_("What a buyer said"),
            visible=_sees_review,
            find=_find_review,
            hide=_hide_review,
            restore=_restore_review,
        )
    )
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
