"""Everybody can walk everywhere: every page is reached by links from `/`, whole and translated."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db.models import CharField, Count, JSONField, Model, TextField

from banyan.catalog import actions as catalog
from banyan.catalog.models import (
    Attribute,
    Collection,
    EmptySearch,
    PriceList,
    Product,
    Shop,
    StockAt,
    TaxZone,
    Variant,
)
from banyan.catalog.proof import stock_audit
from banyan.catalog.reminders import BACK
from banyan.community import actions as community
from banyan.community.models import Comment, Post
from banyan.delivery import actions as delivery
from banyan.delivery.models import Grant as DigitalGrant
from banyan.delivery.models import LicenceKey, Voucher
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.entitlements.models import Coupon, Grant, PointsLot, PointsUse
from banyan.entitlements.rules import CLASSES
from banyan.groups.models import Group, Membership
from banyan.groups.models import Notice as GroupNotice
from banyan.insights.actions import import_cascades
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.market.models import Dispute, Escrow, Listing
from banyan.media.actions import claim_staged
from banyan.notify.actions import remind
from banyan.notify.models import Message, Notification, Reminder
from banyan.ops.demo import cast, story, travels
from banyan.ops.demo.pictures import Drawing, Studio, T, all_drawings
from banyan.ops.demo.stage import ADDRESS
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Document, Fapiao, Order, OrderRefund, Return
from banyan.payments import actions as payments
from banyan.payments.models import Intent, PaymentRequest, Refund
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import CodeBatch, Sale
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from banyan.standing.models import Appeal, Permit, Review, Takedown
from banyan.storefronts.models import Storefront
from banyan.web.shop.market.cards import product_url
from tests.delivery import goods
from tests.sales.scene import on
from tests.support import factories as make
from tests.support.crawler import Crawler, Walk, route_names
from tests.support.database import wipe
from tests.support.pages import Page
from tests.support.pictures import staged_picture
from tests.support.recount import recount

# Routes that no link or form of a page leads to, each with the reason.
EXCEPTIONS = {
    "account_email": "a name that the sign-in library asks for; same page as contact_add",
    "account_inactive": "where the library sends closed accounts",
    "account_login": "a name that the library asks for; same page as login",
    "account_logout": "a name that the library asks for; same page as logout",
    "account_reauthenticate": "where the library sends for a fresh sign-in",
    "account_signup": "a name that the library asks for; same page as login",
    "signup": "an address people type; the same page as login",
    "contact_code": "shown after a contact was sent a code",
    "login_code": "shown after a contact was sent a code",
    "login_done": "the last step of a sign-in, which redirects",
    "merge_offer": "offered after a sign-in that finds a guest's orders",
    "merge_undo": "on the merge's page",
    "rights_notice": "behind a link in a mail, for rights holders and authors",
    "export_take": "on the page of one's data once the file is made",
    "purchase_export_take": "on the page of a purchase's data once the file is made",
    "decision": "on the list of decisions, for those about whom there are any",
    "legal_version": "below a text that has been published",
    "mfa_authenticate": "the second step of a sign-in",
    "mfa_reauthenticate": "asked before a second factor is changed",
    "mfa_reauthenticate_webauthn": "asked before a second factor is changed",
    "mfa_add_webauthn": "passkeys: only where the address has TLS",
    "mfa_edit_webauthn": "passkeys: only where the address has TLS",
    "mfa_list_webauthn": "passkeys: only where the address has TLS",
    "mfa_login_webauthn": "passkeys: called by script",
    "mfa_remove_webauthn": "passkeys: only where the address has TLS",
    "mfa_deactivate_totp": "on the security page of those who use it",
    "mfa_download_recovery_codes": "on the security page of those who have some",
    "mfa_generate_recovery_codes": "on the security page of those who have a second factor",
    "mfa_view_recovery_codes": "on the security page of those who have some",
    "payment_hook": "called by the provider",
    "payment_return": "where the provider sends the browser back",
    "payment_wait": "shown after the order form",
    "payment_state": "asked by the waiting page",
    "stock_unwish": "in the message to a visitor who waited for something",
    "stop": "in messages that somebody asked for",
    "remind_confirm": "in the message that asks whether one did",
    "remind_wechat": "where WeChat sends the browser back",
    "push_remove": "in the settings of those who have allowed a browser",
    "service_worker": "fetched by the browser",
    "service_worker_version": "asked by the worker",
    "offline": "kept by the worker",
    "studio_redeem_list": "asked by the till's script",
    "studio_redeem_sync": "asked by the till's script",
    "payment_again": "on the waiting page of a payment that came to nothing",
    "payment_link": "on the waiting page",
    "payment_request": "behind a link that a shop sends",
    "payer_identity": "where WeChat sends the browser back",
    "pay_link": "behind a link that the buyer sends",
    "pay_link_go": "on the page of such a link",
    "pay_link_wait": "shown after it",
    "pay_link_state": "asked by that page",
    "pay_link_back": "where the provider sends the friend back",
    "studio_payment_connect": "on the shop's page of payments, where money is passed on",
    "studio_ask_again": "on the page of a shop that was turned down",
    "studio_import_file": "on the page of a file that was sent and waits for a yes",
    "studio_import_pictures": "on the page of a file that has come in without its pictures",
    "studio_import_fetch": "on the page of a file whose addresses failed",
    "share_card": "fetched by link previews",
    "share_square": "fetched by link previews",
    "embed_offer": "framed by other sites",
    "storefront_look": "the style sheet of a storefront",
    "post_video": "played on the page of a post with a video",
    "group_look": "the style sheet of a group",
    "upload_picture": "called by the upload field's script",
    "healthz": "for machines",
    "readyz": "for machines",
    "ui_gallery": "for developers, and only there",
}
# Faults that are not ours to mend, by address.
THEIRS = {
    "/api/docs": "the viewer of the API's description comes with its library; csp.py leaves it out",
}
# Each room is walked in one language. Both catalogues hold the same messages, and in English the
# clerk, who is a member and works in a shop, sees most rooms.
LANGUAGES = {
    "guest": "zh-hans",
    "member": "zh-hant",
    "merchant": "zh-hans",
    "clerk": "en",
    "operator": "zh-hant",
}
# Words that are the same in every language, or names.
SAME = re.compile(
    r"^(banyan|utc|qr|csv|r|api|id|url|totp|sms|pdf|english|visa|ana|guest|cn|hk|nt|us|de|es|ca|eur?|gbp"
    r"|jpy|usd|cny|twd|hkd|sgd|myr|sku|html|https|json|px|kb|mb|ms|sql|x|s|m|l|xl|ip|jpeg|png"
    r"|webp|shopify|utf)$",
    re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
# What is typed or stands in a file as it is, in every language.
AS_IT_IS = re.compile(
    r"banyan import cascades FILE|Handle|WebM|Title(?= 列| 欄)|Variant Price|<iframe [^>]+>"
)
DATA = re.compile(
    r"https?://\S+|\S+@\S+|@\w+|\b[\w-]+(?:\.[\w-]+)+|\b[\w-]*\d[\w-]*\b|/[\w/.-]+"
    r"|\b[A-Z]{2,}[A-Z0-9-]+\b"
)


class Recording(Studio):
    """Draws, and remembers in which order it was asked."""

    def __init__(self) -> None:
        self.taken: list[Drawing[Any]] = []

    def take(self, drawing: Drawing[T]) -> T:
        """Draw it."""
        self.taken.append(drawing)
        return super().take(drawing)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Recording]:
    """The demo, told by the same actions, smaller; committed, for the tests of this file."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(cast, "PRODUCTS_PER_SHOP", 2)
        smaller.setattr(story, "POSTS", 16)
        smaller.setattr(story, "ORDERS", 36)
        smaller.setattr(travels, "SHARED_ON", (4, 1))
        wipe()
        try:
            studio = Recording()
            story.Story(lambda text: None, studio).tell_all()
            yield studio
        finally:
            wipe()


