"""The ten verbs, spoken to Stripe."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

from banyan.kernel import clock

from ...problems import PayoutNotSupported, ProviderRefused, UnreadableMessage
from ..base import (
    Acknowledgement,
    Action,
    Capabilities,
    Charge,
    ChargebackState,
    Kind,
    LedgerPlace,
    Message,
    PayoutOrder,
    ProviderState,
    RefundOrder,
    SplitOrder,
    Started,
    Status,
    TakeBack,
)
from ..bills import BillLine
from . import connect
from .amounts import CURRENCIES, to_stripe
from .api import Api, Value, legible, part
from .bill import asked_for, lines
from .reading import chargeback_state, message, moment, refund_state, session_state
from .signing import opened, sealed, verify

logger = logging.getLogger(__name__)

_SESSIONS = "/v1/checkout/sessions"
_REFUNDS = "/v1/refunds"
_KEY = re.compile(r"(sk|rk)_(test|live)_[0-9A-Za-z_]+")
_SECRET = re.compile(r"whsec_[!-~]+")
_GRACE = dt.timedelta(minutes=31)  # Stripe lets no session end within 30 minutes of its start
_LONGEST = dt.timedelta(hours=23, minutes=59)  # nor after more than 24 hours
_LOCALES = {"zh-hans": "zh", "zh-cn": "zh", "zh-hant": "zh-TW", "zh-hk": "zh-HK"}


class StripeProvider:
    """Hosted Checkout of https://docs.stripe.com/payments/checkout; settings ``STRIPE_*``.

    ``provider_ref`` is the Checkout Session's id, which exists from the start: Stripe makes the
    PaymentIntent only when the payer pays.
    """

    name = "stripe"
    label: str | Promise = "Stripe"
    capabilities = Capabilities(
        currencies=CURRENCIES,
        short_of_money=frozenset({"balance_insufficient", "insufficient_balance_for_refund"}),
    )
    bill_zone: dt.tzinfo = dt.UTC

    def __init__(self) -> None:
        self._api = Api()

    @staticmethod
    def fault() -> str:
        """Return what keeps Stripe from being used, for the operator; "" is nothing."""
        found = []
        if not _KEY.fullmatch(settings.STRIPE_SECRET_KEY):
            found.append("BANYAN_STRIPE_SECRET_KEY is not a secret or restricted key of Stripe")
        secrets = settings.STRIPE_WEBHOOK_SECRETS
        if not secrets or not all(_SECRET.fullmatch(secret) for secret in secrets):
            found.append("BANYAN_STRIPE_WEBHOOK_SECRETS holds no signing secret (whsec_...)")
        if settings.PRODUCTION and not settings.STRIPE_URL.startswith("https://"):
            found.append("BANYAN_STRIPE_URL is not https")
        return "; ".join(found)

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the account's balance at Stripe."""
        return LedgerPlace(kind="gateway", owner_kind="provider", label=self.name)

    @legible()
    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Open a Checkout Session; the payer goes to its page.

        https://docs.stripe.com/api/checkout/sessions/create. The session outlives
        ``charge.expires_at`` by half an hour, the least that Stripe allows, so that a repetition
        at the last moment still says the same; the check after the expiry closes it. Stripe knows
        ``webhook_url`` from its dashboard.
        """
        session = self._api.post(
            _SESSIONS,
            _session_fields(charge, return_url=return_url, locale=locale),
            key=charge.idempotency_key,
        )
        return Started(
            provider_ref=session["id"], action=Action(kind="redirect", url=session["url"])
        )

    @legible()
    def query(self, charge: Charge) -> ProviderState:
        """Read the session with its payment; the money is what Stripe received.

        A session that this account does not know (the keys were changed since) can bring no money
        here: CANCELLED, so that its order is not held for ever.
        """
        try:
            return session_state(self._session(charge.provider_ref))
        except ProviderRefused as refusal:
            if refusal.reason != "resource_missing":
                raise
            logger.warning("this account has no session %s", charge.provider_ref)
            return ProviderState(
                status=Status.CANCELLED, provider_ref=charge.provider_ref, failure=refusal.reason
            )

    @legible()
    def cancel(self, charge: Charge) -> ProviderState:
        """Expire the session, or say that it was paid.

        https://docs.stripe.com/api/checkout/sessions/expire. A slow way to pay that is under way
        cannot be stopped: PENDING, and the next check asks again.
        """
        try:
            self._api.post(f"{_SESSIONS}/{part(charge.provider_ref)}/expire", {})
        except ProviderRefused as refusal:
            logger.info("session %s is not open: %s", charge.provider_ref, refusal)
        return self.query(charge)

    @legible()
    def refund(self, order: RefundOrder) -> ProviderState:
        """Ask for a refund, unless this one was asked for before.

        https://docs.stripe.com/api/refunds/create. Stripe forgets an idempotency key after a day;
        the list of the payment's refunds never forgets, so it is looked at first.
        """
        session = self._session(order.payment_ref)
        payment = session["payment_intent"]
        if not payment:
            raise ProviderRefused("not_paid", detail=order.payment_ref)
        known = self._known_refund(payment["id"], order.reference)
        if known is not None:
            return refund_state(known)
        fields: dict[str, Value] = {
            "payment_intent": payment["id"],
            "amount": to_stripe(order.money),
            "metadata": {**sealed(order.reference), "reason": order.reason[:500]},
        }
        return refund_state(self._api.post(_REFUNDS, fields, key=order.idempotency_key))

    @legible()
    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Read the refund (https://docs.stripe.com/api/refunds/retrieve)."""
        return refund_state(self._api.get(f"{_REFUNDS}/{part(order.provider_ref)}"))

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: earners have no account at Stripe."""
        raise PayoutNotSupported(detail=self.name)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: see :meth:`payout`."""
        raise PayoutNotSupported(detail=self.name)

    def splits(self) -> bool:
        """Tell whether the account is a Connect platform's."""
        return bool(settings.STRIPE_CONNECT)

    @legible()
    def connect(self, account: str, *, name: str) -> None:
        """Check a connected account (``acct_...``); Stripe knows its name itself."""
        connect.check_account(self._api, account)

    @legible()
    def split(self, order: SplitOrder) -> ProviderState:
        """Transfer a part of a payment's charge to a connected account."""
        session = self._session(order.payment_ref)
        charge = (session["payment_intent"] or {}).get("latest_charge")
        if not charge:
            raise ProviderRefused("not_paid", detail=order.payment_ref)
        return connect.send(self._api, order, charge["id"])

    @legible()
    def query_split(self, order: SplitOrder) -> ProviderState:
        """Read the transfer."""
        return connect.stands(self._api, order)

    @legible()
    def take_back(self, order: TakeBack) -> ProviderState:
        """Reverse a part of a transfer."""
        return connect.reverse(self._api, order)

    @legible()
    def query_take_back(self, order: TakeBack) -> ProviderState:
        """Do the same again: a reversal that was made is found by its reference."""
        return connect.reverse(self._api, order)

    def keep_rest(self, *, payment_ref: str, reference: str) -> None:
        """Do nothing: what is not transferred is the platform's."""

    def query_chargeback(self, ref: str) -> ChargebackState:
        """Read a dispute, and which of our Checkout Sessions it is about."""
        dispute = self._api.get(f"/v1/disputes/{part(ref)}")
        session = asked_for(self._api, dispute["payment_intent"] or "")
        ours = opened(session.get("metadata"))
        return chargeback_state(dispute, payment_ref=session["id"] if ours else "")

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Verify an event's signature, and read it (https://docs.stripe.com/webhooks).

        Of a payment near its end Stripe is asked when it was made: ProviderUnreachable.
        """
        header = next((v for k, v in headers.items() if k.lower() == "stripe-signature"), "")
        secrets = settings.STRIPE_WEBHOOK_SECRETS
        verify(header, body, secrets=secrets, now=clock.now().timestamp())
        live = "_live_" in settings.STRIPE_SECRET_KEY[:8]
        try:
            return [self._by_the_payers_clock(message(json.loads(body), live=live))]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnreadableMessage(detail=repr(error)) from error

    def _by_the_payers_clock(self, told: Message) -> Message:
        """Return what was told with the moment of the charge, where that decides.

        Stripe writes its event a moment after the payment; the time to pay may end in between.
        """
        ends = moment(told.raw["object"].get("expires_at"))
        paid = told.kind == Kind.PAYMENT_SUCCEEDED
        if not paid or ends is None or told.at is None or told.at < ends - _GRACE:
            return told
        try:
            with legible():
                state = session_state(self._session(told.provider_ref))
        except ProviderRefused:
            return told
        return replace(told, at=state.at or told.at)

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Any 2xx is acceptance; everything else is sent again for up to three days."""
        return Acknowledgement() if accepted else Acknowledgement(status=503, body="later")

    @legible()
    def bill(self, day: dt.date) -> list[BillLine]:
        """Return what moved on the account's balance on ``day`` (UTC), oldest first.

        Raises ProviderUnreachable, ProviderRefused.
        """
        return lines(self._api, day)

    def _session(self, ref: str) -> Mapping[str, Any]:
        return self._api.get(f"{_SESSIONS}/{part(ref)}", expand=["payment_intent.latest_charge"])

    def _known_refund(self, payment: str, reference: str) -> Mapping[str, Any] | None:
        listed = self._api.pages(_REFUNDS, payment_intent=payment)
        return next((one for one in listed if opened(one["metadata"]) == reference), None)


def _session_fields(charge: Charge, *, return_url: str, locale: str) -> dict[str, Value]:
    ends = min(charge.expires_at + _GRACE, charge.started_at + _LONGEST)
    metadata = sealed(charge.reference)
    name = charge.description or charge.reference
    fields: dict[str, Value] = {
        "mode": "payment",
        "client_reference_id": charge.reference,
        "metadata": metadata,
        "payment_intent_data": {"description": name, "metadata": metadata},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": charge.money.currency.lower(),
                    "unit_amount": to_stripe(charge.money),
                    "product_data": {"name": name},
                },
            }
        ],
        "success_url": return_url,
        "cancel_url": return_url,
        "expires_at": int(ends.timestamp()),
        "locale": _LOCALES.get(locale.lower(), "en" if locale.lower() == "en" else "auto"),
        # The payer pays in the currency of the order, so that amounts agree to the cent.
        "adaptive_pricing": {"enabled": False},
    }
    if settings.STRIPE_METHODS:
        fields["allowed_payment_method_types"] = settings.STRIPE_METHODS
    return fields
