"""Who paid: a mark out of what each provider tells, and the edge that it makes."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.payments import actions, payers
from banyan.payments.payers import mark
from banyan.payments.providers.alipay.reading import payment_state
from banyan.payments.providers.stripe.reading import message as stripe_message
from banyan.payments.providers.wechat.reading import trade_state
from banyan.people.models import Account
from banyan.trust.actions import look_back
from banyan.trust.models import Edge, Joined
from banyan.trust.queries import cluster_of
from tests.payments.till import Placer, message, opened, post, started
from tests.support import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("placer")]


def pays(who: Account, payer: str, number: int) -> None:
    """Let a member pay, and the provider tell of it."""
    intent = started(payer_id=who.pk)
    told = message(intent, message_id=f"m{number}", payer=payer)
    assert post(told).status_code == 200
    relay.drain()


def test_accounts_that_pay_with_one_card_are_one_person(placer: Placer) -> None:
    ana, again, ben = (make.member() for _n in range(3))
    pays(ana, "one card", 1)
    pays(again, "one card", 2)
    pays(ben, "another card", 3)
    assert len(placer.placed) == 3
    assert cluster_of(again.pk) == ana.pk
    assert cluster_of(ben.pk) == ben.pk
    assert set(Edge.objects.values_list("kind", "source")) == {("payment", "payment")}


def test_payments_of_before_are_noted_when_old_rows_are_gone_through() -> None:
    ana, again, ben = (make.member() for _n in range(3))
    pays(ana, "one card", 1)
    pays(ben, "", 2)
    pays(again, "one card", 3)
    told = set(Edge.objects.values_list("account_id", "digest", "source", "times"))
    for model in (Edge, Joined):
        model.objects.all().delete()
    while look_back(most=1):
        pass
    assert set(Edge.objects.values_list("account_id", "digest", "source", "times")) == told
    assert cluster_of(again.pk) == ana.pk


def test_a_provider_that_does_not_tell_joins_nobody() -> None:
    for number, who in enumerate((make.member(), make.member())):
        pays(who, "", number)
    assert not Edge.objects.exists()


def test_a_friend_who_pays_by_a_link_is_not_the_buyer() -> None:
    intent = started(payer_id=make.member().pk)
    actions.open_link(actor=Actor.guest(), intent=intent)
    intent.attempts.update(lane="link")
    assert post(message(intent, payer="a friend's card")).status_code == 200
    relay.drain()
    assert not Edge.objects.exists()


def test_an_account_that_is_gone_has_no_edges() -> None:
    gone = make.member(is_active=False)
    pays(gone, "one card", 1)
    assert not Edge.objects.exists()


def test_each_provider_tells_a_mark_and_no_more() -> None:
    wechat = trade_state(
        {
            "trade_state": "SUCCESS",
            "out_trade_no": "pay-1-1",
            "amount": {"total": 1, "currency": "CNY"},
            "payer": {"openid": "o-1"},
        }
    )
    fields = {"out_trade_no": "1", "trade_status": "TRADE_SUCCESS", "total_amount": "1.00"}
    by_answer = payment_state(fields | {"buyer_user_id": "2088"}, "1")
    by_open_id = payment_state(fields | {"buyer_open_id": "2088"}, "1")
    card: dict[str, Any] = {"type": "card", "card": {"fingerprint": "f-1", "last4": "4242"}}
    charge = {"id": "ch_1", "object": "charge", "payment_method_details": card}
    event = {
        "id": "evt_1",
        "type": "charge.succeeded",
        "created": 1,
        "livemode": False,
        "data": {"object": charge},
    }
    stripe = stripe_message(event, live=False)
    assert wechat.payer == mark("o-1")
    assert by_answer.payer == by_open_id.payer == mark("alipay|2088")
    assert stripe.payer == mark("stripe|f-1")
    assert len({wechat.payer, by_answer.payer, stripe.payer}) == 3
    for told, secret in ((wechat, "o-1"), (by_answer, "2088"), (stripe, "4242")):
        assert secret not in str(told.raw)


def test_where_a_payer_was_is_kept_sealed_and_said_again() -> None:
    """A friend's address stands in an attempt of the buyer's payment, who can take it along."""
    intent = opened()
    actions.start(
        actor=Actor.guest(),
        intent_id=intent.pk,
        return_url="http://shop.test/back",
        locale="en",
        context={"channel": "wap", "client_ip": "203.0.113.7", "by": "link"},
    )
    kept = intent.attempts.get().request["context"]
    assert "203.0.113.7" not in str(kept)
    assert payers.opened(kept)["client_ip"] == "203.0.113.7"