def test_a_small_demo_is_told_and_proven(demo: Recording, db: None) -> None:
    assert Account.objects.filter(is_demo=True).count() == 42
    assert Post.objects.count() >= 9
    assert Order.objects.filter(state="expired").exists()
    assert Order.objects.filter(refunded_amount__gt=0).exists()
    assert Commission.objects.filter(state="rejected", reason="own_shop").exists()
    assert Intent.objects.filter(state="captured_unplaced").exists()
    assert Comment.objects.filter(body=cast.COMPLAINT[2]).exists()
    assert Link.objects.filter(root__owner__handle="ana").count() >= 3
    assert demo.taken == list(all_drawings())


def test_the_demo_shows_every_part(demo: Recording, db: None) -> None:
    # one of each class, made twice, and in hands
    classes = Counter(Coupon.objects.values_list("stacking", flat=True))
    assert all(classes[name] >= 2 for name in CLASSES)
    assert Grant.objects.filter(account__handle="ana", state="held").count() >= 3
    assert {("granted",), ("available",)} <= _rows(PointsLot, "state")
    assert PointsUse.objects.filter(state="spent").exists()
    assert {("CNY", "members"), ("EUR", "everyone")} <= _rows(PriceList, "currency", "audience")
    assert TaxZone.objects.get().places == ["DE"]
    assert _rows(Voucher, "state") == {("issued",), ("redeemed",), ("expired",)}
    assert _rows(LicenceKey, "state") == {("free",), ("taken",)}
    assert DigitalGrant.objects.filter(used=1).count() == 1
    assert _rows(Sale, "state", "admission") == {
        *(("ended", "none"), ("on", "none"), ("scheduled", "queue")),
    }
    assert CodeBatch.objects.get().count == 5
    assert Reminder.objects.filter(told_at=None, kind="stock.back").exists()
    assert StockAt.objects.filter(on_hand__gt=0).exists()
    assert Storefront.objects.get(group_id=Group.objects.get(slug="clay-and-tea").pk)
    assert _rows(Membership, "state") == {(0,), (1,), (2,)}
    assert {("told",)} <= _rows(GroupNotice, "outcome")
    assert Storefront.objects.filter(group_id=None).count() == 3
    for page in Storefront.objects.filter(group_id=None):
        assert {"selected", "pooled", "external"} <= set(page.offers.values_list("kind", flat=True))
    assert _rows(Collection, "kind") == {("manual",), ("rules",)}
    assert _rows(Attribute, "category__slug") == {(None,), ("tableware",), ("clothing",)}
    assert Product.objects.get(min_age=18).category.slug == "wine"  # type: ignore[union-attr]


