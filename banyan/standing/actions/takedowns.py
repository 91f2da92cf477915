"""One act takes a product down everywhere, and settles what is open about it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from banyan.catalog import actions as catalog
from banyan.catalog.access import require_outsider
from banyan.catalog.models import Product
from banyan.delivery.models import Grant
from banyan.delivery.queries import unfetched, unused_vouchers
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Conflict, Invalid, NotFound, Problem
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.moderation.queries import claimed, stands_on
from banyan.orders.actions.cancelling import cancel_unsent
from banyan.orders.actions.payment import withdraw_checkout
from banyan.orders.actions.recalling import end_exchanges, void_free, with_exchanges
from banyan.orders.actions.refunds import grant_refund
from banyan.orders.models import Checkout, Order, OrderLine

from ..access import require_moderation
from ..events import ProductTakenDown
from ..models import Takedown
from ..rules import REASONS
from ..states import TAKEDOWN

logger = logging.getLogger(__name__)
LOOK_BACK = dt.timedelta(days=365)
"""Who received it longer ago is not warned any more."""
LOOK_AGAIN = dt.timedelta(minutes=10)
"""What was being placed at that very moment is there only after the first look."""
TAKEN_DOWN = "taken down"
"""The reason of order.cancelled for purchases that ended unpaid with a takedown."""


def take_down(*, actor: Actor, product_id: int, reason: str, words: str) -> Takedown:
    """Take a product off every page at once. For moderation; ``words`` are for shop and buyers.

    Every page, link, card, feed and search shows only what is on sale, so one state is enough.
    What is open is settled by :func:`settle_takedown` afterwards. Audited; emits
    product.taken_down and product.withdrawn. Repeatable: returns the takedown that stands.
    """
    require_moderation(actor)
    if reason not in REASONS:
        raise Invalid(fields={"reason_code": _("Choose one of these.")})
    if not 1 <= len(words.strip()) <= 500:
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    standing = Takedown.objects.filter(product=product, state__in=["settling", "settled"])
    try:
        with transaction.atomic():
            made = Takedown.objects.create(
                product=product, reason=reason, words=words.strip(), created_at=clock.now()
            )
            catalog.take_down_product(actor=actor, product_id=product.pk, reason=reason)
            told = ProductTakenDown(
                product_id=product.pk, shop_id=product.shop_id, takedown_id=made.pk
            )
            events.emit(told, actor=actor)
            _audit(actor, made, "product.take_down", words)
    except IntegrityError as error:
        if "takedown_once" not in str(error):
            raise
        return standing.get()
    return made


def settle_takedown(*, actor: Actor, takedown_id: int) -> Takedown:
    """End what is open about a product: unpaid purchases, and what was paid but not sent.

    Unpaid checkouts that hold it end (a payment on its way goes back in full by itself); units
    not sent yet are cancelled, vouchers not used and files not fetched yet refunded, and nobody is
    sent another piece in exchange: what came back for one is refunded, too. Each is a transaction
    of its own and repeatable, so a killed process goes on where it stopped; one that is settled is
    looked at again. Whoever has it already is warned by the listeners; whose purchase ended is
    told.
    """
    found = Takedown.objects.select_related("product").get(pk=takedown_id)
    if found.state == "lifted":
        return found
    ended = _end_unpaid(actor, found)
    refunded, failed = _refund_unsent(actor, found)
    exchanged, waiting = _end_exchanges(actor, found)
    if failed or waiting:
        return found  # the next run goes on
    refunded += exchanged + found.result.get("refunded", 0)
    done = {"ended": ended, "refunded": refunded, "warned": len(received_orders(found.product_id))}
    if found.state == "settled":
        Takedown.objects.filter(pk=found.pk, state="settled").update(result=done)
        return found
    with transaction.atomic():
        transition(TAKEDOWN, found, "settled", actor=actor, result=done, settled_at=clock.now())
    return found


def _end_unpaid(actor: Actor, found: Takedown) -> int:
    lines = OrderLine.objects.filter(product_id=found.product_id, order__checkout__state="placed")
    ids = sorted(set(lines.values_list("order__checkout_id", flat=True)))
    for checkout_id in ids:
        withdraw_checkout(actor=actor, checkout_id=checkout_id, reason=TAKEN_DOWN)
    held = OrderLine.objects.filter(product_id=found.product_id)
    gone = Checkout.objects.filter(orders__lines__in=held, state="cancelled")
    return gone.distinct().count()


def _refund_unsent(actor: Actor, found: Takedown) -> tuple[int, int]:
    """Pay back what was paid and not sent or used; return how many orders, and how many wait."""
    lines = OrderLine.objects.filter(product_id=found.product_id)
    # Sent or handed over: what waits for its group is neither yet.
    unsent = lines.filter(
        order__state="paid", quantity__gt=F("shipped_quantity") + F("cancelled_quantity")
    )
    unused = _unused(lines)
    by_order: dict[int, list[OrderLine]] = {}
    for line in [*unsent, *lines.filter(pk__in=unused)]:
        by_order.setdefault(line.order_id, []).append(line)
    acts = {
        order_id: partial(_pay_back, actor, found, order_id, open_lines, unused)
        for order_id, open_lines in by_order.items()
    }
    done, failed = _each(found, acts)
    return len(done), failed


def _unused(lines: QuerySet[OrderLine]) -> dict[int, int]:
    """Return how many units of paid lines are vouchers that nobody used, files nobody fetched.

    A file that cost nothing is none of these: there is nothing to give back, and while it is down
    nobody fetches it.
    """
    paid = lines.filter(order__state__in=["paid", "shipped", "received"])
    dear = paid.filter(goods_amount__gt=F("discount_amount"))
    files = lines.filter(pk__in=unfetched(dear.values("id")))
    units = files.values_list("id", F("quantity") - F("cancelled_quantity"))
    return unused_vouchers(paid.values("id")) | dict(units)


def _end_exchanges(actor: Actor, found: Takedown) -> tuple[int, int]:
    """Let nobody get another piece; return how many orders were refunded, and how many wait."""
    acts = {
        order_id: partial(
            end_exchanges,
            actor=actor,
            order_id=order_id,
            product_id=found.product_id,
            reason=found.words[:200],
            key=f"takedown:{found.pk}:{order_id}:exchange",
        )
        for order_id in with_exchanges(found.product_id).values_list("id", flat=True)
    }
    done, failed = _each(found, acts)
    return sum(refund is not None for refund in done), failed


def _each(found: Takedown, acts: Mapping[int, Callable[[], object]]) -> tuple[list[object], int]:
    """Settle what is open, order by order; return what each gave, and how many have to wait."""
    done: list[object] = []
    failed = 0
    for order_id, act in sorted(acts.items()):
        try:
            done.append(act())
        except (Busy, Conflict) as problem:
            failed += 1
            logger.warning("takedown %s: order %s waits: %s", found.pk, order_id, problem)
        except Problem:
            failed += 1
            logger.exception("takedown %s: order %s is not refunded", found.pk, order_id)
    return done, failed


def _pay_back(
    actor: Actor,
    found: Takedown,
    order_id: int,
    lines: Sequence[OrderLine],
    unused: Mapping[int, int],
) -> None:
    """Cancel the unsent units of an order's lines; refund those that nobody has made use of."""
    key, reason = f"takedown:{found.pk}:{order_id}", found.words[:200]
    unsent = [line.pk for line in lines if line.to_ship]
    if unsent:
        cancel_unsent(actor=actor, order_id=order_id, line_ids=unsent, reason=reason, key=key)
    parts = {line.pk: _worth(line, unused[line.pk]) for line in lines if line.pk in unused}
    if free := [pk for pk, worth in parts.items() if not worth]:
        void_free(actor=actor, order_id=order_id, line_ids=free)
    parts = {pk: worth for pk, worth in parts.items() if worth}
    if amount := sum(parts.values()):
        grant_refund(
            actor=actor,
            order_id=order_id,
            amount=amount,
            lines=parts,
            reason=reason,
            key=f"{key}:vouchers",
        )


