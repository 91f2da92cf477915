"""Row 22: entry by a share, no search, no account: the act first, the sign-in at its end."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product
from banyan.earnings.actions import set_plan
from banyan.entitlements import actions as entitlements
from banyan.orders.models import Checkout, OrderLine
from banyan.people.models import Account
from banyan.sharing.actions import revoke, share
from banyan.sharing.models import Link, Touch
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.sandbox import Sandbox
from tests.support.walkers import PHONE, WECHAT, Town, Walker, payment_ref
from tests.web.people.driver import ask, latest_code, post

pytestmark = pytest.mark.django_db
INSTAGRAM = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/124.0 Mobile Safari/537.36 Instagram 330.0.0.40.92 Android"
)


def sized_product() -> Product:
    """Return a product in two sizes whose shop pays sharers and gives a coupon."""
    shop = make.shop()
    owner = make.actor(shop.owner)
    set_plan(actor=owner, shop_id=shop.pk, rate_bps=1_000)
    entitlements.create_coupon(
        actor=owner,
        shop_id=shop.pk,
        title="Welcome",
        code="HELLO",
        amount_off=500,
        min_spend=1_000,
        cap=10,
    )
    sizes = [catalog.VariantInput(price=10_000, values=[size], on_hand=5) for size in ("S", "M")]
    return make.product(shop, title="Linen shirt", options=["Size"], variants=sizes)


def link_to(product: Product, kind: str) -> Link:
    """Return Ana's link to the product, to its shop, or to a post that shows it."""
    ana = Account.objects.filter(handle="ana").first() or make.member("ana")
    if kind == "post":
        from banyan.community.models import Post

        answer = _signed_in(ana).post(
            "/post",
            {
                "pictures": staged_picture(make.actor(ana)),
                "title": "Shirt",
                "product": product.pk,
                "tag_x": 1,
                "tag_y": 1,
            },
        )
        assert answer.status_code == 302
        found = Post.objects.get(author=ana).link
        assert found is not None
        return found
    target = product.pk if kind == "product" else product.shop_id
    return share(actor=make.actor(ana), target_kind=kind, target_id=target, via=None)


def _signed_in(account: Account):  # type: ignore[no-untyped-def]
    from django.test import Client

    browser = Client()
    browser.force_login(account)
    return browser


def to_goods(walker: Walker, kind: str) -> None:
    """Go from where a link led to the goods, by links alone."""
    if kind != "product":
        walker.follow(r"^/shop/[^/]+/[^/?]+\?via=")


@pytest.mark.parametrize("kind", ["product", "shop", "post"])
@pytest.mark.parametrize("agent", [WECHAT, INSTAGRAM, PHONE], ids=["wechat", "instagram", "web"])
def test_row_22_price_and_act_without_search_or_login(town: Town, agent: str, kind: str) -> None:
    link = link_to(sized_product(), kind)
    cold = Walker(town, agent=agent)

    page = cold.open(link.code)
    assert "CN¥100.00" in page
    to_goods(cold, kind)
    assert "CN¥100.00" in cold.page
    assert re.search(r'href="/checkout\?', cold.page)
    assert "csrfmiddlewaretoken" not in cold.page
    form = cold.follow(r"^/checkout\?")

    # the form is there at once, nobody asked who it is, and the sharer came along
    assert 'name="recipient"' in form
    assert cold.form()["via"] == link.code
    assert "Pay CN¥100.00" in form
    if kind == "post":
        # What the author may gain is said everywhere.
        assert "May earn from this" in page
    elif agent == WECHAT:
        assert "earn" not in page
    if agent == WECHAT:
        assert "you earn" not in page.lower()


def test_row_22_a_like_asks_for_the_login_only_when_it_is_tapped(town: Town) -> None:
    link = link_to(sized_product(), "post")
    cold = Walker(town, agent=WECHAT)
    cold.open(link.code)
    assert "E-mail or phone" not in cold.page
    cold.follow(r"/intend/like/|/like")
    assert "E-mail or phone" in cold.page


