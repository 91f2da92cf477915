"""Everybody can walk everywhere: every page is reached by links from `/`, whole and translated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db.models import CharField, Count, JSONField, Model, TextField
from django.urls import reverse
from PIL.Image import Image

from banyan.campaigns.models import Campaign, Instance, OutsidePicture
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
from banyan.community.models import Comment, Like, Post
from banyan.delivery.models import Grant as DigitalGrant
from banyan.delivery.models import LicenceKey, Voucher
from banyan.earnings.models import Commission
from banyan.entitlements.models import Coupon, Grant, PointsLot, PointsUse
from banyan.entitlements.rules import CLASSES
from banyan.groups.models import Group, Membership
from banyan.groups.models import Notice as GroupNotice
from banyan.ledger.proof import verify
from banyan.market.models import Dispute, Escrow, Listing
from banyan.notify.models import Message, Notification, Reminder
from banyan.ops.demo import cast, pictures, story, travels
from banyan.ops.demo.drawings import draw
from banyan.ops.demo.pictures import Drawing, Studio, T, all_drawings
from banyan.orders.models import Checkout, Document, Fapiao, Order, OrderRefund, Return
from banyan.payments.models import Intent, PaymentRequest
from banyan.people.models import Account, Follow
from banyan.sales.models import CodeBatch, Sale
from banyan.sharing.models import Link
from banyan.standing.models import Appeal, Permit, Review, Takedown
from banyan.storefronts.models import Storefront
from banyan.trust.models import Circle
from banyan.web.shop.market.cards import product_url
from tests.acceptance.crawler_scene import something_of_everything
from tests.support import factories as make
from tests.support.crawler import Crawler, Walk, route_names
from tests.support.database import wipe
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
    "login_leaving": "shown to who signs in while they are leaving",
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
    r"|webp|shopify|utf|python)$",
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


def _draw_small(kind: str, seed: int, *, size: tuple[int, int], family: str) -> Image:
    """Draw a quarter of it: what is on it is another test's, what becomes of it is the same."""
    return draw(kind, seed, size=(size[0] // 2, size[1] // 2), family=family)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Recording]:
    """The demo, told by the same actions, smaller; committed, for the tests of this file."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(cast, "PRODUCTS_PER_SHOP", 2)
        smaller.setattr(story, "POSTS", 16)
        smaller.setattr(story, "ORDERS", 36)
        smaller.setattr(travels, "SHARED_ON", (4, 1))
        smaller.setattr(pictures, "draw", _draw_small)
        wipe()
        try:
            studio = Recording()
            story.Story(lambda text: None, studio).tell_all()
            yield studio
        finally:
            wipe()


def test_a_small_demo_is_told_and_proven(demo: Recording, db: None) -> None:
    assert Account.objects.filter(is_demo=True).count() == 43
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
    plays = dict(Instance.objects.values_list("campaign__mechanic", "state"))
    assert plays.pop("assist_draw") in {"claimed", "lost"}
    assert plays == {
        **{"bargain": "cutting", "group_buy": "forming", "coupon_pack": "open"},
        **{"like_collection": "collecting", "referral": "active", "red_packet": "drained"},
    }
    assert Campaign.objects.get(mechanic="assist_draw").state == "settled"
    assert Instance.objects.filter(cause__startswith="order:", taken=1).exists()
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
    assert _rows(Circle, "strength") | _rows(OutsidePicture, "state") == {("strong",), ("waiting",)}


def test_the_demo_adds_up(demo: Recording, db: None) -> None:
    assert verify().clean
    assert stock_audit() == []
    assert recount() == {}


def _rows(model: type[Model], *columns: str) -> set[tuple[Any, ...]]:
    return set(model._default_manager.values_list(*columns))


def _arrivals() -> tuple[str, ...]:
    """Where a guest comes in: the front door, a share link, the way back to an order sent off.

    And a friend's pack, and by search something that is for adults.
    """
    guest = Order.objects.filter(checkout__buyer=None, state="shipped").order_by("-id")[0]
    link = Link.objects.filter(target_kind="product").order_by("-id")[0]
    wine = product_url(Product.objects.get(min_age=18))
    pack = Instance.objects.filter(campaign__mechanic="coupon_pack", ended_at=None).latest("id")
    order = f"/o/{guest.checkout.access_token}"
    return ("/", f"/s/{link.code}", order, f"/play/{pack.code}", wine)


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
    unpaid = Checkout.objects.filter(buyer=ana, state="placed").latest("id")
    returns = Return.objects.filter(order__checkout__in=mine)
    ended = Instance.objects.filter(owner=ana).exclude(ended_at=None)
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
        *(f"/o/{checkout.access_token}" for checkout in (unpaid, *mine)),
        *(f"/returns/{one.pk}" for one in returns),
        *(f"/disputes/{one.pk}" for one in disputes),
        *(f"/play/{one.code}" for one in ended),
    )


def _anybodys() -> tuple[str, ...]:
    """What every walker sees, whichever of the many like it they would come to first."""
    public = {"post__visibility": 0, "post__repin_of": None}
    threads = Comment.objects.filter(**public, root__isnull=False).values("post", "root")
    busy = threads.annotate(answers=Count("id")).order_by("-answers", "-root")[0]["post"]
    liked = Like.objects.filter(**public).latest("id").post_id
    sales = (f"/sale/{one.pk}" for one in Sale.objects.order_by("id"))
    return ("/shop/kiln", f"/p/{liked}", f"/p/{busy}", *sales)


def _followed(who: Account | None) -> tuple[str, ...]:
    """The page about somebody whom they follow."""
    rows = Follow.objects.filter(follower=who, state=1).select_related("followee").order_by("id")
    return tuple(reverse("relation", args=[one.followee.handle]) for one in rows[:1])


def _orders_of(shop: Shop) -> tuple[str, ...]:
    """One order of each state, and those with something to do, as notices lead to them."""
    orders = Order.objects.filter(shop=shop).order_by("-id")
    wanted = {state: orders.filter(state=state)[:1] for (state,) in _rows(Order, "state")}
    todo = (
        orders.filter(fapiao__state="asked")[:1],
        orders.filter(documents__isnull=False)[:1],
        orders.filter(refunds__state="requested")[:1],
        orders.filter(lines__kind="digital")[:1],
    )
    found = {one.pk for rows in (*wanted.values(), *todo) for one in rows}
    return tuple(f"/studio/{shop.slug}/orders/{pk}" for pk in sorted(found))


def walkers() -> dict[str, tuple[Account | None, tuple[str, ...]]]:
    """Who walks, and from where."""
    found: dict[str, tuple[Account | None, tuple[str, ...]]] = {"guest": (None, _arrivals())}
    ana = Account.objects.get(handle="ana")
    found["member"] = (ana, _written_to(ana))
    told = _orders_of(Shop.objects.get(slug="kiln"))
    shown = Notification.objects.filter(kind="campaign.outside_shown").latest("id")
    for role, handle, starts in (
        ("merchant", "mio", (*told, shown.url)),
        ("clerk", "kai", told),
        ("operator", "demo_desk", ()),
    ):
        found[role] = (Account.objects.get(handle=handle), ("/", *starts))
    return {
        role: (who, (*starts, *_anybodys(), *_followed(who)))
        for role, (who, starts) in found.items()
    }


def test_every_page_is_reached_whole_and_translated(demo: None, db: None, settings: Any) -> None:
    settings.DEMO = True
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"  # where the storages write
    something_of_everything()
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
