"""Who wants to know when something is back; and telling them, in order, once.

Of everybody who asked, as many are told as ``TOLD_PER_UNIT`` times the free units, counting those
who were told within ``WAVE``: others would come to an empty shelf. The next wave follows.
"""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, locks, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.notify.actions import notify, send

from ..access import visible_products
from ..models import Stock, StockWish, Variant
from ..rules import text_in

TOLD_PER_UNIT = 3
WAVE = dt.timedelta(hours=24)
WISHES_A_DAY = 20  # of one address: anybody can type it


def wish_for(*, actor: Actor, variant_id: int, email: str = "") -> StockWish:
    """Note that somebody wants to know when a sold-out variant is back. Repeatable.

    A member is told by notice, a visitor by e-mail. Raises Conflict ``in_stock`` when it is there,
    TooMany for an address that is typed all day.
    """
    variant = (
        Variant.objects.select_related("stock")
        .filter(pk=variant_id, is_active=True, product__in=visible_products())
        .first()
    )
    if variant is None:
        raise NotFound()
    if variant.stock.free > 0:
        raise Conflict(_("It is in stock: you can order it now."), code="in_stock")
    email = "" if actor.id is not None else email.strip()
    if actor.id is None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid(fields={"email": _("This is not an e-mail address.")}) from error
        ratelimits.hit(f"stock.wish:{email.lower()}", WISHES_A_DAY, 86_400)
    mine = StockWish.objects.filter(variant=variant, told_at=None)
    known = mine.filter(account_id=actor.id) if actor.id else mine.filter(email__iexact=email)
    wish = StockWish(
        variant=variant,
        account_id=actor.id,
        email=email,
        language=get_language() or "en",
        token=new_code(120),
        created_at=clock.now(),
    )
    before = known.first()
    if before is not None:
        return before
    with transaction.atomic():
        made = StockWish.objects.bulk_create([wish], ignore_conflicts=True)
    return known.first() or made[0]


def unwish(*, token: str) -> None:
    """Forget a wish, by the link of its message; repeatable. Whoever has the link may."""
    StockWish.objects.filter(token=token).delete()


def unwish_own(*, actor: Actor, variant_id: int) -> None:
    """Forget a member's own wish; repeatable."""
    if actor.id is not None:
        StockWish.objects.filter(variant_id=variant_id, account_id=actor.id, told_at=None).delete()


def tell_back_in_stock(*, most: int = 200) -> int:
    """Tell the next people in order of what is back; returns how many. Any number may run at once.

    One transaction per variant, with its stock's row locked: two workers never tell one twice,
    nor more than there are units for.
    """
    told = 0
    back = (
        StockWish.objects.filter(told_at=None, variant__is_active=True)
        .filter(
            variant__stock__on_hand__gt=F("variant__stock__allocated")
            + F("variant__stock__reserved")
            + F("variant__stock__held"),
            variant__product__in=visible_products(),
        )
        .values_list("variant_id", "variant__stock__id")
        .distinct()
    )
    for variant_id, stock_id in list(back[:most]):
        told += _tell_of(variant_id, stock_id, most - told)
        if told >= most:
            break
    return told


def _tell_of(variant_id: int, stock_id: int, most: int) -> int:
    now = clock.now()
    with transaction.atomic():
        locks.take([LockKey("stock", stock_id)])
        free = Stock.objects.get(pk=stock_id).free
        wishes = StockWish.objects.filter(variant_id=variant_id)
        lately = wishes.filter(told_at__gt=now - WAVE).count()
        room = min(most, free * TOLD_PER_UNIT - lately)
        if room < 1:
            return 0
        due = list(
            wishes.filter(told_at=None)
            .select_related("variant__product__shop", "account")
            .order_by("id")[:room]
        )
        StockWish.objects.filter(pk__in=[wish.pk for wish in due]).update(told_at=now)
        for wish in due:
            _tell(wish)
    return len(due)


def _tell(wish: StockWish) -> None:
    product = wish.variant.product
    path = f"/shop/{product.shop.slug}/{product.slug}?variant={wish.variant_id}"
    title = text_in(product.texts, wish.language, "title", product.title)
    if wish.account_id is not None:
        notify(
            recipient_id=wish.account_id,
            kind="stock.back",
            group_key=f"stock.back:{wish.variant_id}",
            url=path,
            data={"title": title},
        )
        return
    send(
        channel="email",
        destination=wish.email,
        kind="stock.back",
        context={"title": title, "path": path, "leave": f"/stock/wish/{wish.token}"},
        language=wish.language,
        key=f"stock.back:{wish.pk}",
    )
