"""From a press on Pay to the place where the payer pays, whoever presses and wherever.

A payer is the buyer, whose pages have the payment's token in their addresses, or whoever has the
link to pay it: their pages never lead to the buyer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from banyan.payments import actions as payments
from banyan.payments.access import get_intent_by_link, get_intent_by_token
from banyan.payments.models import Intent
from banyan.payments.queries import lane_in
from banyan.payments.rules import BY_LINK, SETTLED
from banyan.web.http import actor

from . import identity
from .device import Way, payer_context, way_to_pay

CAME_BACK = "back"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays ``intent``: the buyer, or by ``link`` anybody."""

    intent: Intent
    link: str = ""

    @classmethod
    def known_by(cls, *, token: str, link: str) -> Payer:
        """Return the payer who has one of the two; NotFound when neither is right."""
        if link:
            return cls(get_intent_by_link(link), link)
        return cls(get_intent_by_token(token))

    def context(self, told: Mapping[str, str]) -> dict[str, str]:
        """Return a context of ``Provider.start`` that keeps the two kinds of payers apart."""
        return {**told, "by": BY_LINK} if self.link else dict(told)

    def lane(self, context: Mapping[str, str]) -> str:
        """Return the lane of an attempt that is started with ``context``."""
        return lane_in(self.intent, context)

    def page(self) -> str:
        """Return the page to press Pay on again."""
        if self.link:
            return reverse("pay_link", args=[self.link])
        return reverse("payment_wait", args=[self.intent.token])

    def way_back(self, lane: str) -> str:
        """Return the path of the page that the provider sends the payer back to."""
        # Alipay takes no address with a query: it puts its own behind.
        name, key = (
            ("pay_link_back", self.link) if self.link else ("payment_return", self.intent.token)
        )
        return reverse(name, args=[key, lane] if lane else [key])

    def waiting_page(self, lane: str) -> str:
        """Return the page with what the payer scans or runs."""
        if self.link:
            return f"{reverse('pay_link_wait', args=[self.link])}?{urlencode({'lane': lane})}"
        return f"{self.page()}?{urlencode({'lane': lane})}" if lane else self.page()

    def checking_page(self, lane: str) -> str:
        """Return the waiting page for who comes back: nothing there begins to pay by itself."""
        page = self.waiting_page(lane)
        return f"{page}{'&' if '?' in page else '?'}{urlencode({CAME_BACK: 1})}"


def go(request: HttpRequest, payer: Payer) -> str:
    """Return where the payer's browser goes from Pay; raises what ``payments.start`` raises.

    Where the payer's app must say who pays, that is asked now, by way of the app's own address.
    """
    intent = payer.intent
    way = way_to_pay(request, intent.provider)
    if way == Way.HERE or intent.state in SETTLED:
        return start(request, payer, payer_context(request, intent.provider))
    payments.require_open(intent)
    if way == Way.ASK:
        return identity.ask(request, intent.provider, token=intent.token, link=payer.link)
    if not payer.link:
        payments.open_link(actor=actor(request), intent=intent)
    return payer.page()


def start(request: HttpRequest, payer: Payer, told: Mapping[str, str]) -> str:
    """Start at the provider with what is ``told`` of the payer; return where the browser goes."""
    context = payer.context(told)
    lane = payer.lane(context)
    return payments.start_known(
        actor=actor(request),
        intent=payer.intent,
        return_url=request.build_absolute_uri(payer.way_back(lane)),
        locale=get_language() or "en",
        context=context,
        wait_url=payer.waiting_page(lane),
    )
