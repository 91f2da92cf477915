"""The endpoints: https://docs.stripe.com/api/checkout/sessions, /refunds, /balance_transactions.

Lists: https://docs.stripe.com/api/pagination. Expansion: https://docs.stripe.com/api/expanding_objects
"""

from __future__ import annotations

from typing import Any

from . import objects
from .forms import listed, whole
from .money import settled
from .refusals import Refusal, missing_parameter, missing_thing, unknown_parameter
from .store import Store, Thing

# What https://docs.stripe.com/api/checkout/sessions/create takes in payment mode.
_SESSION_FIELDS = {
    "adaptive_pricing",
    "allowed_payment_method_types",
    "cancel_url",
    "client_reference_id",
    "expand",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data",
    "success_url",
}
_FILTERS = ("payment_intent", "status", "transfer", "transfer_group")
_LOCALES = {"auto", "en", "zh", "zh-HK", "zh-TW"}
_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"


def create_session(store: Store, given: dict[str, Any]) -> Thing:
    """Answer ``POST /v1/checkout/sessions``."""
    for name in given:
        if name not in _SESSION_FIELDS:
            raise unknown_parameter(name)
    for name in ("mode", "success_url", "line_items"):
        if name not in given:
            raise missing_parameter(name)
    items = listed(given["line_items"])
    price = items[0]["price_data"]
    if len(items) != 1 or not price["product_data"].get("name"):
        raise missing_parameter("line_items[0][price_data][product_data][name]")
    currency = price["currency"]
    amount = whole(price["unit_amount"], "unit_amount") * whole(items[0]["quantity"], "quantity")
    _check_amount(amount, currency)
    locale = given.get("locale", "auto")
    if locale not in _LOCALES:
        raise Refusal(f"Invalid locale: {locale}", param="locale")
    made = objects.session(
        store,
        {
            "adaptive_pricing": given.get("adaptive_pricing", {}).get("enabled") == "true",
            "cancel_url": given.get("cancel_url"),
            "client_reference_id": given.get("client_reference_id"),
            "expires_at": _expiry(store, given.get("expires_at")),
            "locale": locale,
            "metadata": given.get("metadata", {}),
            "methods": listed(given.get("allowed_payment_method_types")),
            "success_url": given["success_url"],
        },
        amount=amount,
        currency=currency,
    )
    store.plans[made["id"]] = given.get("payment_intent_data", {})
    return made


def expire_session(store: Store, ref: str) -> Thing:
    """Answer ``POST /v1/checkout/sessions/:id/expire``; only an open one can be expired."""
    found = thing(store, "checkout.session", ref)
    if found["status"] != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {found['status']}."
        )
    found["status"] = "expired"
    objects.event(store, "checkout.session.expired", found)
    return found


def create_refund(store: Store, given: dict[str, Any]) -> Thing:
    """Answer ``POST /v1/refunds``."""
    for name in given:
        if name not in {"payment_intent", "amount", "metadata", "reason", "expand"}:
            raise unknown_parameter(name)
    payment = thing(store, "payment_intent", given.get("payment_intent", ""))
    if payment["status"] != "succeeded":
        raise Refusal("This PaymentIntent does not have a successful charge to refund.")
    paid = store.things[payment["latest_charge"]]
    for one in store.of("dispute"):
        # https://docs.stripe.com/error-codes#charge-disputed
        if one["charge"] == paid["id"] and not one["is_charge_refundable"]:
            raise Refusal("Charge has been charged back.", code="charge_disputed")
    left = paid["amount"] - paid["amount_refunded"]
    amount = whole(given["amount"], "amount") if "amount" in given else left
    if left <= 0:
        raise Refusal(
            f"Charge {paid['id']} has already been refunded.", code="charge_already_refunded"
        )
    if not 0 < amount <= left:
        raise Refusal(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    if store.refunds == "insufficient":
        # As it was seen (woocommerce-payments, issue 10025): there is no ``code``.
        raise Refusal(
            "Insufficient funds in your Stripe balance to refund this amount.",
            message_code="insufficient_balance_for_refund",
        )
    made = objects.refund(store, paid, amount=amount, metadata=given.get("metadata", {}))
    paid["amount_refunded"] += amount
    paid["refunded"] = paid["amount_refunded"] == paid["amount"]
    moved = objects.booked(store, made, kind="refund", category="refund", amount=-amount)
    made["balance_transaction"] = moved["id"]
    objects.event(store, "refund.created", made)
    objects.event(store, "charge.refunded", paid)
    if store.refunds == "succeeded":
        settled(store, made, "succeeded")
    return made


def retrieve(store: Store, kind: str, ref: str, given: dict[str, Any]) -> Thing:
    """Answer ``GET`` of one thing, with what is to be expanded."""
    found = dict(thing(store, kind, ref))
    for path in listed(given.get("expand")):
        _expand(store, found, path.split("."))
    return found


def index(store: Store, kind: str, url: str, given: dict[str, Any]) -> Thing:
    """Answer ``GET`` of a list: newest first, by pages, filtered by equal fields and times."""
    found = store.of(kind)
    if kind == "balance_transaction":
        found.sort(key=lambda one: -one["created"])
    created = given.get("created", {})
    filters = {name: given[name] for name in _FILTERS if name in given}
    found = [
        one
        for one in found
        if all(one.get(name) == value for name, value in filters.items())
        and one["created"] >= int(created.get("gte", 0))
        and one["created"] < int(created.get("lt", 1 << 40))
    ]
    after = given.get("starting_after")
    if after:
        ids = [one["id"] for one in found]
        if after not in ids:
            raise missing_thing(kind, after)
        found = found[ids.index(after) + 1 :]
    size = min(whole(given.get("limit", "10"), "limit"), store.largest_page)
    page = [dict(one) for one in found[:size]]
    for path in listed(given.get("expand")):
        for one in page:
            _expand(store, one, path.split(".")[1:])
    return {"object": "list", "url": url, "has_more": len(found) > size, "data": page}


def thing(store: Store, kind: str, ref: str) -> Thing:
    """Return a thing of a kind, or answer that there is none."""
    found = store.things.get(ref)
    if found is None or found["object"] != kind:
        raise missing_thing(kind, ref)
    return found


def _expiry(store: Store, given: str | None) -> int:
    """Check "anywhere from 30 minutes to 24 hours after Checkout Session creation"."""
    now = store.now()
    if given is None:
        return now + 86_400
    at = whole(given, "expires_at")
    if not now + 1_800 <= at <= now + 86_400:
        raise Refusal(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            param="expires_at",
        )
    return at


def _check_amount(amount: int, currency: str) -> None:
    """https://docs.stripe.com/currencies: minimum, three-decimal and ISK amounts."""
    if len(currency) != 3 or not currency.islower():
        raise Refusal(f"Invalid currency: {currency}", code="invalid_currency", param="currency")
    if amount < (50 if currency not in _ZERO else 1):
        raise Refusal("Amount must convert to at least 50 cents.", code="amount_too_small")
    if currency in _THREE and amount % 10:
        raise Refusal(f"Invalid amount. {currency} amounts end in 0.", param="amount")
    if currency == "isk" and amount % 100:
        raise Refusal("Invalid amount.", code="invalid_charge_amount_no_decimal_compatible")


def _expand(store: Store, holder: Thing, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if isinstance(holder.get(name), str):
        holder[name] = dict(store.things[holder[name]])
    if rest and isinstance(holder.get(name), dict):
        _expand(store, holder[name], rest)