@pytest.mark.parametrize("finish_elsewhere", [True, False])
def test_row_22_a_login_in_another_browser_resumes_the_same_purchase(
    town: Town, sandbox: Sandbox, finish_elsewhere: bool
) -> None:
    product = sized_product()
    medium = product.variants.get(values=["M"])
    link = link_to(product, "product")
    webview = Walker(town, agent=WECHAT)
    webview.open(link.code)
    webview.go(f"{webview.at}&variant={medium.pk}")
    webview.follow(rf"^/checkout\?variant={medium.pk}")
    touch = webview.form()["t"]
    # two of them, with a coupon: what is typed is priced without a script
    answer = webview.browser.post(
        "/checkout", {**webview.form(), "n": "2", "coupon": "HELLO", "again": "coupon"}
    )
    webview.page = answer.content.decode()
    assert "Pay CN¥195.00" in webview.page

    webview.go(webview.href(r"^/login\?next="))
    way_back = parse_qs(urlsplit(webview.at).query)["next"][0]
    code_page = ask(webview.browser, "cy@example.com", next=way_back)
    webview.browser.cookies.clear()
    other = Walker(town, agent=PHONE) if finish_elsewhere else webview
    done = post(other.browser, code_page, {"code": latest_code("cy@example.com")})
    assert done.status_code == 302
    other.go(done["Location"])

    assert other.at.startswith("/checkout?")
    assert "Pay CN¥195.00" in other.page
    pay = other.place(email="cy@example.com", coupon="HELLO", n="2")
    sandbox.pay(payment_ref(pay))
    checkout = Checkout.objects.get()
    other.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    checkout.refresh_from_db()
    line = OrderLine.objects.get()
    assert checkout.state == "paid"
    assert checkout.buyer is not None
    assert (line.variant_id, line.quantity) == (medium.pk, 2)
    assert (line.goods_amount, line.discount_amount) == (20_000, 500)
    assert line.link_id == link.pk
    assert line.touch_id == int(touch)


def test_row_22_an_offer_that_ended_says_so_and_shows_what_is_near(town: Town) -> None:
    product = sized_product()
    near = make.product(product.shop, title="Linen scarf")
    link = link_to(product, "product")
    catalog.unpublish_product(actor=make.actor(product.shop.owner), product_id=product.pk)
    cold = Walker(town, agent=WECHAT)

    answer = town.django("GET", f"/s/{link.code}", agent=WECHAT)

    assert answer.status == 404
    page = answer.body.decode()
    assert "This offer is over" in page
    assert "Linen shirt is not on sale any more" in page
    assert "shared with you" in page
    touch = Touch.objects.get(link=link)
    cold.browser.get(f"/t/{touch.pk}")
    touch.refresh_from_db()
    assert touch.verdict == "human"
    # what is near carries the sharer on, and can be bought
    nearby = re.search(rf'href="(/shop/[^"]*{near.slug}\?via={link.code}[^"]*)"', page)
    assert nearby
    cold.go(nearby.group(1))
    cold.follow(r"^/checkout\?")
    assert cold.form()["via"] == link.code
    # the plain address says the same
    plain = cold.browser.get(f"/shop/{product.shop.slug}/{product.slug}?via={link.code}")
    assert plain.status_code == 404
    assert "This offer is over" in plain.content.decode()


def test_row_22_a_closed_shop_and_a_withdrawn_link_are_honest_too(town: Town) -> None:
    product = sized_product()
    elsewhere = make.product(title="Stoneware cup")
    to_shop, to_product = link_to(product, "shop"), link_to(product, "product")
    revoke(actor=make.actor(to_product.owner), link_id=to_product.pk)

    withdrawn = town.django("GET", f"/s/{to_product.code}").body.decode()
    assert "The link was withdrawn" in withdrawn
    assert elsewhere.title in withdrawn
    assert "shared with you" not in withdrawn
    assert not Touch.objects.exists()

    catalog.suspend_shop(
        actor=make.actor(make.staff("moderation")), shop_id=product.shop_id, reason="papers"
    )
    closed = town.django("GET", f"/s/{to_shop.code}").body.decode()
    assert "This offer is over" in closed
    assert elsewhere.title in closed
    assert Touch.objects.filter(link=to_shop).count() == 1


def test_a_draft_nobody_ever_saw_is_not_spoken_of(town: Town) -> None:
    shop = make.shop()
    draft = catalog.create_product(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        data=catalog.ProductInput(
            title="Secret", variants=[catalog.VariantInput(price=100, on_hand=1)]
        ),
    )
    answer = Walker(town).browser.get(f"/shop/{shop.slug}/{draft.slug}")
    assert answer.status_code == 404
    assert "Secret" not in answer.content.decode()
    assert "This offer is over" not in answer.content.decode()
