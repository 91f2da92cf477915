"""Statements do not grow with what is shown: the same number for 1, 10 and 100 lines or cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog.models import Product, ProductImage, Shop, Stock, Variant
from banyan.community.models import Post, PostImage, ProductTag
from banyan.entitlements.actions import claim_coupon, create_coupon
from banyan.entitlements.models import Redemption
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.media.models import Image
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import Checkout, OrderLine
from banyan.payments.actions.messages import _booked
from banyan.payments.models import Intent
from banyan.payments.providers.base import Kind, Message
from banyan.people.models import Account, Profile
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.payments import till
from tests.payments.fixtures import sandbox, sandbox_process
from tests.sales import scene
from tests.support import factories as make
from tests.support import prices
from tests.support.pictures import staged_picture
from tests.support.sandbox import Sandbox
from tests.web.studio.scene import client

__all__ = ["sandbox", "sandbox_process"]

pytestmark = pytest.mark.django_db

SIZES = (1, 10, 100)
# Lists are cut into pages: the longest case fills one and has more.
LISTED = (1, 10, 32)


@pytest.fixture(autouse=True)
def nobody_s_price_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every purchase look at its prices twice, as it does after a long wait."""
    monkeypatch.setattr(placement, "PRICE_HOLDS", -1)


def statements(act: Callable[[], object]) -> list[str]:
    """Return what a second call sends: the first one may fill caches of the process."""
    act()
    with CaptureQueriesContext(connection) as seen:
        act()
    return [query["sql"] for query in seen]


def compare(counts: dict[int, list[str]]) -> None:
    """Fail with the statements that the longest case has more than the shortest."""
    few, many = counts[min(counts)], counts[max(counts)]
    shapes = [sql.partition(" WHERE ")[0][:200] for sql in few]
    more = [sql for sql in many if sql.partition(" WHERE ")[0][:200] not in shapes]
    assert len({len(seen) for seen in counts.values()}) == 1, (
        {size: len(seen) for size, seen in counts.items()},
        more[:5] or many[-5:],
    )


def picture() -> Image:
    from banyan.media.actions import claim_staged

    owner = make.actor(make.member())
    return claim_staged(actor=owner, tokens=[staged_picture(owner)])[0]


def goods(shop: Shop, count: int) -> list[Variant]:
    """Return variants of as many products with a picture; rows, because making has its tests."""
    now, shown = clock.now(), picture()
    products = Product.objects.bulk_create(
        Product(
            shop=shop,
            slug=new_code(60).lower(),
            title=f"Thing {n}",
            state="active",
            created_at=now,
            updated_at=now,
            published_at=now,
        )
        for n in range(count)
    )
    ProductImage.objects.bulk_create(ProductImage(product=p, image=shown) for p in products)
    variants = Variant.objects.bulk_create(
        Variant(product=p, price_amount=1_000, currency=shop.currency) for p in products
    )
    Stock.objects.bulk_create(Stock(variant=v, on_hand=1_000) for v in variants)
    return list(variants)


def shared(shop: Shop) -> Link:
    sharer = make.actor(make.member())
    return sharing.share(actor=sharer, target_kind="shop", target_id=shop.pk, via=None)


def place(buyer: Account, variants: list[Variant], link: Link) -> Checkout:
    return orders.place(
        actor=make.actor(buyer),
        lines=[orders.WantedLine(v.pk, 1, via=link.code) for v in variants],
        contact=orders.Contact(email="cy@example.com"),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
    )


def test_burned_12_the_cart_page_and_the_checkout_page() -> None:
    cart_page: dict[int, list[str]] = {}
    checkout_page: dict[int, list[str]] = {}
    shop = make.shop()
    link = shared(shop)
    things = goods(shop, max(SIZES))
    for size in SIZES:
        buyer = make.member()
        cart = orders.cart_for(actor=make.actor(buyer))
        for item in things[:size]:
            orders.add_to_cart(actor=make.actor(buyer), cart=cart, variant_id=item.pk, link=link)
        browser = client(buyer)
        cart_page[size] = statements(lambda b=browser: b.get(reverse("cart")))  # type: ignore[misc]
        checkout_page[size] = statements(lambda b=browser: b.get(reverse("checkout")))  # type: ignore[misc]
        shown = browser.get(reverse("checkout")).content.decode()
        assert shown.count('<li class="row">') == size
    compare(cart_page)
    compare(checkout_page)