def test_the_demo_shows_what_comes_after(demo: Recording, db: None) -> None:
    parcels = Order.objects.annotate(parcels=Count("shipments")).filter(parcels__gt=1)
    assert parcels.exists()  # what came in exchange
    assert Order.objects.filter(state="paid", shipments__isnull=False).exists()  # the first of two
    assert _rows(Return, "state") == {
        *(("asked",), ("approved",), ("sent",), ("received",), ("refunded",), ("refused",)),
        *(("withdrawn",), ("exchanged",)),
    }
    assert _rows(Document, "kind") == {("invoice",), ("credit_note",)}
    assert _rows(Fapiao, "state") == {("asked",), ("issued",)}
    assert _rows(PaymentRequest, "state") == {("open",), ("paid",)}
    assert Listing.objects.filter(product__variants__stock__on_hand=1, latitude__gt=0).count() == 4
    assert _rows(Escrow, "state") == {("held",), ("disputed",), ("released",)}
    assert _rows(Dispute, "state") == {("open",), ("decided",)}
    assert Review.objects.count() >= 5
    assert _rows(Permit, "state") == {("asked",), ("granted",)}
    assert _rows(Appeal, "shop__slug", "state") == {("slow-wheels", "open")}
    assert list(Shop.objects.filter(standing="below").values_list("slug", flat=True)) == [
        "slow-wheels"
    ]
    assert Takedown.objects.get().state == "settled"
    assert EmptySearch.objects.filter(words="kimono", times=4).exists()


