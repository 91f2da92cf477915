"""Pages of earnings: my list, why, the pin report, the shop's promises, and who may see them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.earnings import actions, queries
from banyan.earnings.access import get_commission_for
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound

from . import story

pytestmark = pytest.mark.django_db


def test_anas_pin_report_counts_one_order_through_ben() -> None:
    ana, ben, shop = story.member("ana"), story.member("ben"), story.shop()
    story.plan(shop, rate_bps=1000)
    first, second = story.variant(shop), story.variant(shop, price=5_000)
    bens = story.chain(first, ana, ben)
    anas = bens.parent
    assert anas is not None
    order = story.paid(story.placed((first, 1), (second, 2), via=bens, buyer=story.member("cy")))
    story.placed((first, 1), via=bens)  # never paid
    report = queries.link_report(anas)
    assert (report.orders, report.direct_orders, report.units) == (1, 0, 3)
    assert [str(amount) for amount in report.sales] == ["200.00 CNY"]
    assert report.earned == ()
    story.refund(order, (order.lines.get(variant=first), 10_000))
    bens_report = queries.link_report(bens)
    assert (bens_report.orders, bens_report.direct_orders) == (1, 1)
    assert [amount.amount for amount in bens_report.earned] == [1_000]
    alone = {link.pk: queries.link_report(link) for link in (anas, bens)}
    assert queries.link_reports([anas, bens]) == alone


def test_a_report_of_a_link_that_sold_nothing_is_all_zero() -> None:
    ana, item = story.member("ana"), story.variant(story.shop())
    report = queries.link_report(story.chain(item, ana))
    assert (report.orders, report.sales, report.earned) == (0, (), ())


def test_why_shows_path_rule_arithmetic_journals_and_history() -> None:
    ana, ben, shop = story.member("ana"), story.member("ben"), story.shop()
    version = story.plan(shop, rate_bps=1200)
    item = story.variant(shop, price=9_950)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana, ben), discount=450))
    story.refund(order, (order.lines.get(), 1_900))
    told = queries.why(actor=story.as_actor(ben), commission_id=story.only(order).pk)
    assert [(step.handle, step.level) for step in told.path] == [(ana.handle, 0), (ben.handle, 1)]
    assert told.rule["plan_version"] == str(version.pk)
    assert told.base.amount * told.rate_bps / 10_000 == told.budget.amount == 1_140
    assert (told.amount.amount, told.reversed.amount, told.left.amount) == (1_140, 228, 912)
    assert [journal.kind for journal in told.journals] == [
        "commission.earned",
        "commission.reversed",
    ]
    assert told.journals[1].reverses_id == told.journals[0].pk
    assert [move.target for move in told.history] == ["pending"]
    assert told.refunds[0]["reversed"] == 228
    assert told.reason == ""


def test_why_takes_the_same_number_of_queries_for_a_long_path() -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1200)
    counts = []
    for length in (1, 12):
        item = story.variant(shop)
        people = [story.member() for _ in range(length)]
        order = story.paid(story.placed((item, 1), via=story.chain(item, *people)))
        actor = story.as_actor(people[-1])
        with CaptureQueriesContext(connection) as seen:
            told = queries.why(actor=actor, commission_id=story.only(order).pk)
            assert [p.account.kind for j in told.journals for p in j.posting_set.all()]
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8


def test_sums_per_state_and_the_list_newest_first() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    via = story.chain(item, ana)
    orders = [story.paid(story.placed((item, n), via=via)) for n in (1, 2, 3, 4)]
    story.received(orders[1])
    story.due(story.received(orders[2]))
    story.received(orders[3])
    suspect = story.only(orders[3]).pk
    # The sweep above looked 91 days ahead, so what was received before it is payable, too.
    actions.hold_fraud(actor=story.FINANCE, commission_id=suspect, reason="odd pattern")
    (standing,) = queries.balances(ana.pk)
    assert (standing.pending.amount, standing.held_fraud.amount) == (1_000, 4_000)
    assert (standing.held.amount, standing.payable.amount) == (0, 5_000)
    mine = queries.my_commissions(account_id=ana.pk)
    assert [each.order_id for each in mine] == [order.pk for order in orders[::-1]]
    assert [each.order_id for each in queries.my_commissions(account_id=ana.pk, limit=1)] == [
        orders[3].pk
    ]
    older = queries.my_commissions(account_id=ana.pk, before=mine[0].pk, states=["payable"])
    assert [each.order_id for each in older] == [orders[2].pk, orders[1].pk]


def test_a_shop_sees_what_it_promised_and_is_not_yet_due() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    via = story.chain(item, ana)
    story.due(story.received(story.paid(story.placed((item, 1), via=via))))
    story.placed((item, 1), via=via)
    order = story.paid(story.placed((item, 2), via=via))
    story.refund(order, (order.lines.get(), 5_000))
    (promise,) = queries.promised(shop.pk)
    assert (promise.commissions, promise.amount.amount) == (1, 1_500)
    assert queries.promised(story.shop().pk) == []


def test_only_the_payee_the_shop_and_staff_see_a_commission() -> None:
    ana, shop, cy = story.member("ana"), story.shop(), story.member("cy")
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana), buyer=cy))
    commission = story.only(order)
    support = Actor(kind="staff", id=9, roles=frozenset({"support"}))
    for actor in (story.as_actor(ana), story.as_actor(shop.owner), story.FINANCE, support):
        assert get_commission_for(actor, commission.pk) == commission
    stranger = story.as_actor(story.shop().owner)
    roleless = Actor(kind="staff", id=9)
    for actor in (story.as_actor(cy), stranger, roleless, Actor.guest()):
        with pytest.raises(NotFound):
            queries.why(actor=actor, commission_id=commission.pk)


@pytest.mark.parametrize("act", [actions.hold_fraud, actions.release_fraud])
def test_only_finance_and_moderation_hold_for_suspicion_and_say_why(act: object) -> None:
    assert callable(act)
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    commission = story.only(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    with pytest.raises(Forbidden):
        act(actor=story.as_actor(shop.owner), commission_id=commission.pk, reason="mine")
    with pytest.raises(Invalid) as refusal:
        act(actor=story.FINANCE, commission_id=commission.pk, reason=" ")
    assert refusal.value.code == "reason_missing"
    commission.refresh_from_db()
    assert commission.state == "pending"


def test_a_hold_is_audited_repeatable_and_too_late_once_payable() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana)))
    pk = story.only(order).pk
    with pytest.raises(Conflict) as refusal:
        actions.release_fraud(actor=story.FINANCE, commission_id=pk, reason="never held")
    assert refusal.value.code == "not_held_fraud"
    story.received(order)
    for _ in range(2):
        actions.hold_fraud(actor=story.FINANCE, commission_id=pk, reason="odd pattern")
    entry = AuditEntry.objects.get(action="commission.hold")
    assert (entry.reason, entry.subject_id) == ("odd pattern", pk)
    actions.release_fraud(actor=story.FINANCE, commission_id=pk, reason="looked into")
    story.due(order)
    with pytest.raises(Conflict) as late:
        actions.hold_fraud(actor=story.FINANCE, commission_id=pk, reason="odd pattern")
    assert late.value.code == "illegal_transition"
    assert story.book(ana) == 1_000
