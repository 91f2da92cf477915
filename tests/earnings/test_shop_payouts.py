"""What the platform owes shops, paid by hand: what may leave, how much, and what comes back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from banyan.catalog import actions as catalog
from banyan.earnings import actions, queries
from banyan.earnings.models import Destination, PayoutBatch, PayoutItem
from banyan.earnings.problems import NothingToPay
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Forbidden, NotFound
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.legal import actions as legal
from banyan.legal.actions.erasing import person_of
from banyan.legal.ports import obstacles
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.actions import set_terms
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from banyan.people.models import Account
from tests.campaigns.test_group_money import arrive, complete
from tests.orders.test_exchanged_pieces import agreed, looked_at
from tests.orders.test_returns import boss
from tests.payments.fixtures import till_settings
from tests.support import factories as make

from . import story
from .shop_money import (
    IBAN,
    TILL,
    bought,
    draft,
    item_of,
    later,
    named,
    owed,
    refund,
    sold,
    submit,
    transit,
)
from .test_chargebacks import hear

__all__ = ["till_settings"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(till_settings: None, settings: Any) -> Iterator[None]:
    settings.PAYMENT_PROVIDERS = ["hand", *settings.PAYMENT_PROVIDERS]
    yield
    report = proof.verify()
    assert report.clean
    assert not any(report.totals.values())


def test_from_an_order_that_is_over_to_paid_by_what_finance_says() -> None:
    shop = make.shop()
    sold(shop)
    named(shop)
    batch = draft()
    assert (owed(shop), item_of(shop).amount, Payout.objects.count()) == (10_000, 10_000, 0)

    submit(batch)
    submit(batch)
    payout = Payout.objects.get()
    assert (payout.provider, payout.amount, payout.subject_kind) == ("hand", 10_000, "payout_batch")
    assert (owed(shop), transit()) == (0, 10_000)
    [standing] = queries.shop_standings(shop.pk)
    assert (standing.in_transit.amount, standing.paid_out.amount) == (10_000, 0)
    assert standing.passed_on.amount == 0, "it did not go to an account at a provider"

    for _time in range(2):
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid")
    batch.refresh_from_db()
    assert (batch.state, item_of(shop).state, transit()) == ("settled", "paid", 0)
    assert books.balance(Book.objects.get(kind="gateway", label="hand")).amount == 10_000
    [paid] = queries.shop_payouts(shop.pk)
    assert (paid.state, paid.money.amount, paid.ref, paid.place) == (
        "paid", 10_000, "B-1", "••••0 51",
    )  # fmt: skip
    [standing] = queries.shop_standings(shop.pk)
    assert (standing.owed.amount, standing.paid_out.amount) == (0, 10_000)
    assert StoredEvent.objects.filter(name="shop.paid_out").count() == 1
    with pytest.raises(NothingToPay):
        draft()


def test_only_what_is_final_leaves() -> None:
    shop = make.shop()
    named(shop)
    bought(shop, 1_000)
    asked, coming, fresh = sold(shop, 2_000), sold(shop, 4_000), sold(shop, 8_000)
    sold(shop, 16_000)
    buyer = make.actor(asked.checkout.buyer or make.member())
    orders.ask_refund(actor=buyer, order_id=asked.pk, amount=500, reason="dent", key="ask")
    line = coming.lines.get()
    orders.ask_return(
        actor=make.actor(coming.checkout.buyer or make.member()),
        order_id=coming.pk, reason="damaged", units={line.pk: 1}, key="r",
    )  # fmt: skip
    type(fresh).objects.filter(pk=fresh.pk).update(received_at=clock.now() + dt.timedelta(days=3))

    with pytest.raises(NothingToPay):
        actions.draft_shop_batch(actor=TILL)  # everything can still be sent back
    [standing] = queries.shop_standings(shop.pk)
    assert standing.payable.amount == 0
    batch = draft()
    assert item_of(shop).amount == 16_000
    submit(batch)
    assert owed(shop) == 1_000 + 2_000 + 4_000 + 8_000


def test_the_shops_own_days_count_and_a_long_window_keeps_it() -> None:
    shop = make.shop()
    sold(shop)
    set_terms(
        actor=make.actor(shop.owner), shop_id=shop.pk, confirm_days=10, return_days=30,
        return_address="Warehouse 7", instructions="",
    )  # fmt: skip
    with pytest.raises(NothingToPay):
        draft()
    with later(31):
        assert actions.draft_shop_batch(actor=TILL).items.count() == 1


def test_no_days_of_a_shop_are_fewer_than_the_laws(settings: Any) -> None:
    settings.RETURN_DAYS_BY_LAW = 14
    shop = make.shop()
    sold(shop)
    set_terms(
        actor=make.actor(shop.owner), shop_id=shop.pk, confirm_days=10, return_days=0,
        return_address="Warehouse 7", instructions="",
    )  # fmt: skip
    with later(13), pytest.raises(NothingToPay):
        actions.draft_shop_batch(actor=TILL)
    with later(15):
        assert actions.draft_shop_batch(actor=TILL).items.count() == 1


def test_a_piece_in_exchange_has_its_own_days() -> None:
    order, _piece, asked = agreed()
    looked_at(asked)
    with later(30), pytest.raises(NothingToPay):
        actions.draft_shop_batch(actor=TILL)  # it was never sent
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    with later(16), pytest.raises(NothingToPay):
        actions.draft_shop_batch(actor=TILL)
    with later(18):  # ten days to arrive, and seven
        assert actions.draft_shop_batch(actor=TILL).items.count() == 1


@pytest.mark.parametrize("state", ["inquiry", "needs_response"])
def test_what_a_payers_bank_has_in_hand_stays(state: str) -> None:
    shop = make.shop()
    sold(shop, 3_000)
    order = sold(shop, 5_000, provider="scripted")
    hear(order, state, *([] if state == "inquiry" else [5_000]))
    draft()
    assert item_of(shop).amount == 3_000


def test_a_shop_that_owes_is_left_out_and_debts_are_netted_first() -> None:
    owing, netting = make.shop(), make.shop()
    for shop in (owing, netting):
        named(shop)
        first = sold(shop)
        submit(draft())
        refund(first, 10_000)
        assert owed(shop) == -10_000
    sold(netting, 16_000)
    batch = draft()
    assert [item.shop_id for item in batch.items.all()] == [netting.pk]
    assert item_of(netting).amount == 6_000


def test_money_of_orders_that_are_not_over_never_pays_a_debt_out() -> None:
    shop = make.shop()
    named(shop)
    first = sold(shop)
    submit(draft())
    refund(first, 4_000)
    bought(shop, 9_000)
    assert owed(shop) == 5_000
    with pytest.raises(NothingToPay):
        draft()


def test_a_refund_between_draft_and_approval_lowers_it_and_a_sale_does_not_raise_it() -> None:
    shop = make.shop()
    named(shop)
    order = sold(shop)
    batch = draft()
    refund(order, 3_000)
    submit(batch)
    assert (item_of(shop).amount, owed(shop)) == (7_000, 0)

    sold(shop, 5_000)
    second = draft()
    sold(shop, 2_000)
    submit(second)
    assert (item_of(shop).amount, owed(shop)) == (5_000, 2_000)


def test_nothing_is_left_after_a_refund_of_all_and_the_batch_is_done() -> None:
    shop = make.shop()
    named(shop)
    order = sold(shop)
    batch = draft()
    refund(order, 10_000)
    batch = submit(batch)
    assert (item_of(shop).state, item_of(shop).reason) == ("skipped", "nothing_left")
    assert (batch.state, Payout.objects.count()) == ("settled", 0)


def test_what_whoever_opened_a_group_is_to_have_stays() -> None:
    item = make.variant(price=10_000, stock=50)
    shop = item.product.shop
    _group, _people, placed = complete(item)
    arrive(*placed)
    draft()
    # Three orders at 70.00, less 5.00 for each of the two others.
    assert item_of(shop).amount == 3 * 7_000 - 2 * 500


def test_a_suspended_shop_is_left_out_before_and_after_the_draft() -> None:
    boss = Actor(kind="staff", id=5, roles=frozenset({"moderation"}))
    before, after = make.shop(), make.shop()
    for shop in (before, after):
        named(shop)
        sold(shop)
    catalog.suspend_shop(actor=boss, shop_id=before.pk, reason="fakes")
    batch = draft()
    assert [item.shop_id for item in batch.items.all()] == [after.pk]
    catalog.suspend_shop(actor=boss, shop_id=after.pk, reason="fakes")
    submit(batch)
    assert (item_of(after).state, item_of(after).reason) == ("skipped", "suspended")
    assert "suspended" in queries.item_state_text("skipped", "suspended")
    assert (owed(after), Payout.objects.count()) == (10_000, 0)
    catalog.reopen_shop(actor=boss, shop_id=after.pk, reason="mended")
    submit(draft())
    assert owed(after) == 0


def test_a_shop_whose_owners_account_is_closed_is_left_out() -> None:
    shop = make.shop()
    sold(shop)
    Account.objects.filter(pk=shop.owner_id).update(is_active=False)
    with pytest.raises(NothingToPay):
        draft()


def test_who_has_named_no_account_is_left_out_told_once_and_paid_next_time() -> None:
    shop = make.shop()
    sold(shop)
    submit(draft())
    assert (item_of(shop).state, item_of(shop).reason) == ("skipped", "no_destination")
    assert owed(shop) == 10_000
    told = Notification.objects.get(kind="shop.destination_wanted")
    assert told.recipient_id == shop.owner_id
    assert told.url == f"/studio/{shop.slug}/money/destination"
    named(shop)
    submit(draft())
    assert owed(shop) == 0


def test_what_could_not_be_sent_is_owed_again_and_prepared_again() -> None:
    shop = make.shop()
    named(shop)
    sold(shop)
    first = submit(draft())
    payout = Payout.objects.get()
    for _time in range(2):
        payments.say_not_sent(actor=TILL, payout_id=payout.pk, reason="no such IBAN")
    assert (owed(shop), transit(), item_of(shop).state) == (10_000, 0, "failed")
    relay.drain()
    told = Notification.objects.get(kind="shop.payout_failed")
    assert (told.recipient_id, told.url) == (shop.owner_id, f"/studio/{shop.slug}/money")
    with later():
        again = actions.draft_again(actor=TILL, batch_id=first.pk)
    submit(again)
    last = Payout.objects.latest("id")
    payments.say_sent(actor=TILL, payout_id=last.pk, bank_ref="B-2", reason="x")
    assert owed(shop) == 0
    states = [one.state for one in queries.shop_payouts(shop.pk)]
    assert states == ["paid", "failed"]


def test_the_list_for_the_bank_names_the_shops_account() -> None:
    shop = make.shop()
    named(shop, name="茶 Ltd")
    sold(shop)
    batch = submit(draft())
    text = actions.take_bank_list(actor=TILL, batch_id=batch.pk, reason="to the bank")
    [row] = csv.DictReader(io.StringIO(text[1:]))
    assert (row["name"], row["amount"]) == ("茶 Ltd", "100.00")


@pytest.mark.parametrize(
    "actor",
    [
        Actor(kind="member", id=5),
        Actor(kind="staff", id=5, roles=frozenset({"support", "moderation"})),
        Actor.guest(),
    ],
)
def test_only_finance_may_draft_or_approve(actor: Actor) -> None:
    shop = make.shop()
    named(shop)
    sold(shop)
    with pytest.raises(Forbidden), later():
        actions.draft_shop_batch(actor=actor)
    assert not PayoutBatch.objects.exists()
    batch = draft()
    with pytest.raises(NotFound):
        actions.submit_batch(actor=actor, batch_id=batch.pk)
    assert (owed(shop), Payout.objects.count()) == (10_000, 0)


def test_members_and_shops_are_in_batches_of_their_own() -> None:
    shop = make.shop()
    sold(shop)
    batch = draft()
    item = batch.items.get()
    assert item.payee is None
    assert (item.shop, item.owner_id) == (shop, shop.pk)
    assert queries.batch_totals(batch).payees == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutItem.objects.create(
            batch=batch, payee=shop.owner, shop=shop, amount=1, currency="EUR"
        )
    with pytest.raises(NothingToPay):
        draft()  # it is in a draft


# -- leaving --------------------------------------------------------------------------------------


def test_an_owner_leaves_once_nothing_is_owed_and_nothing_is_under_way() -> None:
    shop = make.shop()
    named(shop)
    order = sold(shop)
    person = person_of(shop.owner)
    told = {one.code: one for one in obstacles(person)}
    assert "100" in told["shop_money"].text
    assert shop.name in told["shop_money"].text
    assert told["shop_money"].url == f"/studio/{shop.slug}/money"
    submit(draft())
    assert "shop_payout" in [one.code for one in obstacles(person)]
    payments.say_sent(actor=TILL, payout_id=Payout.objects.get().pk, bank_ref="B-1", reason="x")
    assert not {"shop_money", "shop_payout"} & {one.code for one in obstacles(person)}
    refund(order, 1_000)
    assert "owes" in {one.code: one for one in obstacles(person)}["shop_money"].text


def test_where_it_goes_is_exported_and_goes_with_the_owner_who_said_it() -> None:
    shop = make.shop()
    named(shop)
    export = legal.ask_export(actor=make.actor(shop.owner))
    legal.make_exports(actor=story.SYSTEM)
    data = legal.take_export(actor=make.actor(shop.owner), export_id=export.pk)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (row,) = json.loads(archive.read("data/earnings.Destination.json"))
    assert row["sealed"] == {"name": "Tea Ltd", "account": IBAN}
    erasure = legal.ask_erasure(actor=make.actor(shop.owner), handle=f"@{shop.owner.handle}")
    with clock.at(erasure.due_at):
        assert legal.erase_due(actor=story.SYSTEM) == 1
    assert not Destination.objects.exists()


def test_what_a_former_owner_said_is_forgotten() -> None:
    shop, other = make.shop(), make.shop()
    named(shop)
    named(other)
    partner, was = make.member(), shop.owner
    who = {"shop_id": shop.pk, "account_id": partner.pk}
    catalog.hire(actor=make.actor(was), role="clerk", **who)
    catalog.change_role(actor=make.actor(was), role="owner", **who)
    assert actions.forget_former_owners() == 0
    catalog.change_role(
        actor=make.actor(partner), shop_id=shop.pk, account_id=was.pk, role="manager"
    )
    assert actions.forget_former_owners() == 1
    assert Destination.objects.get().shop_id == other.pk
    assert actions.forget_former_owners() == 0