def test_the_demo_adds_up(demo: Recording, db: None) -> None:
    assert verify().clean
    assert stock_audit() == []
    assert recount() == {}


def _rows(model: type[Model], *columns: str) -> set[tuple[Any, ...]]:
    return set(model._default_manager.values_list(*columns))


def _visitors() -> None:
    """Give the cast something of everything that has a page."""
    ana, mio = (Account.objects.get(handle=handle) for handle in ("ana", "mio"))
    who, owner = make.actor(ana), make.actor(mio)
    kiln = Shop.objects.get(owner=mio)
    variant = Variant.objects.filter(product__shop=kiln).order_by("id")[0]
    for street in ("Lakeside Road 1", "Lakeside Road 2"):
        people.add_address(actor=who, fields=ADDRESS | {"street": street})
    people.create_token(actor=who, name="script")
    people.block(actor=who, account_id=Account.objects.get(handle="pim").pk)
    _circle(ana)
    board = community.make_board(actor=who, title="Kitchen")
    community.save_to_board(actor=who, post_id=Post.objects.order_by("id")[0].pk, board_id=board.pk)
    cart = orders.cart_for(actor=who)
    orders.add_to_cart(actor=who, cart=cart, variant_id=variant.pk, quantity=1)
    asked, failed = (make.pay(make.place((variant, 1), buyer=ana)) for _ in range(2))
    make.place((variant, 1), buyer=ana)
    orders.ask_refund(
        actor=who, order_id=asked.orders.get().pk, amount=100, reason="chipped", key="crawl-1"
    )
    _failed_refund(owner, failed)
    newest = Post.objects.filter(repin_of=None, visibility=0).order_by("-id")[0]
    community.comment(actor=who, post_id=newest.pk, body="Mine, too")
    _earned(ana, mio, variant)
    _in_a_sale(ana, mio, kiln)
    _without_parcel(kiln, ana)
    catalog.invite(actor=owner, shop_id=kiln.pk, to="@ana", role="clerk")
    payments.issue_credit(
        actor=Actor.system("test"),
        account_id=ana.pk,
        amount=Money(500, "CNY"),
        key="c",
        reason="hi",
    )
    picture = claim_staged(actor=who, tokens=[staged_picture(who)])
    clay = Group.objects.get(slug="clay-and-tea")
    community.publish_post(actor=who, images=picture, title="Of her own", group_id=clay.pk)
    _talk(ana, mio, newest)
    for link in Link.objects.filter(owner=ana).order_by("-id")[:6]:
        sharing.record_touch(actor=Actor.guest("robot"), link=link, verdict="bot")
    import_cascades(lines=["1\tana\t1500000000\t2\tana:0 ana/ben:60\n"], source="crawl")


def _circle(account: Account) -> None:
    """Give a member somebody who asks, somebody muted, a list with people and an address book."""
    who, fan, noisy = make.actor(account), make.member("crawlfan"), make.member("crawlnoisy")
    people.set_privacy(actor=who, approves_followers=True, is_suggested=True)
    people.follow(actor=make.actor(fan), account_id=account.pk)
    people.mute_person(actor=who, account_id=noisy.pk)
    people.mute_word(actor=who, word="noise")
    made = people.make_list(actor=who, name="Kitchen people")
    people.add_to_list(actor=who, list_id=made.pk, account_id=noisy.pk)
    people.record_consent(actor=who, purpose="contacts", granted=True)
    people.keep_book(actor=who, text="crawl@example.com", region="CN")


