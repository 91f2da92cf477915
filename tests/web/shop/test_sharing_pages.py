"""Share sheet, opened links, where a share travelled: over HTTP."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from banyan.earnings.actions import set_plan
from banyan.kernel.actors import Actor
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link, Touch
from tests.support import factories as make
from tests.web.shop.cards import tagged_post

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
WECHAT = PHONE + " MicroMessenger/8.0.49"


def test_a_member_gets_a_link_and_sees_where_it_travelled() -> None:
    product = make.product(price=10_000)
    ana = make.member("ana")
    client = Client()
    client.force_login(ana)

    page = client.get(f"/share/product/{product.pk}")

    link = Link.objects.get(owner=ana)
    assert page.status_code == 200
    assert f"/s/{link.code}" in page.content.decode()
    story = client.get(f"/me/links/{link.code}")
    assert story.status_code == 200


def test_whoever_has_no_account_is_not_promised_money_for_a_plain_address() -> None:
    product = make.product(price=10_000)
    shop = product.shop
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    member = Client()
    member.force_login(make.member())
    at = f"/share/product/{product.pk}"

    mine, theirs = (each.get(at).content.decode() for each in (member, Client()))

    assert "when a friend buys through your link" in mine
    assert "Sign in before you share: then you earn" in theirs
    assert "through your link" not in theirs
    assert Link.objects.count() == 1


def test_a_share_page_fetches_only_what_changed() -> None:
    product, ana = make.product(), make.member("ana")
    client = Client()
    client.force_login(ana)
    client.get(f"/share/product/{product.pk}")
    link = Link.objects.get(owner=ana)
    whole = client.get(f"/me/links/{link.code}").content.decode()
    found = re.search(r'id="story"[^>]*data-live-refresh="([^"]+)"', whole)
    assert found
    guest = Actor.guest("somebody")
    touch = sharing.record_touch(actor=guest, link=link)
    sharing.confirm_touch(actor=guest, touch_id=touch.pk)

    part = client.get(unescape(found.group(1))).content.decode()

    assert part.startswith('<section id="story"')
    assert part.rstrip().endswith("</section>")
    assert 'class="n-opened"' in part
    assert 'class="n-opened"' not in whole
    assert len(part) < len(whole) / 2
    for elsewhere in ("<html", "Generations", "left-out", "export.csv"):
        assert elsewhere in whole
        assert elsewhere not in part


def test_an_opened_link_leads_to_the_goods_and_leaves_a_touch() -> None:
    product = make.product()
    link = _link(product.pk)

    answer = Client().get(f"/s/{link.code}", headers={"user-agent": PHONE})

    touch = Touch.objects.get()
    assert answer.status_code == 302
    assert f"via={link.code}" in answer["Location"]
    assert f"t={touch.pk}" in answer["Location"]
    assert touch.verdict == "unknown"


def test_the_drawn_page_proves_a_person() -> None:
    link = _link(make.product().pk)
    client = Client(headers={"user-agent": PHONE})
    client.get(f"/s/{link.code}")
    touch = Touch.objects.get()

    client.get(f"/t/{touch.pk}")

    touch.refresh_from_db()
    assert touch.verdict == "human"


def test_a_robot_is_recorded_apart() -> None:
    link = _link(make.product().pk)

    Client().get(f"/s/{link.code}", headers={"user-agent": "facebookexternalhit/1.1"})

    assert Touch.objects.get().verdict not in {"unknown", "human"}


def test_a_restricted_channel_reads_no_word_of_earning() -> None:
    product = make.product(price=10_000)
    link = _link(product.pk)
    url = f"/shop/{product.shop.slug}/{product.slug}?via={link.code}"

    neutral = Client().get(url, headers={"user-agent": WECHAT}).content.decode()
    open_web = Client().get(url, headers={"user-agent": PHONE}).content.decode()

    assert "earn" in open_web
    assert "earn" not in neutral
    assert "CN¥100.00" in neutral


def test_another_members_story_is_not_found() -> None:
    link = _link(make.product().pk)
    client = Client()
    client.force_login(make.member())

    assert client.get(f"/me/links/{link.code}").status_code == 404


def _link(product_id: int) -> Link:
    from banyan.catalog.models import Product
    from banyan.earnings.actions import set_plan
    from banyan.sharing.actions import share

    product = Product.objects.select_related("shop__owner").get(pk=product_id)
    set_plan(actor=make.actor(product.shop.owner), shop_id=product.shop_id, rate_bps=500)
    return share(
        actor=make.actor(make.member()), target_kind="product", target_id=product_id, via=None
    )


def test_orders_of_those_who_shared_it_on_are_told_apart_in_the_list_of_shares() -> None:
    product, ana, ben = make.product(), make.member("ana"), make.member("ben")
    target: Any = {"target_kind": "product", "target_id": product.pk}
    hers = sharing.share(actor=make.actor(ana), via=None, **target)
    his = sharing.share(actor=make.actor(ben), via=hers, **target)
    for number, link in enumerate((hers, his, his)):
        item = (product.variants.get(), 1)
        make.pay(make.place(item, via=link.code, email=f"guest{number}@example.com"))
    told = {}
    for who in (ana, ben):
        client = Client()
        client.force_login(who)
        told[who.handle] = client.get("/me/links").content.decode()

    assert "orders 1 · 2 more by those who shared it on" in told["ana"]
    assert "orders 2" in told["ben"]
    assert "more by those" not in told["ben"]


def test_the_author_of_a_post_is_named_once_and_whoever_passed_it_on_besides() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    post = tagged_post(ana, make.product())
    own, his = (
        sharing.share(actor=make.actor(who), target_kind="post", target_id=post.pk, via=None)
        for who in (ana, ben)
    )

    assert "shared with you" not in Client().get(f"/p/{post.pk}?via={own.code}").content.decode()
    assert "shared with you" in Client().get(f"/p/{post.pk}?via={his.code}").content.decode()
