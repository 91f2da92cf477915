"""A row for every button of the desk: what to fill in, for whom it is, and what it changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import override_settings

from banyan.campaigns.models import OutsidePicture
from banyan.catalog import actions as catalog
from banyan.catalog.models import Attribute, Category, Shop
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission, PayoutBatch
from banyan.earnings.settling import settle_order
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, DeadEvent, Flag, StoredEvent
from banyan.ledger import actions as ledger
from banyan.ledger.models import Account as Book
from banyan.ledger.rules import Entry
from banyan.market import actions as market
from banyan.market.models import Dispute
from banyan.media.actions import intake
from banyan.moderation import actions as moderation
from banyan.moderation.models import Appeal as MemberAppeal
from banyan.moderation.models import (
    BlockedPicture,
    Decision,
    ListedWord,
    RightsNotice,
    Sanction,
)
from banyan.moderation.models import Case as Case_
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.payments import actions as payments
from banyan.payments.models import ConnectedAccount, Payout, ProviderMessage, Refund
from banyan.sharing import actions as sharing
from banyan.standing import actions as standing
from banyan.standing.models import Appeal, GuardedCategory, Permit, Report, Takedown
from banyan.trust.models import Circle
from tests.campaigns.scene import somebody
from tests.campaigns.test_outside import collecting, show
from tests.community.posts import post as publish
from tests.earnings import story
from tests.earnings.shop_money import sold
from tests.earnings.test_circles import rounds
from tests.groups import circles
from tests.moderation.test_texts import jpeg
from tests.support import factories as make
from tests.support.pictures import staged_picture

from .scene import grant

SYSTEM = Actor.system("test")
TILL = Actor(kind="staff", id=77, roles=frozenset({"finance"}))


def pending_shop() -> Shop:
    with override_settings(SHOP_APPROVAL=True):
        return make.shop()


def suspended_shop() -> Shop:
    shop = make.shop()
    boss = Actor(kind="staff", id=make.staff("moderation").pk, roles=frozenset({"moderation"}))
    catalog.suspend_shop(actor=boss, shop_id=shop.pk, reason="test")
    AuditEntry.objects.all().delete()
    return Shop.objects.get(pk=shop.pk)


def paid_order() -> Order:
    return make.pay(make.place((make.variant(price=10_000), 1))).orders.get()


def earned() -> Commission:
    sharer = make.member()
    item = make.variant(make.shop(), price=50_000)
    shop = item.product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    link = sharing.share(
        actor=make.actor(sharer), target_kind="product", target_id=item.product_id, via=None
    )
    make.pay(make.place((item, 1), buyer=make.member(), via=link.code))
    return Commission.objects.get()


def circle() -> Circle:
    shop = story.shop()
    story.plan(shop, rate_bps=1_000)
    rounds(story.variant(shop), 3, make.member(), make.member())
    earnings.find_circles(actor=SYSTEM)
    AuditEntry.objects.all().delete()
    return Circle.objects.get()


def outside_picture() -> OutsidePicture:
    who = somebody()
    return show(collecting(make.shop(), who), who)


def payable() -> Commission:
    commission = earned()
    order = commission.order
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="Post", tracking="T1")
    orders.confirm_receipt(actor=make.actor(order.checkout.buyer), order_id=order.pk)  # type: ignore[arg-type]
    Commission.objects.update(hold_until=clock.now())
    assert earnings.release_due(actor=SYSTEM) == 1
    commission.refresh_from_db()
    return commission


def draft() -> PayoutBatch:
    payable()
    batch = earnings.draft_batch(actor=SYSTEM)
    AuditEntry.objects.all().delete()
    return batch


def debt() -> Book:
    shop = make.shop()
    book = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=shop.pk, currency=shop.currency
    )
    other = ledger.account(kind="adjustments", owner_kind="platform", currency=shop.currency)
    ledger.post(
        key=f"t:{shop.pk}", kind="order.refunded", subject_kind="order", subject_id=1,
        actor=SYSTEM, currency=shop.currency,
        entries=[Entry(book.pk, -4_000), Entry(other.pk, 4_000)],
    )  # fmt: skip
    return Book.objects.get(pk=book.pk)


def _balance(row: Book) -> int:
    return Book.objects.get(pk=row.pk).balance


def by_hand() -> PayoutBatch:
    payee = payable().payee
    earnings.set_destination(actor=make.actor(payee), name="Ana Roe", account="DE02 1203")
    batch = earnings.draft_batch(actor=SYSTEM)
    earnings.submit_batch(actor=SYSTEM, batch_id=batch.pk, provider="hand")
    AuditEntry.objects.all().delete()
    return batch


def to_send() -> Payout:
    by_hand()
    return Payout.objects.get()


def was_sent() -> Payout:
    payout = to_send()
    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="test")
    AuditEntry.objects.all().delete()
    return Payout.objects.get()


def came_back() -> PayoutBatch:
    batch = draft()
    earnings.submit_batch(actor=SYSTEM, batch_id=batch.pk, provider="sandbox")
    payout = Payout.objects.get()
    payments.settle_payout(
        actor=Actor.provider("sandbox"),
        payout_id=payout.pk,
        succeeded=False,
        provider_ref="po_1",
        failure="account_closed",
    )
    AuditEntry.objects.all().delete()
    return batch


def fail(refund: Refund) -> None:
    payments.settle_refund(
        actor=Actor.provider("sandbox"),
        refund_id=refund.pk,
        sequence=refund.sequence,
        succeeded=False,
        provider_ref="re_1",
        failure="destination_refused",
    )


def failed_refund() -> OrderRefund:
    refund = grant(paid_order(), 1_000)
    fail(Refund.objects.get())
    refund.refresh_from_db()
    return refund


def failed_unplaced() -> Refund:
    checkout = make.place((make.variant(), 1))
    orders.cancel_checkout(
        actor=Actor.guest(), checkout_id=checkout.pk, access_token=checkout.access_token
    )
    make.pay(checkout)
    refund = Refund.objects.get()
    fail(refund)
    refund.refresh_from_db()
    return refund


def told_of_nothing_we_know() -> ProviderMessage:
    return ProviderMessage.objects.create(
        provider="sandbox",
        message_id="m1",
        kind="payment.succeeded",
        payload={},
        outcome="unknown_reference",
        received_at=clock.now(),
        handled_at=clock.now(),
    )


def held() -> Commission:
    commission = earned()
    boss = Actor(kind="staff", id=make.staff("finance").pk, roles=frozenset({"finance"}))
    earnings.hold_fraud(actor=boss, commission_id=commission.pk, reason="test")
    AuditEntry.objects.all().delete()
    commission.refresh_from_db()
    return commission


def dead_event() -> DeadEvent:
    make.shop()
    relay.publish_once()
    stored = StoredEvent.objects.filter(name="shop.opened").latest("id")
    return DeadEvent.objects.create(
        consumer="catalog.notices", event=stored, error="boom", created_at=clock.now()
    )


def flag() -> Flag:
    return Flag.objects.create(name="sale")


@dataclass(frozen=True)
class Case:
    """A row to press the button on, what to fill in, the roles it is for, and what it changes."""

    row: Callable[[], Any]
    roles: tuple[str, ...]
    audited: str
    state: Callable[[Any], Any]
    answers: dict[str, str] = field(default_factory=dict)
    told: int = 302


def a_sale_that_is_over() -> Order:
    with clock.at(clock.now() - dt.timedelta(days=8)):
        return sold(make.shop())


@dataclass(frozen=True)
class ListCase:
    """A button of a list: the one role it is for, what it writes to the log, what to fill in."""

    role: str
    audited: str
    answers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], Any] = payable


def category() -> Category:
    made = catalog.add_category(actor=SYSTEM, slug="bowls", names={"en": "Bowls"}, reason="test")
    AuditEntry.objects.all().delete()
    return made


def coupon(*, stopped: bool = False) -> Coupon:
    boss = Actor(kind="staff", id=make.staff("finance").pk, roles=frozenset({"finance"}))
    made = coupons.create_coupon(
        actor=boss, shop_id=None, title="From us", amount_off=500, currency="CNY"
    )
    if stopped:
        made = coupons.pause_coupon(actor=boss, coupon_id=made.pk)
    AuditEntry.objects.all().delete()
    return made


def attribute() -> Attribute:
    made = catalog.add_attribute(
        actor=SYSTEM,
        code="height",
        kind="number",
        data=catalog.AttributeInput(names={"en": "Tall"}, unit="cm"),
        reason="test",
    )
    AuditEntry.objects.all().delete()
    return made


def part_given_up() -> Payout:
    """Return the part of a received order that the provider would not pass on."""
    order = paid_order()
    ConnectedAccount.objects.create(
        owner_kind="shop",
        owner_id=order.shop_id,
        provider="sandbox",
        account="acct_1",
        connected_at=clock.now(),
    )
    Order.objects.filter(pk=order.pk).update(state="received")
    settle_order(actor=SYSTEM, order_id=order.pk, key="received")
    part = Payout.objects.get()
    payments.settle_payout(
        actor=SYSTEM, payout_id=part.pk, succeeded=False, provider_ref="", failure="no money"
    )
    return Payout.objects.get()


def state_of(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk).state


def disputed() -> Dispute:
    order = paid_order()
    made = market.open_dispute(
        actor=Actor.guest(),
        order_id=order.pk,
        reason="damaged",
        claim_amount=1_000,
        body="Broken.",
        access_token=order.checkout.access_token,
    )
    return Dispute.objects.get(pk=made.pk)


def permit() -> Permit:
    owner = make.actor(make.shop().owner)
    return standing.ask_permit(
        actor=owner,
        shop_id=Shop.objects.get(owner_id=owner.id).pk,
        number="LIC-1",
        holder="Demo",
        picture=staged_picture(owner),
    )


def granted_permit() -> Permit:
    asked = permit()
    standing.decide_permit(actor=SYSTEM, permit_id=asked.pk, granted=True, reason="test")
    AuditEntry.objects.all().delete()
    return Permit.objects.get(pk=asked.pk)


def report() -> Report:
    return standing.report_product(
        actor=make.actor(make.member()),
        product_id=make.product().pk,
        reason="unsafe",
        body="It gets hot.",
    )


def appealed() -> Appeal:
    item = make.variant(stock=9)
    for _ in range(5):
        make.pay(make.place((item, 1)))
    shop = item.product.shop
    with clock.at(clock.now() + dt.timedelta(days=4)):
        late = Order.objects.filter(shop=shop).order_by("id").first()
        assert late is not None
        return standing.appeal(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            facts=[("late", late.pk)],
            body="A storm.",
        )


def taken_down() -> Takedown:
    made = standing.take_down(
        actor=SYSTEM, product_id=make.product().pk, reason="unsafe", words="It gets hot."
    )
    standing.settle_takedown(actor=SYSTEM, takedown_id=made.pk)
    AuditEntry.objects.all().delete()
    return Takedown.objects.get(pk=made.pk)


def guarded() -> GuardedCategory:
    made = standing.guard_category(
        actor=SYSTEM, category_id=category().pk, why="It is medicine.", reason="test"
    )
    AuditEntry.objects.all().delete()
    return made


def hidden_group() -> Group:
    made = circles.group()
    boss = Actor(kind="staff", id=make.staff("moderation").pk, roles=frozenset({"moderation"}))
    groups.hide_group(actor=boss, group_id=made.pk, reason="test")
    AuditEntry.objects.all().delete()
    return Group.objects.get(pk=made.pk)


def group_with_an_heir() -> Group:
    made = circles.group()
    circles.joined(made, make.member("heir"))
    return made


def hidden(row: Any) -> bool:
    return Group.objects.get(pk=row.pk).hidden_at is not None


def reported() -> Case_:
    with_picture = intake(actor=make.actor(make.member()), data=jpeg(3))
    told = publish(make.member(), title="Buy pills", picture=with_picture)
    moderation.report(
        actor=make.actor(make.member()), kind="post", subject_id=told.pk, reason="spam"
    )
    return Case_.objects.get()


def decided(verdict: str = "limit") -> Decision:
    made = moderation.decide_case(
        actor=SYSTEM, case_id=reported().pk, verdict=verdict, reason="spam", words="Advertising."
    )
    AuditEntry.objects.all().delete()
    return made


def member_appeal() -> MemberAppeal:
    return moderation.appeal(actor=Actor.guest(), token=decided("hide").token, body="A joke.")


def listed_word() -> ListedWord:
    made = moderation.list_word(actor=SYSTEM, text="pills", effect="block", reason="test")
    AuditEntry.objects.all().delete()
    return made


def blocked_picture() -> BlockedPicture:
    image = intake(actor=make.actor(make.member()), data=jpeg(3))
    moderation.block_pictures(actor=SYSTEM, image_ids=[image.pk], reason="test")
    AuditEntry.objects.all().delete()
    return BlockedPicture.objects.get()


def filed() -> RightsNotice:
    return moderation.file_notice(
        actor=Actor.guest(),
        kind="post",
        subject_id=publish(make.member(), title="A picture").pk,
        claimant="Ann Author",
        email="ann@example.com",
        address="Lane 1",
        work="My picture",
        words="It is mine.",
        is_true=True,
    )


def pending() -> RightsNotice:
    made = moderation.decide_notice(
        actor=SYSTEM, notice_id=filed().pk, taken_down=True, reason="complete"
    )
    AuditEntry.objects.all().delete()
    return made


CASES = {
    ("catalog_shop", "approve"): Case(pending_shop, ("moderation",), "shop.approve", state_of),
    ("catalog_shop", "refuse"): Case(pending_shop, ("moderation",), "shop.refuse", state_of),
    ("catalog_shop", "suspend"): Case(make.shop, ("moderation",), "shop.suspend", state_of),
    ("catalog_shop", "reopen"): Case(suspended_shop, ("moderation",), "shop.reopen", state_of),
    ("catalog_category", "change"): Case(
        category, ("moderation",), "category.change",
        lambda row: Category.objects.values_list("names", "position").get(pk=row.pk),
        {"name_en": "Bowls and dishes", "position": "7"}),
    ("catalog_attribute", "change"): Case(
        attribute, ("moderation",), "attribute.change",
        lambda row: Attribute.objects.values_list("names", "unit").get(pk=row.pk),
        {"name_en": "Height", "unit": "mm", "choices": "", "marks": "filter", "position": "2"}),
    ("entitlements_coupon", "pause"): Case(
        coupon, ("finance",), "coupon.pause",
        lambda row: Coupon.objects.get(pk=row.pk).is_active),
    ("entitlements_coupon", "resume"): Case(
        lambda: coupon(stopped=True), ("finance",), "coupon.resume",
        lambda row: Coupon.objects.get(pk=row.pk).is_active),
    ("people_account", "give"): Case(
        make.member, ("owner",), "staff.give_role",
        lambda row: list(row.staff_roles.values_list("role", flat=True)), {"role": "support"}),
    ("people_account", "take"): Case(
        lambda: make.staff("support"), ("owner",), "staff.take_role",
        lambda row: list(row.staff_roles.values_list("role", flat=True)), {"role": "support"}),
    ("orders_order", "refund"): Case(
        paid_order, ("support", "finance"), "refund.grant",
        lambda row: Order.objects.get(pk=row.pk).refunded_amount, {"amount": "12.50"}),
    ("orders_orderrefund", "send-again"): Case(
        failed_refund, ("support", "finance"), "refund.send_again", state_of,
        {"where": "account", "account": "buyer-2"}),
    ("payments_refund", "send-again"): Case(
        failed_unplaced, ("support", "finance"), "refund.send_again", state_of,
        {"destination": "buyer-2"}),
    ("payments_providermessage", "look"): Case(
        told_of_nothing_we_know, ("support", "finance"), "payments.look_at",
        lambda row: ProviderMessage.objects.get(pk=row.pk).looked_at),
    ("payments_payout", "pass-on-again"): Case(
        part_given_up, ("finance",), "payout.send_again", lambda row: Payout.objects.count()),
    ("earnings_payoutbatch", "approve"): Case(
        draft, ("finance",), "payout_batch.submit", state_of, {"provider": "sandbox"}),
    ("earnings_payoutbatch", "bank-list"): Case(
        by_hand, ("finance",), "payout_batch.bank_list",
        lambda row: AuditEntry.objects.filter(action="payout_batch.bank_list").exists(), told=200),
    ("payments_payout", "sent"): Case(
        to_send, ("finance",), "payout.sent", state_of, {"bank_ref": "B-1"}),
    ("payments_payout", "not-sent"): Case(to_send, ("finance",), "payout.not_sent", state_of),
    ("payments_payout", "returned"): Case(was_sent, ("finance",), "payout.returned", state_of),
    ("earnings_payoutbatch", "cancel"): Case(draft, ("finance",), "payout_batch.cancel", state_of),
    ("earnings_payoutbatch", "again"): Case(
        came_back, ("finance",), "payout_batch.draft", lambda row: PayoutBatch.objects.count()),
    ("earnings_commission", "hold"): Case(
        earned, ("finance", "moderation"), "commission.hold", state_of),
    ("earnings_commission", "release"): Case(
        held, ("finance", "moderation"), "commission.release", state_of),
    ("trust_circle", "confirm"): Case(
        circle, ("finance", "moderation"), "circle.confirmed", state_of),
    ("trust_circle", "clear"): Case(
        circle, ("finance", "moderation"), "circle.cleared", state_of),
    ("campaigns_outsidepicture", "accept"): Case(
        outside_picture, ("moderation",), "outside.vouched", state_of),
    ("campaigns_outsidepicture", "refuse"): Case(
        outside_picture, ("moderation",), "outside.refused", state_of),
    ("market_dispute", "decide"): Case(
        disputed, ("support", "finance"), "dispute.decide", state_of, {"amount": "4.00"}),
    ("standing_permit", "grant"): Case(
        permit, ("moderation",), "permit.granted", state_of),
    ("standing_permit", "refuse"): Case(
        permit, ("moderation",), "permit.refused", state_of),
    ("standing_permit", "withdraw"): Case(
        granted_permit, ("moderation",), "permit.withdrawn", state_of),
    ("standing_report", "uphold"): Case(
        report, ("moderation",), "report.upheld", state_of),
    ("standing_report", "dismiss"): Case(
        report, ("moderation",), "report.dismissed", state_of),
    ("standing_report", "take-down"): Case(
        report, ("moderation",), "product.take_down",
        lambda row: Takedown.objects.filter(product=row.product_id).count(), {"code": "unsafe"}),
    ("standing_appeal", "uphold"): Case(
        appealed, ("moderation",), "appeal.decide", state_of),
    ("standing_appeal", "dismiss"): Case(
        appealed, ("moderation",), "appeal.decide", state_of),
    ("standing_takedown", "lift"): Case(
        taken_down, ("moderation",), "product.let_back", state_of),
    ("standing_guardedcategory", "unguard"): Case(
        guarded, ("moderation",), "category.unguard",
        lambda row: GuardedCategory.objects.filter(pk=row.pk).exists()),
    ("groups_group", "hide"): Case(circles.group, ("moderation",), "group.hide", hidden),
    ("groups_group", "show"): Case(hidden_group, ("moderation",), "group.show", hidden),
    ("groups_group", "verify"): Case(
        circles.group, ("moderation",), "group.verify",
        lambda row: Group.objects.get(pk=row.pk).verified_at is not None),
    ("groups_group", "appoint"): Case(
        group_with_an_heir, ("moderation",), "group.appoint_owner",
        lambda row: Group.objects.get(pk=row.pk).owners, {"handle": "heir"}),


    ("moderation_case", "take"): Case(
        reported, ("moderation",), "case.take",
        lambda row: Case_.objects.get(pk=row.pk).assignee_id is not None),
    ("moderation_case", "note"): Case(
        reported, ("moderation",), "case.note", lambda row: row.notes.exists()),
    ("moderation_case", "dismiss"): Case(reported, ("moderation",), "case.decide", state_of),
    ("moderation_case", "hide"): Case(
        reported, ("moderation",), "case.decide", state_of, {"code": "spam"}),
    ("moderation_case", "warn"): Case(
        reported, ("moderation",), "case.decide", state_of, {"code": "spam", "content": "hide"}),
    ("moderation_case", "limit"): Case(
        reported, ("moderation",), "case.decide", state_of,
        {"code": "spam", "content": "keep", "days": "7"}),
    ("moderation_case", "suspend"): Case(
        reported, ("moderation",), "case.decide", state_of,
        {"code": "spam", "content": "hide", "days": ""}),
    ("moderation_case", "block-pictures"): Case(
        reported, ("moderation",), "picture.block", lambda row: BlockedPicture.objects.count()),
    ("moderation_appeal", "uphold"): Case(
        member_appeal, ("moderation",), "decision.review", state_of),
    ("moderation_appeal", "dismiss"): Case(
        member_appeal, ("moderation",), "decision.review", state_of),
    ("moderation_sanction", "lift"): Case(
        lambda: decided().sanction, ("moderation",), "sanction.lift",
        lambda row: Sanction.objects.get(pk=row.pk).ended_at is not None),
    ("moderation_listedword", "unlist"): Case(
        listed_word, ("moderation",), "word.unlist",
        lambda row: ListedWord.objects.filter(pk=row.pk).exists()),
    ("moderation_blockedpicture", "unblock"): Case(
        blocked_picture, ("moderation",), "picture.unblock",
        lambda row: BlockedPicture.objects.filter(pk=row.pk).exists()),
    ("moderation_rightsnotice", "take-down"): Case(
        filed, ("moderation",), "rights_notice.decide", state_of),
    ("moderation_rightsnotice", "refuse"): Case(
        filed, ("moderation",), "rights_notice.decide", state_of),
    ("moderation_rightsnotice", "restore"): Case(
        pending, ("moderation",), "rights_notice.settle", state_of),
    ("moderation_rightsnotice", "keep-down"): Case(
        pending, ("moderation",), "rights_notice.settle", state_of),
    ("ledger_account", "paid"): Case(
        debt, ("finance",), "debt.paid", _balance, {"amount": "40.00", "bank_ref": "R-1"}),
    ("ledger_account", "let-go"): Case(debt, ("finance",), "debt.let_go", _balance),
    ("kernel_deadevent", "deliver"): Case(
        dead_event, ("owner",), "event.deliver_again",
        lambda row: DeadEvent.objects.get(pk=row.pk).resolved_at is not None),
    ("kernel_flag", "turn"): Case(
        flag, ("owner",), "flag.turn", lambda row: Flag.objects.get(pk=row.pk).enabled),
}  # fmt: skip
COUPON = {
    "title": "From us", "code": "US", "currency": "CNY", "amount_off": "", "percent_bps": "12.5%",
    "min_spend": "100", "stacking": "platform", "reach": "code", "cap": "50", "per_person": "2",
    "budget": "5000.00", "starts_at": "", "ends_at": "2099-12-31 23:59",
}  # fmt: skip
LIST_CASES: dict[tuple[str, str], ListCase] = {
    ("entitlements_coupon", "add"): ListCase("finance", "coupon.create", COUPON),
    ("earnings_payoutbatch", "draft"): ListCase("finance", "payout_batch.draft"),
    ("earnings_payoutbatch", "draft-shops"): ListCase(
        "finance", "payout_batch.draft", before=a_sale_that_is_over),
    ("ledger_journal", "prove"): ListCase("finance", "ledger.prove"),
    ("catalog_category", "add"): ListCase(
        "moderation", "category.add",
        {"slug": "cups", "name_en": "Cups", "name_zh-hant": "杯子", "position": "3"}),
    ("catalog_attribute", "add"): ListCase(
        "moderation", "attribute.add",
        {"code": "glaze", "kind": "choice", "category": "", "name_en": "Glaze", "unit": "",
         "choices": "ash=Ash/灰/灰, clear=Clear", "marks": "required, filter", "position": "1"}),
    ("legal_legaltext", "publish"): ListCase(
        "owner", "legal_text.publish",
        {"kind": "terms", "language": "en", "version": "", "body": "Be kind.",
         "changes": "Shorter.", "asks": "yes"}),
    ("moderation_listedword", "list"): ListCase(
        "moderation", "word.list", {"text": "pills", "effect": "hold"}),
    ("standing_guardedcategory", "guard"): ListCase(
        "moderation", "category.guard", {"category": "bowls", "why": "It is medicine."}, category),
}  # fmt: skip
