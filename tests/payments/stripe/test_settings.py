"""What the operator sets: keys, currencies, and what is off without them."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any, get_type_hints

import pytest
from django.test import Client

from banyan.config import csp
from banyan.config.env import env
from banyan.kernel import clock
from banyan.kernel.money import Money, minor_digits
from banyan.payments import actions, providers
from banyan.payments.checks import check_providers
from banyan.payments.problems import ProviderRefused, ProviderUnknown
from banyan.payments.providers.base import Provider
from banyan.payments.providers.stripe import StripeProvider
from banyan.payments.providers.stripe.amounts import CURRENCIES, from_stripe, to_stripe
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import BUYER

FIELDS = {
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_1"],
    "STRIPE_URL": "https://api.stripe.com",
    "PAYMENT_PROVIDERS": ["stripe", "wallet"],
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "BANYAN_STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "pk_test_1"}, "BANYAN_STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_1\nHost: x"}, "BANYAN_STRIPE_SECRET_KEY"),
        ({"STRIPE_WEBHOOK_SECRETS": []}, "BANYAN_STRIPE_WEBHOOK_SECRETS"),
        ({"STRIPE_WEBHOOK_SECRETS": ["whsec_1", "sk_test_1"]}, "BANYAN_STRIPE_WEBHOOK_SECRETS"),
        ({"STRIPE_URL": "http://api.test", "PRODUCTION": True}, "BANYAN_STRIPE_URL"),
    ],
)
@pytest.mark.django_db
def test_without_its_keys_it_is_off_and_says_why_once(
    settings: Any, changes: dict[str, Any], name: str
) -> None:
    for field, value in (FIELDS | changes).items():
        setattr(settings, field, value)
    assert list(providers.table()) == ["wallet"]
    with pytest.raises(ProviderUnknown):
        providers.get("stripe")
    [said] = [one for one in check_providers(None) if one.id == "payments.W002"]
    assert name in said.msg
    assert "sk_test_1" not in said.msg
    assert Client().post("/pay/hook/stripe", b"{}", content_type="text/json").status_code == 404


@pytest.mark.parametrize("key", ["sk_test_1", "sk_live_1", "rk_live_1"])
def test_with_its_keys_it_is_on(settings: Any, key: str) -> None:
    for field, value in (FIELDS | {"STRIPE_SECRET_KEY": key}).items():
        setattr(settings, field, value)
    assert [one.name for one in providers.enabled()] == ["stripe", "wallet"]
    assert check_providers(None) == []
    assert providers.label_of("stripe") == "Stripe"


def test_it_has_every_verb_with_the_same_signature() -> None:
    verbs = [name for name, what in vars(Provider).items() if name[0] != "_" and callable(what)]
    assert len(verbs) == 10
    for verb in verbs:
        wanted = get_type_hints(getattr(Provider, verb))
        assert get_type_hints(getattr(StripeProvider, verb)) == wanted, verb


def test_order_forms_may_lead_to_its_page_only_where_it_is_enabled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def allowed() -> list[str]:
        policy: dict[str, Any] = importlib.reload(csp).CONTENT_SECURITY_POLICY
        return [str(one) for one in policy["DIRECTIVES"]["form-action"]]

    assert "https://checkout.stripe.com" not in allowed()
    monkeypatch.setattr(env, "payment_providers", "wallet,stripe")
    assert "https://checkout.stripe.com" in allowed()
    monkeypatch.undo()
    assert "https://checkout.stripe.com" not in allowed()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Money(1000, "USD"), 1000),
        (Money(500, "JPY"), 500),
        (Money(500, "KRW"), 500),
        (Money(1250, "KWD"), 1250),
        (Money(5, "ISK"), 500),
        (Money(1099, "TWD"), 1099),
        (Money(1045, "HUF"), 1045),
    ],
)
def test_amounts_are_written_as_the_published_list_has_them(ours: Money, theirs: int) -> None:
    assert to_stripe(ours) == theirs
    assert from_stripe(theirs, ours.currency.lower()) == ours


def test_every_currency_survives_the_way_there_and_back() -> None:
    for currency in CURRENCIES:
        assert minor_digits(currency) in (0, 2, 3)
        money = Money(1230, currency)
        assert to_stripe(money) >= money.amount
        assert from_stripe(to_stripe(money), currency.lower()) == money


def test_what_our_books_cannot_hold_is_no_money() -> None:
    assert from_stripe(550, "isk") is None
    assert from_stripe(100, "ugx") is None
    assert from_stripe(100, "xxx") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("money", "theirs"),
    [(Money(500, "JPY"), 500), (Money(12_340, "KWD"), 12_340), (Money(5, "ISK"), 500)],
)
def test_currencies_without_two_decimals_are_paid_and_booked(
    gateway: Gateway, money: Money, theirs: int
) -> None:
    intent = _pay(gateway, money)
    [session] = gateway.things("checkout.session")
    assert session["amount_total"] == theirs
    assert gateway.tell("checkout.session.completed") == 200
    intent.refresh_from_db()
    assert (intent.state, intent.captured_amount) == ("captured", money.amount)


@pytest.mark.django_db
def test_an_amount_that_no_card_can_carry_is_refused(gateway: Gateway) -> None:
    with pytest.raises(ProviderRefused):
        _pay(gateway, Money(12_345, "KWD"))  # three-decimal amounts end in 0
    with pytest.raises(ProviderUnknown):
        _pay(gateway, Money(500, "UGX"))


def _pay(gateway: Gateway, money: Money) -> Any:
    intent = actions.new_intent(
        subject_kind="test",
        subject_id=1,
        provider="stripe",
        amount=money,
        description="",
        payer_id=None,
        expires_at=clock.now() + dt.timedelta(minutes=15),
    )
    intent.save()
    actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/b", locale="en")
    intent.refresh_from_db()
    gateway.pay(intent)
    return intent
