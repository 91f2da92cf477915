"""Another shop's merchant on every address that carries an id: 404, and no row changed.

The table is complete: a test compares it with the addresses that there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from banyan.campaigns.models import Campaign, OutsidePicture
from banyan.catalog import actions as catalog
from banyan.catalog.models import Collection, PriceList, ShippingZone, TaxZone
from banyan.chat import actions as chat
from banyan.chat.models import Message, Thread
from banyan.community.models import Board, Comment, Post, PostDraft
from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey, Scan
from banyan.delivery.rules import new_voucher_code
from banyan.earnings.models import Commission
from banyan.entitlements.actions import create_coupon
from banyan.entitlements.models import Coupon, PriceRight
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.groups.models import Offer as GroupOffer
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.legal.actions import ask_export
from banyan.legal.models import Export
from banyan.market import actions as market
from banyan.market.models import Dispute, Listing
from banyan.notify.actions import notify
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.models import Document, OrderRefund, Return, Shipment
from banyan.payments import actions as payments
from banyan.payments.models import PaymentRequest
from banyan.people.actions import add_address, add_to_list, create_token, make_list, mute_word
from banyan.people.models import Account, AccountList, Address, ApiToken, GuestMerge, Mute
from banyan.sales import actions as sales
from banyan.sales.models import CodeBatch, Sale
from banyan.standing import actions as standing
from banyan.standing.models import Permit
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Offer, PoolItem
from tests.campaigns import scene as plays
from tests.campaigns.test_outside import collecting, show
from tests.delivery import goods
from tests.groups import circles
from tests.market import deals
from tests.sales.scene import on
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support import prices
from tests.support.pictures import staged_picture
from tests.web.studio.scene import Scene, client, scene

pytestmark = pytest.mark.django_db


@dataclass(slots=True)
class World:
    """A shop with an order and everything around it, and ``rival``, who has a shop too."""

    at: Scene
    rival: Account
    rivals_shop: str
    rivals_token: str
    coupon: Coupon
    asked: OrderRefund
    failed: OrderRefund
    address: Address
    token: ApiToken
    mute: Mute
    circle: AccountList
    merge: GuestMerge
    notification: Notification
    post: Post
    board: Board
    comment: Comment
    cart_item: int
    key: LicenceKey
    scan: Scan
    zone: ShippingZone
    tax: TaxZone
    price_list: PriceList
    sale: Sale
    campaign: Campaign
    picture: OutsidePicture
    right: PriceRight
    batch: CodeBatch
    collection: Collection
    offer: Offer
    pool_item: PoolItem
    asked_payment: PaymentRequest
    listing: Listing
    dispute: Dispute
    club: Group
    group_offer: GroupOffer
    export: Export
    permit: Permit
    own: dict[str, int] = field(default_factory=dict)


def _world() -> World:
    at = scene()
    owner, buyer = make.actor(at.owner), make.actor(at.buyer)
    rivals = make.shop(at.stranger)
    rivals_order = make.place((make.variant(rivals), 1), buyer=at.stranger)
    coupon = create_coupon(actor=owner, shop_id=at.shop.pk, title="C", amount_off=100, cap=5)
    failed = orders.grant_refund(
        actor=owner, order_id=at.order.pk, amount=1_000, reason="late", key="late"
    )
    OrderRefund.objects.filter(pk=failed.pk).update(state="failed")
    asked = orders.ask_refund(
        actor=buyer, order_id=at.order.pk, amount=500, reason="small", key="ask"
    )
    _after_sale(at)
    room = chat.open_shop_room(actor=buyer, shop_id=at.shop.pk)
    chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Is it safe?"))
    cart = orders.cart_for(actor=buyer)
    item = orders.add_to_cart(actor=buyer, cart=cart, variant_id=at.item.pk)
    notify(recipient_id=at.owner.pk, kind="follow", group_key="follow", actor_id=at.buyer.pk)
    mine = Post.objects.create(author=at.owner, title="Mine", created_at=clock.now())
    PostDraft.objects.create(
        owner=at.owner, form={}, created_at=clock.now(), updated_at=clock.now()
    )
    return World(
        at=at,
        rival=at.stranger,
        rivals_shop=rivals.slug,
        rivals_token=rivals_order.access_token,
        right=make.right(at.buyer, at.item, 1),
        coupon=coupon,
        asked=asked,
        failed=failed,
        address=add_address(actor=buyer, fields=make.ADDRESS),
        token=create_token(actor=owner, name="till")[0],
        mute=mute_word(actor=owner, word="noise"),
        circle=_circle(owner, at.buyer),
        merge=GuestMerge.objects.create(
            account=at.owner, contact="a@example.com", created_at=clock.now()
        ),
        notification=Notification.objects.get(recipient_id=at.owner.pk),
        post=mine,
        export=ask_export(actor=owner),
        board=Board.objects.create(
            owner=at.owner, title="Mine", slug="mine", created_at=clock.now()
        ),
        comment=Comment.objects.create(
            post=mine, author=at.owner, body="Mine", created_at=clock.now()
        ),
        cart_item=item.pk,
        zone=prices.first_way(at.shop).zone,
        tax=prices.tax(at.shop, "CN", rate=0),
        price_list=prices.price_list(at.shop, {at.item: 9_000}),
        key=LicenceKey.objects.get(variant=goods.keyed(n=1, of=at.shop)),
        scan=delivery.redeem(
            actor=owner, shop_id=at.shop.pk, code=new_voucher_code(), key="unknown"
        ),
        permit=standing.ask_permit(
            actor=owner,
            shop_id=at.shop.pk,
            number="LIC-1",
            holder="Mine",
            picture=staged_picture(owner),
        ),
        **_selling(at),
    )


def _circle(owner: Actor, friend: Account) -> AccountList:
    made = make_list(actor=owner, name="Near")
    add_to_list(actor=owner, list_id=made.pk, account_id=friend.pk)
    return made


def _selling(at: Scene) -> dict[str, Any]:
    """Give the victim a sale with codes, a collection, pooled goods, a listing and a dispute."""
    owner, buyer = make.actor(at.owner), make.actor(at.buyer)
    Account.objects.filter(pk=at.owner.pk).update(email="owner@example.com")
    hot = make.variant(at.shop, stock=9)
    sale = on(hot, public=2, code=2)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=hot.pk, channel="letter", count=1
    )
    pooled = stalls.supply(make.variant(at.shop))
    page = storefronts.open_storefront(actor=buyer, title="Corner")
    club = circles.group(at.owner, visibility=2)
    asked = payments.ask_for_payment(
        actor=owner,
        payee_kind="shop",
        payee_id=at.shop.pk,
        amount=Money(1_000, "CNY"),
        note="Tuning",
        good_for=dt.timedelta(days=1),
    )
    return {
        "sale": sale,
        "campaign": plays.draft(at.shop, "coupon_pack", coupon=plays.coupon(at.shop).pk),
        "picture": show(collecting(at.shop, player := plays.somebody()), player),
        "batch": batch,
        "collection": catalog.make_collection(
            actor=owner, shop_id=at.shop.pk, data=catalog.CollectionInput(title="Best")
        ),
        "pool_item": pooled,
        "offer": stalls.listed(page, pooled, 11_000),
        "asked_payment": asked,
        "club": club,
        "group_offer": groups.offer_to_group(
            actor=owner, group_id=club.pk, product_id=hot.product_id
        ),
        "listing": deals.listing(at.owner),
        "dispute": market.open_dispute(
            actor=buyer,
            order_id=at.order.pk,
            reason="damaged",
            claim_amount=100,
            body="Broken.",
        ),
    }


def _after_sale(at: Scene) -> None:
    """Give the victim something that comes back, and a document."""
    owner, buyer = make.actor(at.owner), make.actor(at.buyer)
    order = make.pay(make.place((at.item, 1), buyer=at.buyer)).orders.get()
    orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    units = {order.lines.get().pk: 1}
    orders.ask_return(actor=buyer, order_id=order.pk, units=units, reason="damaged", key="back")
    orders.set_legal_entity(actor=owner, shop_id=at.shop.pk, name="Kiln", address="Lakeside Road 1")
    orders.issue_document(actor=buyer, order_id=order.pk, kind="receipt")


def _thread(w: World) -> dict[str, Any]:
    return {"thread_id": Thread.objects.get(shop=w.at.shop).pk}


def _room(w: World) -> dict[str, Any]:
    return {"room_id": Thread.objects.get(shop=w.at.shop).room_id}


def _message(w: World) -> dict[str, Any]:
    return _room(w) | {"message_id": Message.objects.filter(author=w.at.buyer).earliest("pk").pk}


def _return(w: World) -> dict[str, Any]:
    return {"return_id": Return.objects.get().pk}


# name: (ids of the victim, what the form sends; None for a page that is only looked at)
Case = tuple[Callable[[World], dict[str, Any]], dict[str, str] | None]


def _order(w: World) -> dict[str, Any]:
    return {"order_id": w.at.order.pk}


def _parcel(w: World) -> dict[str, Any]:
    parcel = Shipment.objects.filter(order__shop=w.at.shop).order_by("id")[0]
    return {"order_id": parcel.order_id, "shipment_id": parcel.pk}


def _coupon(w: World) -> dict[str, Any]:
    return {"coupon_id": w.coupon.pk}


def _item(w: World) -> dict[str, Any]:
    return {"variant_id": w.at.item.pk}


def _campaign(w: World) -> dict[str, Any]:
    return {"campaign_id": w.campaign.pk}


def _sale(w: World) -> dict[str, Any]:
    return {"sale_id": w.sale.pk}


def _asked_payment(w: World) -> dict[str, Any]:
    return {"request_id": w.asked_payment.pk}


def _dispute(w: World) -> dict[str, Any]:
    return {"dispute_id": w.dispute.pk}


STUDIO: dict[str, Case] = {
    "studio_thread": (_thread, {"body": "Hello"}),
    "studio_thread_act": (_thread, {"do": "take"}),
    "studio_thread_read": (_thread, {"seq": "1"}),
    "studio_take_back": (lambda w: _thread(w) | {"message_id": _message(w)["message_id"]}, {}),
    "studio_order": (_order, None),
    "studio_order_ship": (_order, {"carrier": "SF"}),
    "studio_order_refund": (_order, {"amount": "1", "reason": "x", "key": "k"}),
    "studio_order_answer": (_order, {"do": "grant", "request": "ASKED"}),
    "studio_parcel": (_parcel, {"parcel_carrier": "SF", "parcel_tracking": "x"}),
    "studio_order_note": (_order, {"body": "Hello"}),
    "studio_document": (_order, {"kind": "invoice"}),
    "studio_fapiao_answer": (_order, {"do": "refuse", "fapiao_reason": "x"}),
    "studio_order_change": (_order, {"kind": "shipping", "amount": "1"}),
    "studio_permit_picture": (lambda w: {"permit_id": w.permit.pk}, None),
    "studio_return": (_return, {"do": "refuse", "reason": "x"}),
    "studio_product": (
        lambda w: {"product_id": w.at.item.product_id},
        {"title": "Mine", "v0_price": "1"},
    ),
    "studio_product_state": (lambda w: {"product_id": w.at.item.product_id}, {"do": "unpublish"}),
    "studio_handing_over": (lambda w: {"product_id": w.key.variant.product_id}, {"way": "file"}),
    "studio_key": (lambda w: {"key_id": w.key.pk}, {"do": "withdraw", "reason": "x"}),
    "studio_allow_more": (lambda w: {**_order(w), "grant_id": w.key.pk}, {}),
    "studio_conflict_seen": (lambda w: {"scan_id": w.scan.pk}, {}),
    "studio_stock": (lambda w: {"variant_id": w.at.item.pk}, {"on_hand": "99"}),
    "studio_zone": (lambda w: {"zone_id": w.zone.pk}, {"remove": "1"}),
    "studio_way_new": (lambda w: {"zone_id": w.zone.pk}, {"name": "Mine", "bands": "0: 1"}),
    "studio_way": (
        lambda w: {"zone_id": w.zone.pk, "method_id": w.zone.methods.get().pk},
        {"remove": "1"},
    ),
    "studio_tax": (lambda w: {"zone_id": w.tax.pk}, {"remove": "1"}),
    "studio_price_list": (lambda w: {"list_id": w.price_list.pk}, {"remove": "1"}),
    "studio_list_prices": (lambda w: {"list_id": w.price_list.pk}, {"steps": "1"}),
    "studio_stock_edit": (_item, {"on_hand": "99", "had": "9"}),
    "studio_stock_story": (_item, None),
    "studio_stock_carry": (_item, {"n": "1"}),
    "studio_stock_low": (_item, {"low_at": "3"}),
    "studio_campaign": (_campaign, None),
    "studio_campaign_act": (_campaign, {"act": "publish"}),
    "studio_sale": (_sale, None),
    "studio_sale_act": (_sale, {"do": "end"}),
    "studio_sale_codes": (_sale, {"channel": "letter", "count": "1"}),
    "studio_sale_codes_file": (lambda w: {"batch_id": w.batch.pk}, None),
    "studio_sale_fans": (_sale, {"handles": "me"}),
    "studio_campaign_change": (_campaign, {"title": "Theirs"}),
    "studio_campaign_preview": (_campaign, None),
    "studio_outside": (_campaign, None),
    "studio_outside_judge": (lambda w: {"picture_id": w.picture.pk}, {"do": "accept"}),
    "studio_collection": (lambda w: {"collection_id": w.collection.pk}, {"do": "delete"}),
    "studio_pool_item": (lambda w: {"item_id": w.pool_item.pk}, {"do": "withdraw"}),
    "studio_payment_take_back": (_asked_payment, {}),
    "studio_payment_give_back": (_asked_payment, {"amount": "1", "reason": "x"}),
    "studio_price_right_withdraw": (lambda w: {"right_id": w.right.pk}, {"reason": "Mine"}),
    "studio_coupon": (_coupon, {"title": "Theirs", "cap": "9", "per_person": "1"}),
    "studio_coupon_state": (_coupon, {"do": "pause"}),
    "studio_coupon_codes": (_coupon, {"n": "1"}),
}


def _by_token(w: World) -> dict[str, Any]:
    return {"token": w.rivals_token, "order_id": w.at.order.pk}


PEOPLE: dict[str, Case] = {
    "chat_room": (_room, None),
    "chat_say": (_room, {"body": "Me too"}),
    "chat_read": (_room, {"seq": "1"}),
    "chat_act": (_room, {"do": "good"}),
    "chat_take_back": (_message, {}),
    "dispute_ask": (_by_token, {"reason": "damaged", "amount": "1", "body": "x"}),
    "dispute": (_dispute, {"body": "Me too"}),
    "dispute_withdraw": (_dispute, {}),
    "listing_withdraw": (lambda w: {"listing_id": w.listing.pk}, {}),
    "review_write": (
        lambda w: {"token": w.rivals_token, "line_id": w.at.order.lines.get().pk},
        {"stars": "1"},
    ),
    "storefront_offer": (lambda w: {"offer_id": w.offer.pk}, {"do": "end"}),
    "group_offer_open": (lambda w: {"offer_id": w.group_offer.pk}, None),
    "group_offer_end": (lambda w: {"offer_id": w.group_offer.pk}, {}),
    "group_member": (
        lambda w: {"slug": w.club.slug, "account_id": w.at.owner.pk},
        {"do": "remove"},
    ),
    "group_pick": (lambda w: {"slug": w.club.slug, "post_id": w.post.pk}, {"do": "pin"}),
    "group_look": (lambda w: {"slug": w.club.slug, "look": 1}, None),
    "order_received": (_by_token, {}),
    "order_note": (_by_token, {"body": "Hello"}),
    "order_cancel": (_by_token, {"key": "k"}),
    "order_extend": (_by_token, {}),
    "order_address": (_by_token, {"street": "Theirs 1"}),
    "order_fapiao": (_by_token, {"title_kind": "personal", "title": "Me", "email": "a@b.cn"}),
    "document_issue": (_by_token, {"kind": "receipt"}),
    "document": (lambda w: {"document_id": Document.objects.get().pk}, None),
    "fapiao_file": (_order, None),
    "return_ask": (_by_token, {"reason": "damaged"}),
    "return": (_return, None),
    "return_sent": (_return, {"carrier": "SF"}),
    "return_withdraw": (_return, {}),
    "refund_ask": (_by_token, {"amount": "1", "reason": "x", "key": "k"}),
    "refund": (lambda w: {"refund_id": w.asked.pk}, None),
    "refund_help": (lambda w: {"refund_id": w.failed.pk}, {"body": "Send it to me"}),
    "refund_retry": (lambda w: {"refund_id": w.failed.pk}, {"destination": "my account"}),
    "earning": (lambda w: {"commission_id": Commission.objects.get().pk}, None),
    "cart_change": (lambda w: {"item_id": w.cart_item}, {"n": "5"}),
    "address_edit": (lambda w: {"address_id": w.address.pk}, make.ADDRESS),
    "address_remove": (lambda w: {"address_id": w.address.pk}, {}),
    "address_default": (lambda w: {"address_id": w.address.pk}, {}),
    "token_revoke": (lambda w: {"token_id": w.token.pk}, {}),
    "mute_end": (lambda w: {"mute_id": w.mute.pk}, {}),
    "list_mine": (lambda w: {"list_id": w.circle.pk}, {"name": "Theirs"}),
    "list_feed": (lambda w: {"list_id": w.circle.pk}, None),
    "list_delete": (lambda w: {"list_id": w.circle.pk}, {}),
    "list_take": (lambda w: {"list_id": w.circle.pk, "handle": w.at.buyer.handle}, {}),
    "merge_offer": (lambda w: {"merge_id": w.merge.pk}, {"answer": "accept"}),
    "merge_undo": (lambda w: {"merge_id": w.merge.pk}, {}),
    "notification_open": (lambda w: {"notification_id": w.notification.pk}, {}),
    "export_take": (lambda w: {"export_id": w.export.pk}, {}),
    "purchase_export_take": (
        lambda w: {"token": w.rivals_token, "export_id": w.export.pk},
        {},
    ),
    "post_delete": (lambda w: {"post_id": w.post.pk}, {}),
    "post_pictures": (lambda w: {"post_id": w.post.pk}, {"alt_1": "Theirs"}),
    "comment_delete": (lambda w: {"post_id": w.post.pk, "comment_id": w.comment.pk}, {}),
    "comment_first": (lambda w: {"post_id": w.post.pk}, {"comment": "1"}),
    "post_edit": (lambda w: {"post_id": w.post.pk}, {"title": "Theirs"}),
    "draft_delete": (lambda w: {"draft_id": PostDraft.objects.get().pk}, {}),
    "purchase_show": (
        lambda w: {"token": w.rivals_token, "line_id": w.at.order.lines.get().pk},
        {"visibility": "0"},
    ),
    "board_move": (lambda w: {"board_id": w.board.pk, "post_id": w.post.pk}, {"to": "up"}),
    "board_note": (lambda w: {"board_id": w.board.pk, "post_id": w.post.pk}, {"note": "Theirs"}),
    "board_cover": (lambda w: {"board_id": w.board.pk, "post_id": w.post.pk}, {}),
    "board_invite": (lambda w: {"board_id": w.board.pk}, {"handle": "me"}),
    "board_join": (lambda w: {"board_id": w.board.pk}, {}),
    "board_leave": (lambda w: {"board_id": w.board.pk}, {}),
    "board_edit": (lambda w: {"board_id": w.board.pk}, {"title": "Theirs"}),
    "board_delete": (lambda w: {"board_id": w.board.pk}, {}),
    "board_take": (lambda w: {"board_id": w.board.pk, "post_id": w.post.pk}, {}),
}

# For everybody to see or to do; what they write belongs to whoever does it.
FOR_ALL = {
    "post",
    "post_like",
    "post_likes",
    "post_comment",
    "post_repin",
    "post_save",
    "post_vote",
    "post_history",
    "post_repins",
    "post_embed",
    "post_video",
    "comment_like",
    "comment_replies",
    "post_comments",
    "intend",
    "chat_share",
    "share",
    "touch_seen",
    "report_product",
    "report",
    "rights_file",
    "legal_version",
    "sale",
    "sale_claim",
    "sale_code",
    "sale_enter",
    "sale_leave",
    "sale_let_go",
    "sale_proof",
    "sale_remind",
    "stock_wish",
    "storefront_look",
    "storefront_take",
}
# Pages of the sign-in library, which has tests of its own.
NOT_OURS = {"mfa_remove_webauthn", "mfa_edit_webauthn"}


def _named(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _named(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.name or route


def _pages() -> dict[str, str]:
    """Return the addresses of pages that carry an id, by name; the API has a table of its own."""
    found = {name: route for route, name in _named(get_resolver()) if "<int:" in route}
    return {name: r for name, r in found.items() if not r.startswith(("api/", "desk/", "admin/"))}


def test_burned_10_the_table_names_every_address_with_an_id() -> None:
    listed = [*STUDIO, *PEOPLE, *FOR_ALL, *NOT_OURS]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(_pages())
    in_studio = {name for name, route in _pages().items() if route.startswith("studio/")}
    assert in_studio == set(STUDIO)


def _all_rows() -> dict[str, tuple[int, str]]:
    """Return a count and a fingerprint of every table; sessions and rate limits may move."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('django_session', 'kernel_ratebucket')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for name in sorted(tables):
            cursor.execute(
                f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
                f' FROM "{name}" t'
            )
            rows[name] = cursor.fetchone()
    return rows


