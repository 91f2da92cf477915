"""A purchase is placed as its buyer saw it, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, Problem, SoldOut

from ..rules import Agreement, WantedLine
from .persons import Contact
from .quoting import NO_WISHES, Quote, Wishes, quote

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is asked for, and what the buyer agreed to: its total, or every figure that was shown.

    With neither any price is taken.
    """

    actor: Actor
    lines: Sequence[WantedLine]
    coupon_code: str = ""
    wishes: Wishes = NO_WISHES
    contact: Contact | None = None
    agreed_total: int | None = None
    agreement: Agreement | None = None

    def quote(self, kept: Quote | None = None) -> Quote:
        """Price everything; refuse, and log, what is not exactly what the buyer agreed to.

        ``kept``: what of an earlier quote was reserved since, see ``quoting.quote``.

        Raises SoldOut ``not_on_sale``, CouponRefused, Invalid ``not_delivered_there``,
        or ``unknown_method``, Conflict ``price_changed``, and what quote raises.
        """
        try:
            return self._quote(kept)
        except Problem as problem:
            logger.info("not placed: %s %s", problem.code, problem.extra)
            raise

    def _quote(self, kept: Quote | None) -> Quote:
        found = quote(
            actor=self.actor,
            lines=self.lines,
            coupon_code=self.coupon_code,
            wishes=self.wishes,
            contact=self.contact,
            kept=kept,
        )
        if found.unavailable:
            raise SoldOut(_("Something in this order is no longer on sale."), code="not_on_sale")
        if away := found.undelivered():
            raise _not_delivered(found, away)
        if any(one.unknown for one in found.carriage.values()):
            raise Invalid(
                _("This way of delivery is not offered any more. Please choose another one."),
                code="unknown_method",
            )
        if found.coupons.problem is not None:
            raise found.coupons.problem
        self._check_agreed(found)
        return found

    def _check_agreed(self, now: Quote) -> None:
        changes = []
        if self.agreement is not None:
            if self.agreement.currency != now.currency:
                raise _changed(now, [])
            changes = self.agreement.changes(now.agreement)
        if changes or self.agreed_total not in (None, now.total.amount):
            raise _changed(
                now,
                [
                    {"what": one.what, "id": str(one.key), "before": one.before, "now": one.now}
                    for one in changes
                ],
            )


def read_agreement(text: str) -> Agreement | None:
    """Return what a quote's ``agreement.text()`` says, None for an empty one.

    Raises Invalid ``agreement`` for what no quote has said.
    """
    if not text:
        return None
    try:
        return Agreement.read(text)
    except ValueError as error:
        logger.info("not placed: agreement %s", error)
        raise Invalid(
            _("Please look at the prices again."), code="agreement", detail=str(error)
        ) from error


def _changed(now: Quote, changes: list[dict[str, object]]) -> Conflict:
    return Conflict(
        _("The price has changed. Please look at it again."),
        code="price_changed",
        extra={"total": now.total.amount, "currency": now.currency, "changes": changes},
    )


def _not_delivered(found: Quote, shop_ids: Sequence[int]) -> Invalid:
    shops = {v.product.shop_id: v.product.shop.name for v in found.variants.values()}
    names = ", ".join(shops[shop_id] for shop_id in shop_ids)
    return Invalid(
        _(
            "%(shops)s does not deliver there. Choose another address, or take its goods out of"
            " this order."
        )
        % {"shops": names},
        code="not_delivered_there",
        extra={"shops": [str(shop_id) for shop_id in shop_ids]},
    )