APART = re.compile(r'SAVEPOINT|FROM "django_session"|FROM "people_account" WHERE .*"id" = ')


def asked_by(act: Callable[[], Any]) -> tuple[list[str], Any]:
    """Return what is sent without session, account and savepoints, and the answer."""
    with CaptureQueriesContext(connection) as seen:
        answer = act()
    return [one["sql"] for one in seen if not APART.search(one["sql"])], answer


def bought(browser: Client, goods_in: str = "") -> dict[str, list[str]]:
    """Return what cart, checkout and placing an order ask; the order is on its way to be paid."""
    seen: dict[str, list[str]] = {}
    seen["cart"], answer = asked_by(lambda: browser.get(reverse("cart")))
    assert answer.status_code == 200
    seen["checkout"], answer = asked_by(lambda: browser.get(reverse("checkout") + goods_in))
    page = answer.content.decode()
    form = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page))
    values = {**form, **make.ADDRESS, "email": "cy@example.com"}
    seen["placing"], answer = asked_by(lambda: browser.post(reverse("checkout"), values))
    assert answer["location"].startswith("http"), "on the way to pay"
    return seen


def assert_at_most(seen: dict[str, list[str]], **most: int) -> None:
    for name, asked in seen.items():
        assert len(asked) <= most[name], (name, len(asked), [sql[:90] for sql in asked])


@pytest.mark.parametrize("size", SIZES)
def test_cart_checkout_and_placing_are_at_most_twelve_statements(
    sandbox: Sandbox, size: int
) -> None:
    """A member with a share link, list prices and tax; opening the payment too."""
    shop = make.shop()
    link = shared(shop)
    things = goods(shop, size)
    prices.price_list(shop, dict.fromkeys(things, 900))
    prices.tax(shop, "CN")
    for _ in range(2):
        buyer = make.member()
        who = make.actor(buyer)
        cart = orders.cart_for(actor=who)
        for item in things:
            orders.add_to_cart(actor=who, cart=cart, variant_id=item.pk, link=link)
        seen = bought(client(buyer))
        assert not cart.items.exists()
    assert_at_most(seen, cart=12, checkout=12, placing=11)


@pytest.mark.parametrize("size", SIZES)
def test_coupons_and_a_sale_cost_the_same_number_of_statements_for_any_length(
    sandbox: Sandbox, size: int
) -> None:
    """Taking a unit of a sale and a coupon that is held has statements of its own, by no line."""
    shop = make.shop()
    link = shared(shop)
    things = goods(shop, size)
    scene.on(things[0], price=500, public=10)
    owner = make.actor(shop.owner)
    shared_by_all: dict[str, Any] = {"actor": owner, "shop_id": shop.pk, "cap": 100}
    create_coupon(**shared_by_all, title="For all", code="ALL", amount_off=10, reach="auto")
    create_coupon(**shared_by_all, title="Held", code="HELD", amount_off=20, reach="claim")
    for _ in range(2):
        buyer = make.member()
        who = make.actor(buyer)
        claim_coupon(actor=who, code="HELD")
        cart = orders.cart_for(actor=who)
        for item in things:
            orders.add_to_cart(actor=who, cart=cart, variant_id=item.pk, link=link)
        seen = bought(client(buyer))
        line = OrderLine.objects.get(variant=things[0], order__checkout__buyer=buyer)
        assert line.sale_id, "bought in the sale"
        assert Redemption.objects.filter(checkout_id=line.order.checkout_id).count() == 1
    assert_at_most(seen, cart=12, checkout=12, placing=30)