def _worth(line: OrderLine, n: int) -> int:
    """Return what ``n`` units of a line are worth, the last ones bearing what does not divide."""
    used = line.paid_amount * (line.quantity - n) // line.quantity
    return min(line.paid_amount - used, line.paid_amount - line.refunded_amount)


def received_orders(product_id: int) -> list[Order]:
    """Return the orders whose buyers have the product, or will get it, of the last year.

    By what left, whatever became of the rest of the order or of its price.
    """
    since = clock.now() - LOOK_BACK
    left = OrderLine.objects.filter(
        product_id=product_id, shipped_quantity__gt=F("returned_quantity")
    )
    found = Order.objects.filter(lines__in=left, paid_at__gt=since)
    return list(found.select_related("checkout", "shop").distinct().order_by("id"))


def settle_due(*, actor: Actor) -> int:
    """Go on with every takedown that is not settled, or only just; returns how many.

    Files that a rights holder's claim keeps from buyers for good are paid back, too.
    """
    lately = Q(state="settled", settled_at__gt=clock.now() - LOOK_AGAIN)
    due = Takedown.objects.filter(Q(state="settling") | lately)

    def go_on(takedown_id: int) -> int:
        settle_takedown(actor=actor, takedown_id=takedown_id)
        return 1

    return sweep("standing.settle", due, go_on) + _pay_claimed(actor)


def _pay_claimed(actor: Actor) -> int:
    """Pay back the files that nobody fetched before a rights holder's claim to them held."""
    theirs = Product.objects.filter(
        pk__in=claimed("product").values("subject_id"), state="taken_down"
    )
    grants = Grant.objects.filter(product__in=theirs, used=0, closed_at=None)
    dear = OrderLine.objects.filter(goods_amount__gt=F("discount_amount"))
    due = dear.filter(
        pk__in=grants.values("line_id"), order__state__in=["paid", "shipped", "received"]
    )

    def pay(line_id: int) -> int:
        line = OrderLine.objects.select_related("order__checkout").get(pk=line_id)
        with translation.override(line.order.checkout.language):
            reason = gettext("A rights holder has a claim to it: it cannot be downloaded any more.")
        worth = _worth(line, line.quantity - line.cancelled_quantity)
        grant_refund(
            actor=actor,
            order_id=line.order_id,
            amount=worth,
            lines={line.pk: worth},
            reason=reason,
            key=f"claimed:{line.pk}",
        )
        return 1

    return sweep("standing.claimed", due, pay)


def lift_takedown(*, actor: Actor, takedown_id: int, reason: str) -> Takedown:
    """Let the shop sell it again, from a draft. For moderation, nobody of the shop; audited.

    What a rights holder's notice keeps hidden stays hidden until that is settled.
    """
    require_moderation(actor)
    with transaction.atomic():
        found = Takedown.objects.select_for_update().filter(pk=takedown_id).first()
        if found is None:
            raise NotFound()
        require_outsider(actor, found.product.shop_id)
        transition(TAKEDOWN, found, "lifted", actor=actor, reason=reason)
        if not stands_on("product", found.product_id).exists():
            catalog.let_back_product(actor=actor, product_id=found.product_id, reason=reason)
        _audit(actor, found, "product.let_back", reason)
    return found


def _audit(actor: Actor, found: Takedown, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="product",
        subject_id=found.product_id,
        subject_label=found.product.title,
        reason=reason,
        detail={"reason": found.reason},
    )