def _talk(ana: Account, mio: Account, newest: Post) -> None:
    """Let Mio ask and share a board with Ana, who answers and keeps a draft; Kai shows it on."""
    who, other = make.actor(ana), make.actor(mio)
    asked = community.publish_post(
        actor=other,
        images=[],
        kind="question",
        title="Which one?",
        body="#Kitchen",
        poll=community.PollWish(["Ash", "Oak"]),
    )
    community.edit_post(actor=other, post_id=asked.pk, title="Which one, please?", body="#Kitchen")
    clerk = make.actor(Account.objects.get(handle="kai"))
    community.repin(actor=clerk, post_id=asked.pk, note="#Kitchen")
    community.comment(actor=who, post_id=asked.pk, body="Oak")
    root = community.comment(actor=other, post_id=newest.pk, body="First")
    for word in ("Yes", "No", "Perhaps"):
        community.comment(actor=who, post_id=newest.pk, body=word, parent_id=root.pk)
    community.save_draft(actor=who, form={"title": ["Not yet"]})
    shared = community.make_board(actor=other, title="Together")
    community.save_to_board(actor=other, post_id=newest.pk, board_id=shared.pk, note="For all")
    community.invite_to_board(actor=other, board_id=shared.pk, handle=ana.handle)
    community.count_heat()


def _without_parcel(shop: Shop, buyer: Account) -> None:
    """Sell a key, a file and a service; a till without a network takes the service twice."""
    # The keys last: the newest goods stand first in the studio, and theirs have most to show.
    file, service, key = goods.filed(of=shop), goods.voucher(of=shop), goods.keyed(n=2, of=shop)
    make.pay(make.place((key, 1), (file, 1), (service, 2), buyer=buyer))
    code = delivery.open_voucher(Voucher.objects.filter(number=1).latest("id"))
    for number in range(2):
        delivery.redeem(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            code=code,
            key=f"crawl-{number}",
            device=delivery.Device(
                name="phone-1", scanned_at=clock.now(), skew=dt.timedelta(seconds=3)
            ),
        )
    relay.drain()