def test_a_guest_asks_no_more_than_a_member(sandbox: Sandbox) -> None:
    shop = make.shop()
    link, thing = shared(shop), goods(shop, 1)[0]
    for _ in range(2):
        seen = bought(Client(), f"?variant={thing.pk}&n=1&via={link.code}")
    assert_at_most(seen, cart=12, checkout=12, placing=10)


def test_what_an_order_asks_the_database(sandbox: Sandbox) -> None:
    """A guest with a share link, no plan: form, message, return. Accounts are known otherwise."""
    passing = re.compile(r'SAVEPOINT|FROM "ledger_account"|INSERT INTO "ledger_account"')
    shop = make.shop()
    link, thing = shared(shop), goods(shop, 1)[0]
    asked: list[list[str]] = []
    for _ in range(2):
        guest = Client()
        form = {"variant": thing.pk, "n": 1, "via": link.code, "email": "cy@example.com"}
        with CaptureQueriesContext(connection) as placing:
            answer = guest.post(
                reverse("checkout"), {**make.ADDRESS, **form, "token": new_code(80)}
            )
        intent = Intent.objects.latest("id")
        assert answer["location"] == intent.pay_url
        told = till.message(intent, message_id=new_code(40))
        message = Message(
            message_id=told["message_id"],
            kind=Kind.PAYMENT_SUCCEEDED,
            reference=told["reference"],
            provider_ref=intent.provider_ref,
            money=Money(intent.amount, intent.currency),
            at=clock.now(),
        )
        with CaptureQueriesContext(connection) as paying:
            assert _booked("sandbox", message)
        with CaptureQueriesContext(connection) as returning:
            guest.get(reverse("payment_return", args=[intent.token]))
        asked = [
            [one["sql"] for one in seen if not passing.search(one["sql"])]
            for seen in (placing, paying, returning)
        ]
    assert [len(seen) for seen in asked] == [10, 11, 2], asked


def test_burned_12_placing_paying_and_refunding() -> None:
    placing: dict[int, list[str]] = {}
    paying: dict[int, list[str]] = {}
    ending: dict[int, list[str]] = {}
    shop, buyer = make.shop(), make.member()
    link = shared(shop)
    things = goods(shop, max(SIZES))
    for size in SIZES:
        made: list[Checkout] = []
        placing[size] = statements(lambda n=size, m=made: m.append(place(buyer, things[:n], link)))  # type: ignore[misc]
        waiting = iter(list(made))
        paying[size] = statements(lambda w=waiting: make.pay(next(w)))  # type: ignore[misc]
        unpaid = iter([place(buyer, things[:size], link) for _ in range(2)])

        def cancel(waiting: object = unpaid) -> None:
            checkout = next(waiting)  # type: ignore[call-overload]
            orders.cancel_checkout(actor=make.actor(buyer), checkout_id=checkout.pk)

        ending[size] = statements(cancel)
    assert OrderLine.objects.filter(link=link).count() == sum(SIZES) * 4
    compare(placing)
    compare(paying)
    compare(ending)


def test_burned_12_the_order_pages_of_buyer_and_shop() -> None:
    buyers: dict[int, list[str]] = {}
    shops: dict[int, list[str]] = {}
    shop, buyer = make.shop(), make.member()
    link = shared(shop)
    things = goods(shop, max(SIZES))
    for size in SIZES:
        checkout = make.pay(place(buyer, things[:size], link))
        order = checkout.orders.get()
        page = reverse("purchase", args=[checkout.access_token])
        buyers[size] = statements(lambda p=page: client(buyer).get(p))  # type: ignore[misc]
        desk = reverse("studio_order", args=[shop.slug, order.pk])
        shops[size] = statements(lambda p=desk: client(shop.owner).get(p))  # type: ignore[misc]
    compare(buyers)
    compare(shops)


