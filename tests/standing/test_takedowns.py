"""Taking down reaches everybody: what waits goes back, whoever has it is warned."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Variant
from banyan.delivery import actions as delivery
from banyan.delivery.models import Grant, LicenceKey, Voucher
from banyan.entitlements import actions as entitlements
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound, SoldOut
from banyan.ledger.proof import verify
from banyan.moderation import actions as moderation
from banyan.moderation.models import RightsNotice
from banyan.notify.models import Message, Notification
from banyan.notify.queries import notifications
from banyan.orders import actions as orders
from banyan.orders.actions.payment import withdraw_checkout
from banyan.orders.models import Checkout, Order, OrderLine, OrderRefund, Return
from banyan.sales import actions as sales
from banyan.sales.models import Right
from banyan.sharing import actions as sharing
from banyan.standing import actions as standing
from banyan.standing.events import ProductTakenDown
from banyan.standing.models import Takedown
from banyan.standing.notices import tell_takedown
from tests.campaigns.scene import campaign
from tests.delivery import goods
from tests.orders.group import forming, join
from tests.orders.test_returns import approve, arrive, ask, settle, two_kinds
from tests.sales import scene
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def taken_down(product_id: int, shop_id: int) -> Takedown:
    found = standing.take_down(
        actor=SYSTEM, product_id=product_id, reason="unsafe", words="It gets hot."
    )
    told = ProductTakenDown(product_id=product_id, shop_id=shop_id, takedown_id=found.pk)
    tell_takedown(told, None)  # type: ignore[arg-type]  # not looked at
    return standing.settle_takedown(actor=SYSTEM, takedown_id=found.pk)


def warned() -> list[str]:
    rows = Message.objects.filter(kind="product.recalled").order_by("id")
    return [each.destination for each in rows]


def test_whoever_has_it_is_warned_whatever_became_of_the_rest_of_the_order() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    bad, fine = make.variant(shop), make.variant(shop)
    half = make.pay(make.place((bad, 1), (fine, 1), email="half@example.com")).orders.get()
    line = half.lines.get(variant=bad)
    orders.ship(actor=owner, order_id=half.pk, carrier="Post", units={line.pk: 1})
    money = make.pay(make.place((bad, 1), email="money-back@example.com")).orders.get()
    orders.ship(actor=owner, order_id=money.pk, carrier="Post")
    orders.grant_refund(
        actor=owner, order_id=money.pk, amount=money.total_amount, reason="sorry", key="r"
    )
    never = make.pay(make.place((bad, 1), (fine, 1), email="never@example.com")).orders.get()
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=never.pk,
        units={never.lines.get(variant=bad).pk: 1},
        key="c",
        access_token=never.checkout.access_token,
    )
    orders.ship(actor=owner, order_id=never.pk, carrier="Post")
    assert (Order.objects.get(pk=half.pk).state, Order.objects.get(pk=money.pk).state) == (
        "paid",
        "closed",
    )

    found = taken_down(bad.product_id, shop.pk)

    assert warned() == ["half@example.com", "money-back@example.com"]
    assert found.result["warned"] == 2
    assert recount() == {}


def test_who_sent_it_back_is_not_warned() -> None:
    bad = make.variant()
    order = make.pay(make.place((bad, 1))).orders.get()
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="Post")
    OrderLine.objects.update(returned_quantity=1)

    taken_down(bad.product_id, order.shop_id)

    assert warned() == []


def test_what_waits_for_its_group_is_paid_back_and_never_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = forming(monkeypatch)
    shop = make.shop()
    key, haircut = goods.keyed(n=1, of=shop), goods.voucher(of=shop)
    waiting = [join(key), join(haircut)]

    for item in (key, haircut):
        assert taken_down(item.product_id, shop.pk).state == "settled"
    group.full = True
    orders.release_hold(actor=SYSTEM, order_ids=[each.pk for each in waiting])

    for order in waiting:
        order.refresh_from_db()
        assert (order.state, order.refunded_amount) == ("closed", order.total_amount)
    assert LicenceKey.objects.get().state == "free"
    assert not Voucher.objects.exists()
    assert recount() == {}
    assert verify().clean


def test_what_the_platform_pays_back_to_a_guest_is_not_called_the_buyers_wish() -> None:
    bad = make.variant()
    make.pay(make.place((bad, 1)))

    taken_down(bad.product_id, bad.product.shop_id)

    assert OrderRefund.objects.get().requested_by == "system"


def test_whose_unpaid_purchase_ended_is_told_once_and_why() -> None:
    bad, beside, fine = make.variant(), make.variant(), make.variant()
    member = make.member()
    make.place((bad, 1), buyer=member)
    guest = make.place((bad, 1), (beside, 1), email="guest@example.com")
    own = make.place((bad, 1), email="changed-my-mind@example.com")
    make.place((fine, 1), email="fine@example.com")
    orders.cancel_checkout(actor=Actor.guest(), checkout_id=own.pk, access_token=own.access_token)

    taken_down(bad.product_id, bad.product.shop_id)
    relay.drain()
    standing.settle_due(actor=SYSTEM)
    relay.drain()

    message = Message.objects.exclude(kind="order.receipt").get()
    assert (message.kind, message.destination) == ("order.withdrawn", "guest@example.com")
    assert guest.number in message.subject
    assert f"“{bad.product.title}” was taken down: It gets hot." in message.body
    assert f"/o/{guest.access_token}" in message.body
    row = Notification.objects.get(recipient=member)
    assert (row.kind, row.n) == ("order.withdrawn", 1)
    assert f"“{bad.product.title}” was taken down" in notifications(member.pk)[0].text


def test_a_purchase_that_ended_for_another_reason_is_not_told_of_a_takedown() -> None:
    bad, member = make.variant(), make.member()
    checkout = make.place((bad, 1), buyer=member)
    standing.take_down(actor=SYSTEM, product_id=bad.product_id, reason="unsafe", words="Hot.")

    withdraw_checkout(actor=SYSTEM, checkout_id=checkout.pk, reason="campaign is over")
    relay.drain()

    assert not Notification.objects.filter(recipient=member).exists()


def filed(product: Product) -> RightsNotice:
    return moderation.file_notice(
        actor=Actor.guest(),
        kind="product",
        subject_id=product.pk,
        claimant="Ann Author",
        email="ann@example.com",
        address="Lane 1",
        work="My picture",
        words="It is mine.",
        is_true=True,
    )


def hidden(notice: RightsNotice) -> RightsNotice:
    return moderation.decide_notice(
        actor=SYSTEM, notice_id=notice.pk, taken_down=True, reason="complete"
    )


def restored(notice: RightsNotice) -> None:
    moderation.settle_notice(actor=SYSTEM, notice_id=notice.pk, restored=True, reason="Settled.")


def test_lifting_a_takedown_leaves_what_a_rights_holder_keeps_hidden() -> None:
    product = make.product()
    notice = hidden(filed(product))
    found = taken_down(product.pk, product.shop_id)

    standing.lift_takedown(actor=SYSTEM, takedown_id=found.pk, reason="A new model.")

    product.refresh_from_db()
    assert product.state == "taken_down"
    with pytest.raises(Conflict):
        catalog.publish_product(actor=make.actor(product.shop.owner), product_id=product.pk)
    restored(notice)
    product.refresh_from_db()
    assert product.state == "active"


def test_what_was_put_away_when_it_was_hidden_does_not_come_on_sale_by_itself() -> None:
    product = make.product()
    owner = make.actor(product.shop.owner)
    notice = filed(product)
    catalog.archive_product(actor=owner, product_id=product.pk)

    restored(hidden(notice))

    product.refresh_from_db()
    assert product.state == "draft"


def test_its_end_page_and_its_links_do_not_say_what_it_was() -> None:
    ana = make.actor(make.member())
    bad, wine, cup = (make.product(title=name) for name in ("Hot plate", "Plum wine", "Blue cup"))
    Product.objects.filter(pk=wine.pk).update(min_age=18)
    links = [
        sharing.share(actor=ana, target_kind="product", target_id=one.pk, via=None)
        for one in (bad, wine, cup)
    ]
    taken_down(bad.pk, bad.shop_id)
    for one in (wine, cup):
        catalog.unpublish_product(actor=make.actor(one.shop.owner), product_id=one.pk)

    for link, one, said in zip(links, (bad, wine, cup), (False, False, True), strict=True):
        for page in (f"/shop/{one.shop.slug}/{one.slug}", f"/s/{link.code}"):
            answer = Client().get(page, follow=True)
            assert answer.status_code == 404
            assert (one.title in answer.content.decode()) is said, page


@pytest.mark.parametrize("used", [0, 1])
def test_what_cost_nothing_is_not_had_on_site_either(used: int) -> None:
    item = goods.voucher()
    shop = goods.shop_of(item)
    owner = make.actor(shop.owner)
    gift = entitlements.create_coupon(
        actor=owner, shop_id=shop.pk, title="Gift", percent_bps=10_000, cap=10
    )
    bought = make.place((item, 2), coupon=gift.code).orders.get()
    first, second = Voucher.objects.order_by("number")
    codes = [delivery.open_voucher(one) for one in (first, second)]
    for code in codes[:used]:
        delivery.redeem(actor=owner, shop_id=shop.pk, code=code, key=code)

    for _twice in range(2):
        taken_down(item.product_id, shop.pk)

    scan = delivery.redeem(actor=owner, shop_id=shop.pk, code=codes[1], key="late")
    assert scan.result == "voucher_refunded"
    bought.refresh_from_db()
    assert bought.state == ("received" if used else "closed")
    assert make.stock_of(item).on_hand == 10 - used
    assert recount() == {}


def test_nobody_is_promised_another_piece_of_it() -> None:
    order, red, blue = two_kinds()
    taken_down(red.product_id, order.shop_id)

    with pytest.raises(Invalid) as refused:
        ask(order, exchange={order.lines.get().pk: blue.pk})

    assert refused.value.code == "exchange_gone"
    page = Client().get(f"/o/{order.checkout.access_token}/{order.pk}/return")
    assert "red" in page.content.decode()
    assert "blue" not in page.content.decode()
    assert approve(ask(order)).state == "approved", "it may come back for money"


@pytest.mark.parametrize("agreed", [False, True])
def test_an_exchange_that_is_open_goes_on_for_money(agreed: bool) -> None:
    order, red, blue = two_kinds()
    asked = ask(order, exchange={order.lines.get().pk: blue.pk}, reason="wrong_size")
    if agreed:
        approve(asked)

    taken_down(red.product_id, order.shop_id)

    asked.refresh_from_db()
    assert (asked.wish, asked.state) == ("refund", "approved" if agreed else "asked")
    assert make.stock_of(blue).free == 3
    relay.drain()
    told = Message.objects.filter(kind="order.return", body__contains="for money instead")
    assert told.count() == 1
    assert settle(arrive(asked) if not agreed else came(asked)).state == "refunded"
    order.refresh_from_db()
    assert order.refunded_amount == 2_000
    assert recount() == {}


def came(asked: Return) -> Return:
    owner = make.actor(asked.order.shop.owner)
    return orders.receive_return(actor=owner, return_id=asked.pk)


def test_another_piece_that_is_owed_is_paid_back_and_not_sent() -> None:
    order, red, blue = two_kinds()
    asked = approve(ask(order, exchange={order.lines.get().pk: blue.pk}, reason="wrong_size"))
    settle(came(asked))
    piece = order.lines.get(variant=blue)

    found = taken_down(red.product_id, order.shop_id)

    assert found.result["refunded"] == 1
    assert standing.settle_takedown(actor=SYSTEM, takedown_id=found.pk).result["refunded"] == 1
    piece.refresh_from_db()
    assert (piece.to_ship, piece.cancelled_quantity) == (0, 1)
    order.refresh_from_db()
    assert order.refunded_amount == order.total_amount
    assert OrderRefund.objects.get().amount == order.total_amount
    assert make.stock_of(blue).free == 3
    assert verify().clean
    assert recount() == {}


def test_a_sale_that_runs_shows_nothing_of_it_and_gives_nobody_a_unit() -> None:
    item = make.variant()
    sale = scene.on(item, public=2, code=1, ticketed=True)
    owner = make.actor(item.product.shop.owner)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="post", count=1
    )
    (code,) = sales.codes_of(actor=owner, batch_id=batch.pk)
    page = reverse("sale", args=[sale.pk])
    assert item.product.title in Client().get(page).content.decode()

    taken_down(item.product_id, item.product.shop_id)

    assert item.product.title not in Client().get(page).content.decode()
    ana = make.actor(scene.buyer(1))
    with pytest.raises(NotFound):
        sales.claim(actor=ana, sale_id=sale.pk, variant_id=item.pk)
    with pytest.raises(SoldOut) as refused:
        sales.enter_code(actor=ana, sale_id=sale.pk, code=code.code)
    assert refused.value.code == "not_on_sale"
    assert not Right.objects.exclude(state="issued").exists()
    assert recount() == {}


def test_a_campaign_that_runs_shows_nothing_of_it_and_is_begun_by_nobody() -> None:
    item = make.variant()
    of = campaign(item.product.shop, "group_buy", variant=item.pk, people=2, price=7_000)
    page = reverse("campaign", args=[of.code])
    assert item.product.title in Client().get(page).content.decode()

    taken_down(item.product_id, item.product.shop_id)

    answer = Client().get(page).content.decode()
    assert item.product.title not in answer
    assert "This is no longer on sale." in answer
    with pytest.raises(Refused) as refused:
        campaigns.begin(actor=make.actor(make.member()), code=of.code)
    assert refused.value.reason == "gone"
    assert not Instance.objects.exists()


def fetched(grant: Grant) -> str:
    """The code of what a buyer is told who presses Download; empty when the file comes."""
    try:
        delivery.fetch(actor=Actor.guest(), grant_id=grant.pk).stream.close()
    except Conflict as refused:
        return refused.code
    return ""


def had_by(grant: Grant) -> Checkout:
    return Checkout.objects.get(orders__lines=grant.line_id)


def two_buyers(item: Variant) -> tuple[Grant, Grant]:
    """One has fetched the file, the other has not."""
    for _each in range(2):
        make.pay(make.place((item, 1)))
    had, waiting = Grant.objects.order_by("id")
    assert fetched(had) == ""
    return had, waiting


def test_a_file_that_was_bought_is_fetched_by_nobody_any_more_and_paid_back_to_who_never_did() -> (
    None
):
    song = goods.filed(price=3_000)
    had, waiting = two_buyers(song)

    found = taken_down(song.product_id, goods.shop_of(song).pk)

    assert (fetched(had), fetched(waiting)) == ("taken_down", "download_closed")
    assert found.result["refunded"] == 1
    assert OrderRefund.objects.get().amount == 3_000
    order = OrderRefund.objects.get().order
    assert (order.state, order.lines.get().pk) == ("closed", waiting.line_id)
    told = {had: "This was taken down: it cannot be downloaded.", waiting: "was refunded."}
    for grant, words in told.items():
        page = Client().get(f"/o/{had_by(grant).access_token}").content.decode()
        assert words in page
        assert "are used up" not in page
    standing.settle_due(actor=SYSTEM)
    assert OrderRefund.objects.count() == 1
    assert verify().clean
    assert recount() == {}

    standing.lift_takedown(actor=SYSTEM, takedown_id=found.pk, reason="It was a mistake.")
    assert (fetched(had), fetched(waiting)) == ("", "download_closed")


def test_a_file_that_a_rights_holder_claims_waits_and_is_paid_back_once_the_claim_holds() -> None:
    song = goods.filed(price=3_000)
    had, waiting = two_buyers(song)
    notice = hidden(filed(song.product))

    assert (fetched(had), fetched(waiting)) == ("taken_down", "taken_down")
    standing.settle_due(actor=SYSTEM)
    assert not OrderRefund.objects.exists()

    moderation.settle_notice(actor=SYSTEM, notice_id=notice.pk, restored=False, reason="A court.")
    assert [standing.settle_due(actor=SYSTEM), standing.settle_due(actor=SYSTEM)] == [1, 0]
    assert (fetched(had), fetched(waiting)) == ("taken_down", "download_closed")
    assert OrderRefund.objects.get().amount == 3_000
    assert "rights holder" in OrderRefund.objects.get().reason
    assert verify().clean
    assert recount() == {}


@pytest.mark.parametrize("claimed", [False, True])
def test_a_file_that_cost_nothing_waits_and_nothing_is_paid(claimed: bool) -> None:
    song = goods.filed(price=3_000)
    shop = goods.shop_of(song)
    coupon = entitlements.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="Gift", percent_bps=10_000, cap=10
    )
    checkout = make.place((song, 1), coupon=coupon.code)
    grant = Grant.objects.get()
    if claimed:
        notice = hidden(filed(song.product))
        moderation.settle_notice(
            actor=SYSTEM, notice_id=notice.pk, restored=False, reason="A court."
        )
    else:
        taken_down(song.product_id, shop.pk)

    assert standing.settle_due(actor=SYSTEM) == int(not claimed), "looked at once more"

    assert fetched(grant) == "taken_down"
    page = Client().get(f"/o/{checkout.access_token}").content.decode()
    assert "This was taken down: it cannot be downloaded." in page
    assert not OrderRefund.objects.exists()
    assert recount() == {}


def test_a_claim_that_is_taken_back_lets_buyers_fetch_again() -> None:
    song = goods.filed()
    had, waiting = two_buyers(song)
    restored(hidden(filed(song.product)))

    standing.settle_due(actor=SYSTEM)

    assert (fetched(had), fetched(waiting)) == ("", "")
    assert not OrderRefund.objects.exists()


def test_what_its_shop_only_takes_off_sale_is_still_fetched_by_who_paid() -> None:
    song = goods.filed()
    had, waiting = two_buyers(song)

    catalog.archive_product(actor=make.actor(goods.shop_of(song).owner), product_id=song.product_id)
    standing.settle_due(actor=SYSTEM)

    assert (fetched(had), fetched(waiting)) == ("", "")
    assert not OrderRefund.objects.exists()