def _earned(sharer: Account, owner: Account, item: Variant) -> None:
    """Let a share earn something whose return window is over."""
    link = sharing.share(
        actor=make.actor(sharer), target_kind="product", target_id=item.product_id, via=None
    )
    buyer = make.member("crawlbuyer")
    order = make.pay(make.place((item, 1), buyer=buyer, via=link.code)).orders.get()
    orders.ship(actor=make.actor(owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    with clock.at(clock.now() + dt.timedelta(days=91)):
        earnings.release_due(actor=Actor.system("test"))


def _in_a_sale(member: Account, owner: Account, shop: Shop) -> None:
    """Put something in a sale: the member has a unit by code, and it is their turn besides."""
    item, gone = make.variant(shop, stock=9), make.variant(shop, stock=0)
    who, boss = make.actor(member), make.actor(owner)
    place = catalog.add_location(actor=boss, shop_id=shop.pk, name="Cellar")
    catalog.transfer(actor=boss, variant_id=item.pk, quantity=1, source_id=None, target_id=place.pk)
    sale = on(item, public=2, code=2, admission="queue", first_seconds=0, per_person=2)
    batch = sales.issue_codes(
        actor=boss, sale_id=sale.pk, variant_id=item.pk, channel="crawl", count=1
    )
    [code] = sales.codes_of(actor=boss, batch_id=batch.pk)
    sales.enter_code(actor=who, sale_id=sale.pk, code=code.code)
    sales.enter_room(actor=who, sale_id=sale.pk)
    sales.advance_sale(actor=Actor.system("test"), sale=Sale.objects.get(pk=sale.pk))
    remind(actor=Actor.guest(), kind=BACK, subject_id=gone.pk, contact="b@example.com")


def _failed_refund(owner: Any, checkout: Checkout) -> None:
    granted = orders.grant_refund(
        actor=owner, order_id=checkout.orders.get().pk, amount=100, reason="chip", key="crawl-2"
    )
    sent = Refund.objects.get(subject_kind="order_refund", subject_id=granted.pk)
    payments.settle_refund(
        actor=Actor.provider("sandbox"),
        refund_id=sent.pk,
        sequence=sent.attempts or 1,
        succeeded=False,
        provider_ref=f"re_{sent.pk}",
        money=Money(sent.amount, sent.currency),
    )


def _arrivals() -> tuple[str, ...]:
    """Where a guest comes in: the front door, a share link, the way back to an order sent off.

    And by search something that is for adults.
    """
    guest = Order.objects.filter(checkout__buyer=None, state="shipped").order_by("-id")[0]
    link = Link.objects.filter(target_kind="product").order_by("-id")[0]
    wine = product_url(Product.objects.get(min_age=18))
    return ("/", f"/s/{link.code}", f"/o/{guest.checkout.access_token}", wine)


def _written_to(ana: Account) -> tuple[str, ...]:
    """Where Ana comes in: the front door, and addresses that she was told of."""
    refund = OrderRefund.objects.get(key="crawl-2")
    post = Comment.objects.get(body="Mine, too").post_id
    own = Post.objects.get(title="Of her own").pk
    sale = Sale.objects.latest("id").pk
    waited = Reminder.objects.filter(kind="stock.back").latest("id")
    gone = product_url(Variant.objects.get(pk=waited.subject_id).product)
    ready = Message.objects.filter(kind="delivery.ready").order_by("id")[0]
    order = re.search(r"/o/\w+", ready.body)
    assert order
    mine = Checkout.objects.filter(buyer=ana, state="paid")
    returns = Return.objects.filter(order__checkout__in=mine)
    written = Fapiao.objects.filter(order__checkout__in=mine, state="issued").get()
    papers = f"/o/{written.order.checkout.access_token}/{written.order_id}/fapiao"
    disputes = Dispute.objects.filter(order__checkout__in=mine)
    invited = Notification.objects.filter(recipient=ana, kind="shop.invited").latest("id")
    return (
        "/",
        f"/refunds/{refund.pk}",
        f"/p/{post}",
        f"/p/{own}",
        order[0],
        f"/sale/{sale}",
        gone,
        invited.url,
        # Of many stories only some are walked: this one has left something out.
        f"/me/links/{Link.objects.filter(owner=ana).latest('id').code}",
        "/g/clay-and-tea",
        f"/g/clay-and-tea/shop?{urlencode({'q': Product.objects.latest('id').title.split()[0]})}",
        papers,
        *(f"/o/{checkout.access_token}" for checkout in mine),
        *(f"/returns/{one.pk}" for one in returns),
        *(f"/disputes/{one.pk}" for one in disputes),
    )


def walkers() -> dict[str, tuple[Account | None, tuple[str, ...]]]:
    """Who walks, and from where."""
    found: dict[str, tuple[Account | None, tuple[str, ...]]] = {"guest": (None, _arrivals())}
    ana = Account.objects.get(handle="ana")
    found["member"] = (ana, _written_to(ana))
    for role, handle in (
        ("merchant", "mio"),
        ("clerk", "kai"),
        ("operator", "demo_desk"),
    ):
        found[role] = (Account.objects.get(handle=handle), ("/",))
    file = Order.objects.filter(lines__kind="digital").select_related("shop").order_by("id")[0]
    told = f"/studio/{file.shop.slug}/orders/{file.pk}"  # as the notice of its payment says
    found["merchant"] = (found["merchant"][0], ("/", told))
    return found


def test_every_page_is_reached_whole_and_translated(demo: None, db: None, settings: Any) -> None:
    settings.DEMO = True
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"  # where the storages write
    _visitors()
    met: set[str] = set()
    faults: list[str] = []
    for role, (account, starts) in walkers().items():
        walk = Crawler(account, language=LANGUAGES[role]).run(starts)
        assert len(walk.pages) > 5
        met |= walk.routes
        faults += [f"{role} {at}: {fault}" for at, fault in walk.faults if at not in THEIRS]
        if LANGUAGES[role] != "en":
            faults += _untranslated(role, walk)
    faults += [f"no link leads to: {name}" for name in sorted(route_names() - met) if _due(name)]
    faults += [f"not an exception any more: {name}" for name in sorted(met & EXCEPTIONS.keys())]
    assert faults == [], "\n".join(faults)


def _due(name: str) -> bool:
    space = name.partition(":")[0] if ":" in name else ""
    return name not in EXCEPTIONS and space not in {"api", "admin"}


def _untranslated(role: str, walk: Walk) -> list[str]:
    """Return the English that the pages of another language still show, each text once."""
    theirs = Theirs()
    found: dict[str, str] = {}
    for url, page in walk.pages.items():
        for text, lang in page.texts:
            if text not in found and lang != "en" and theirs.english_in(text):
                found[text] = url
    return [f"{role} {LANGUAGES[role]} {url}: English: {text}" for text, url in found.items()]


class Theirs:
    """What people wrote, in any language: every text in a table of ours."""

    def __init__(self) -> None:
        self.by_word: dict[str, list[list[str]]] = {}
        for model in apps.get_models():
            if not model.__module__.startswith("banyan."):
                continue
            for column in model._meta.concrete_fields:
                if isinstance(column, CharField | TextField | JSONField) and not column.choices:
                    for value in model._default_manager.values_list(column.name, flat=True):
                        self._learn(value)

    def _learn(self, value: Any) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                self._learn(part)
        elif isinstance(value, str):
            words = WORD.findall(DATA.sub(" ", value))
            if words and words not in self.by_word.setdefault(words[0], []):
                self.by_word[words[0]].append(words)

    def english_in(self, text: str) -> bool:
        """Tell whether words are left once people's own texts and mere data are taken out."""
        words = WORD.findall(DATA.sub(" ", AS_IT_IS.sub(" ", text)))
        at = 0
        while at < len(words):
            if SAME.match(words[at]):
                at += 1
                continue
            rest = words[at:]
            # A text that was cut short on the page is still its author's.
            length = max(
                (_common(rest, known) for known in self.by_word.get(words[at], ())), default=0
            )
            if not length:
                return True
            at += length
        return False


def _common(rest: list[str], known: list[str]) -> int:
    if rest[: len(known)] == known:
        return len(known)
    return len(rest) if len(rest) > 3 and known[: len(rest)] == rest else 0


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<p style="color:red">x</p>', "inline style"),
        ("<script>x</script>", "inline script"),
        ('<a href="/" onclick="x">x</a>', "handler"),
        ('<img src="/x">', "no alt"),
        ('<p id="a">x</p><p id="a">y</p>', "id twice"),
        ('<a href="#there">x</a>', "no such fragment"),
        ("<section><h2>Orders</h2></section>", "empty section"),
        ("<section><h2>Orders</h2><ul></ul></section>", "empty list"),
        ('<a href="/"></a>', "nothing in it"),
        ("<p>&lt;built-in method keys of dict object at 0x7f&gt;</p>", "an object"),
    ],
)
def test_the_reader_notices(html: str, fault: str) -> None:
    sound = "<title>x</title><section><h2>Orders</h2><p>none</p></section>"
    assert Page(sound).faults == []
    assert any(found.startswith(fault) for found in Page(sound + html).faults)


def test_the_walker_notices_what_leads_nowhere(db: None) -> None:
    crawler = Crawler()
    crawler.walk = Walk()
    assert crawler._visit("/no/such/page", "/") == []
    assert crawler.walk.faults == [("/", "leads nowhere: /no/such/page")]


def test_english_is_noticed_but_not_what_people_wrote(db: None) -> None:
    make.product(title="Blue cup for tea")
    theirs = Theirs()
    assert not theirs.english_in("Blue cup for tea · CN¥100.00 UTC")
    assert not theirs.english_in("订单 BYN-123 ana@example.com")
    assert theirs.english_in("Blue cup for tea is cheap")
    assert theirs.english_in("Shipping")