def test_burned_12_lists_of_orders() -> None:
    shop, buyer = make.shop(), make.member()
    link = shared(shop)
    [item] = goods(shop, 1)
    queue, mine = {}, {}
    made = 0
    for size in LISTED:
        while made < size:
            place(buyer, [item], link)
            made += 1
        page = reverse("studio_orders", args=[shop.slug])
        queue[size] = statements(lambda p=page: client(shop.owner).get(p))  # type: ignore[misc]
        mine[size] = statements(lambda: client(buyer).get(reverse("orders_mine")))
    # "More" stands under a full page and asks nothing.
    compare(queue)
    compare(mine)


def posts(count: int, product: Product, shown: Image) -> list[Account]:
    """Return authors with one post each, its picture tagged with a product."""
    now = clock.now()
    authors = Account.objects.bulk_create(
        Account(handle=f"a{new_code(40).lower()}"[:20], display_name="A", created_at=now)
        for _ in range(count)
    )
    Profile.objects.bulk_create(Profile(account=author) for author in authors)
    made = Post.objects.bulk_create(
        Post(author=author, title="Look", created_at=now) for author in authors
    )
    images = PostImage.objects.bulk_create(
        PostImage(post=post, image=shown, position=0) for post in made
    )
    ProductTag.objects.bulk_create(
        ProductTag(post_image=image, product=product, x=500, y=500) for image in images
    )
    return list(authors)


def share_of_each_kind(who: Account, shop: Shop, number: int, shown: Image) -> Link:
    """Return a share of a product, a post or a shop, that was shared on and bought through."""
    [item] = goods(shop, 1)
    kind = ("product", "post", "shop")[number % 3]
    [author] = posts(1, item.product, shown)
    covered = make.shop()
    Shop.objects.filter(pk=covered.pk).update(cover=shown)
    ids = {
        "product": item.product_id,
        "post": Post.objects.get(author=author).pk,
        "shop": covered.pk,
    }
    actor = make.actor(who)
    link = sharing.share(actor=actor, target_kind=kind, target_id=ids[kind], via=None)
    sharing.record_touch(actor=Actor.guest(f"v{number}"), link=link)
    if kind == "product":
        sharer = make.actor(make.member())
        on = sharing.share(actor=sharer, target_kind=kind, target_id=ids[kind], via=link)
        make.pay(place(make.member(), [item], on))
    return link


def test_the_list_of_ones_shares() -> None:
    shop, shown = make.shop(), picture()
    few, many = make.member(), make.member()
    for number in range(3):
        share_of_each_kind(few, shop, number, shown)
    for number in range(20):
        share_of_each_kind(many, shop, number, shown)
    browsers = {3: client(few), 20: client(many)}
    pages = {
        n: statements(lambda b=browser: b.get(reverse("links_mine")))  # type: ignore[misc]
        for n, browser in browsers.items()
    }
    compare(pages)
    asked = [sql for sql in pages[20] if "django_session" not in sql]
    assert len(asked) - 1 <= 12, asked  # one more reads who asks
    page = client(many).get(reverse("links_mine")).content.decode()
    assert page.count('<li class="row">') == 20
    assert page.count("1 more by those who shared it on<") == 7


def test_the_list_of_a_shops_shares() -> None:
    few, many = make.shop(), make.shop()
    for shop, count in ((few, 2), (many, 20)):
        for item in goods(shop, count):
            sharer = make.actor(make.member())
            sharing.share(actor=sharer, target_kind="product", target_id=item.product_id, via=None)
    compare(
        {
            n: statements(
                lambda s=shop: client(s.owner).get(reverse("studio_shares", args=[s.slug]))  # type: ignore[misc]
            )
            for n, shop in ((2, few), (20, many))
        }
    )


def test_burned_12_control_a_question_for_each_line_is_noticed() -> None:
    shop = make.shop()
    things = goods(shop, 10)

    def ask_for_each(items: list[Variant]) -> None:
        for item in items:
            Stock.objects.get(variant=item)

    with pytest.raises(AssertionError, match="catalog_stock"):
        compare({n: statements(lambda n=n: ask_for_each(things[:n])) for n in (1, 10)})  # type: ignore[misc]
    assert Actor.guest().id is None