def _answers(browser: Client, url: str, data: dict[str, str] | None) -> list[int]:
    headers = {"sec-fetch-site": "same-origin"}
    found = [browser.get(url, headers=headers).status_code]
    if data is not None:
        found.append(browser.post(url, data, headers=headers).status_code)
    return found


def _try_all(
    browser: Client, w: World, cases: dict[str, Case], extra: dict[str, Any]
) -> dict[str, list[int]]:
    """Open and send everything; return the answers that were no refusal."""
    wrong: dict[str, list[int]] = {}
    for name, (ids, data) in cases.items():
        url = reverse(name, kwargs=extra | ids(w))
        if data and data.get("request"):
            data = data | {"request": str(w.asked.pk)}
        answers = _answers(browser, url, data)
        if set(answers) - {404, 405} or answers[-1] != 404:
            wrong[name] = answers
    return wrong


@pytest.mark.parametrize("door", ["their rooms", "own rooms"])
def test_burned_10_another_shops_merchant_finds_nothing_and_changes_nothing(door: str) -> None:
    w = _world()
    slug = w.at.shop.slug if door == "their rooms" else w.rivals_shop
    browser = client(w.rival)
    before = _all_rows()

    assert _try_all(browser, w, STUDIO, {"shop_slug": slug}) == {}

    assert _all_rows() == before


def test_burned_10_another_person_finds_nothing_and_changes_nothing() -> None:
    w = _world()
    orders.cart_for(actor=make.actor(w.rival))
    browser = client(w.rival)
    before = _all_rows()

    assert _try_all(browser, w, PEOPLE, {}) == {}

    assert _all_rows() == before


def test_burned_10_control_the_owner_does_find_it() -> None:
    """The same addresses answer those they belong to, so a 404 above means what it says."""
    w = _world()
    for name in ("studio_order", "studio_product", "refund", "earning"):
        ids, _data = (STUDIO | PEOPLE)[name]
        extra = {"shop_slug": w.at.shop.slug} if name in STUDIO else {}
        assert client(w.at.owner).get(reverse(name, kwargs=extra | ids(w))).status_code == 200


def test_burned_10_control_the_fingerprint_sees_one_changed_column() -> None:
    w = _world()
    before = _all_rows()
    Coupon.objects.filter(pk=w.coupon.pk).update(is_active=False)
    after = _all_rows()
    assert [name for name in before if before[name] != after[name]] == ["entitlements_coupon"]
