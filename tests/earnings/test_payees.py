"""Who may earn from a sale: never the buyer, never the shop, at most two real people."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Shop, ShopStaff, Variant
from banyan.earnings.models import Commission
from banyan.earnings.problems import REASONS
from banyan.earnings.queries.payers import verified_payers
from banyan.kernel import clock
from banyan.kernel.models import StateChange, StoredEvent
from banyan.ledger import proof
from banyan.ledger.models import Journal
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.sharing.models import VisitorAccount
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key

from . import story

pytestmark = pytest.mark.django_db


def _two_level_shop() -> tuple[Shop, Variant]:
    shop = story.shop()
    story.plan(shop, rate_bps=1000, levels=2, direct_bps=7000)
    return shop, story.variant(shop)


def _bought_before(*people: Account) -> None:
    shop = story.shop()
    item = story.variant(shop)
    for person in people:
        story.paid(story.placed((item, 1), buyer=person))


def _told(order: Order) -> list[tuple[str, int, int, str, str]]:
    rows = Commission.objects.filter(order=order).order_by("level").select_related("payee")
    return [(c.payee.display_name, c.level, c.amount, c.state, c.reason) for c in rows]


def test_one_level_pays_the_direct_sharer_alone_however_long_the_path() -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    ana, ben = story.member("ana"), story.member("ben")
    _bought_before(ana, ben)
    order = story.placed((item, 1), via=story.chain(item, ana, ben))
    assert _told(order) == [("Ben", 1, 1_000, "quoted", "")]


def test_two_levels_pay_the_sharer_and_who_brought_them_and_nobody_further_up() -> None:
    shop, item = _two_level_shop()
    ana, ben, cy = (story.member(name) for name in ("ana", "ben", "cy"))
    _bought_before(ana, ben, cy)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana, ben, cy)))
    assert _told(order) == [("Cy", 1, 700, "pending", ""), ("Ben", 2, 300, "pending", "")]
    assert (story.book(cy, "earner_held"), story.book(ben, "earner_held")) == (700, 300)
    assert story.book(ana, "earner_held") == 0
    assert story.shop_balance(shop) == 9_000
    assert proof.verify().clean


def test_the_same_person_twice_on_a_path_is_one_level() -> None:
    _, item = _two_level_shop()
    ana, ben = story.member("ana"), story.member("ben")
    _bought_before(ana, ben)
    order = story.placed((item, 1), via=story.chain(item, ana, ben, ana))
    assert _told(order) == [("Ana", 1, 700, "quoted", ""), ("Ben", 2, 300, "quoted", "")]


def test_accounts_known_to_be_one_person_are_one_level_and_one_payer() -> None:
    _, item = _two_level_shop()
    ana, twin = story.member("ana"), story.member("twin")
    _bought_before(ana)
    for one in (ana, twin):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")
    assert verified_payers([twin.pk]) == {twin.pk}, "the person has bought before"
    order = story.placed((item, 1), via=story.chain(item, ana, twin))
    assert _told(order) == [("Twin", 1, 1_000, "quoted", "")]


def test_who_never_bought_anything_is_no_second_level() -> None:
    _, item = _two_level_shop()
    ana, made_up, ben = (story.member(name) for name in ("ana", "fake", "ben"))
    _bought_before(ana, ben)
    order = story.placed((item, 1), via=story.chain(item, ana, made_up, ben))
    assert _told(order) == [("Ben", 1, 700, "quoted", ""), ("Ana", 2, 300, "quoted", "")]


def test_behind_a_direct_sharer_who_never_bought_nobody_is_paid_a_second_level() -> None:
    shop, item = _two_level_shop()
    ana, new = story.member("ana"), story.member("new")
    _bought_before(ana)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana, new)))
    assert _told(order) == [
        ("New", 1, 700, "pending", ""),
        ("Ana", 2, 300, "rejected", "direct_not_verified"),
    ]
    assert story.book(ana, "earner_held") == 0
    assert story.shop_balance(shop) == 9_300


def test_a_refunded_purchase_verifies_nobody() -> None:
    _, item = _two_level_shop()
    ana, ben = story.member("ana"), story.member("ben")
    _bought_before(ana, ben)
    bens = Order.objects.get(checkout__buyer=ben)
    Order.objects.filter(pk=bens.pk).update(refunded_amount=bens.total_amount)
    order = story.placed((item, 1), via=story.chain(item, ana, ben))
    assert _told(order)[1][4] == "direct_not_verified"


def test_the_buyer_never_earns_from_their_own_order() -> None:
    shop, item = _two_level_shop()
    ana, ben = story.member("ana"), story.member("ben")
    _bought_before(ana, ben)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana, ben), buyer=ana))
    assert _told(order) == [
        ("Ben", 1, 700, "pending", ""),
        ("Ana", 2, 300, "rejected", "self_purchase"),
    ]
    assert story.shop_balance(shop) == 9_300


def test_the_buyers_second_account_earns_nothing_of_the_order_either() -> None:
    _, item = _two_level_shop()
    ana, twin, ben = story.member("ana"), story.member("twin"), story.member("ben")
    _bought_before(ana, ben)
    for one in (ana, twin):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")
    order = story.paid(story.placed((item, 1), via=story.chain(item, ben, twin), buyer=ana))
    assert _told(order)[0] == ("Twin", 1, 700, "rejected", "self_purchase")
    assert story.book(twin, "earner_held") == 0
    assert proof.verify().clean


def test_a_guest_in_a_browser_where_they_signed_in_is_the_buyer_all_the_same() -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    ana = story.member("ana")
    VisitorAccount.objects.create(visitor="browser-1", account=ana, since=clock.now())
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana), visitor="browser-1"))
    assert _told(order) == [("Ana", 1, 1_000, "rejected", "self_purchase")]
    assert not Journal.objects.filter(subject_kind="commission").exists()


@pytest.mark.parametrize("role", ["owner", "manager", "clerk"])
def test_people_of_the_shop_do_not_earn_from_its_sales(role: str) -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    worker = shop.owner if role == "owner" else story.member("worker")
    if role != "owner":
        ShopStaff.objects.create(shop=shop, account=worker, role=role, created_at=clock.now())
    order = story.paid(story.placed((item, 1), via=story.chain(item, worker)))
    ((_, level, amount, state, reason),) = _told(order)
    assert (level, amount, state, reason) == (1, 1_000, "rejected", "own_shop")
    assert story.shop_balance(shop) == 10_000
    assert story.book(worker, "earner_held") == 0


def test_a_rejection_is_told_with_its_reason_and_kept_in_the_history() -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.placed((item, 1), via=story.chain(item, shop.owner))
    commission = story.only(order)
    told = StoredEvent.objects.get(name="commission.rejected")
    assert told.payload["reason"] == "own_shop"
    move = StateChange.objects.get(subject_id=commission.pk)
    assert (move.source, move.target, move.reason) == ("quoted", "rejected", "own_shop")
    assert commission.reason in REASONS
