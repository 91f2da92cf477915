"""Whose account is suspended keeps their credit on the way, and is named to nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.earnings.actions import set_plan
from banyan.kernel.actors import Actor
from banyan.media import posters
from banyan.people.actions import close_account, reopen_account
from banyan.people.models import Account
from banyan.sharing.actions import share
from banyan.sharing.models import Link
from tests.api.client import Program
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def shared_on(first: Account, second: Account, kind: str, target: int) -> Link:
    root = share(actor=make.actor(first), target_kind=kind, target_id=target, via=None)
    return share(actor=make.actor(second), target_kind=kind, target_id=target, via=root)


def suspend(account: Account) -> None:
    close_account(actor=Actor.system("desk"), account_id=account.pk, reason="spam")


def page(url: str, reader: Account | None = None) -> str:
    browser = Client()
    if reader is not None:
        browser.force_login(reader)
    answer = browser.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_visitors_landing_does_not_name_a_suspended_sharer() -> None:
    first, second = make.member("qadira"), make.member("tjorven")
    product = make.product()
    link = shared_on(first, second, "product", product.pk)
    url = f"/shop/{product.shop.slug}/{product.slug}?via={link.code}"
    assert "Qadira" in page(url)

    suspend(first)

    shown = page(url)
    assert "Qadira" not in shown
    assert "/@qadira" not in shown
    assert "<b>somebody</b> shared with" in shown
    assert "Tjorven" in shown
    assert f"via={link.code}" in shown
    assert "Qadira" not in page(url, make.member())


def test_a_visitors_landing_through_a_suspended_members_own_link_is_unnamed() -> None:
    first = make.member("qadira")
    product = make.product()
    link = share(actor=make.actor(first), target_kind="product", target_id=product.pk, via=None)
    suspend(first)
    assert "Qadira" not in page(f"/shop/{product.shop.slug}/{product.slug}?via={link.code}")
    reopen_account(actor=Actor.system("desk"), account_id=first.pk, reason="appeal")
    assert "Qadira" in page(f"/shop/{product.shop.slug}/{product.slug}?via={link.code}")


def test_the_api_does_not_name_a_suspended_sharer_to_a_visitor() -> None:
    first, second = make.member("qadira"), make.member("tjorven")
    product = make.product()
    set_plan(actor=make.actor(product.shop.owner), shop_id=product.shop_id, rate_bps=500)
    link = shared_on(first, second, "product", product.pk)
    suspend(second)
    told = Program().get(f"/links/{link.code}")
    assert [step["person"] and step["person"]["handle"] for step in told["sharers"]] == [
        "qadira",
        None,
    ]
    assert told["owner_id"] is None
    assert told["disclosure"].startswith("Whoever shared this may earn")


def test_the_way_of_a_repin_does_not_name_a_suspended_step_to_a_visitor() -> None:
    author, between, last = (make.member(name) for name in ("aranka", "qadira", "tjorven"))
    original = post(author)
    first = community.repin(
        actor=make.actor(between), post_id=original.pk, note="", via=original.link
    )
    second = community.repin(actor=make.actor(last), post_id=original.pk, note="", via=first.link)
    assert "/@qadira" in page(f"/p/{second.pk}")
    suspend(between)
    assert "qadira" not in page(f"/p/{second.pk}").lower()


def test_the_pictures_of_a_link_do_not_name_or_show_a_suspended_sharer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sharer = make.member("qadira")
    product = make.product()
    link = share(actor=make.actor(sharer), target_kind="product", target_id=product.pk, via=None)
    drawn: list[posters.Share] = []

    def draw(asked: posters.Share) -> bytes:
        drawn.append(asked)
        return b"jpeg"

    monkeypatch.setattr(posters, "draw_poster", draw)
    Client().get(f"/share/{link.code}/poster.jpg")
    suspend(sharer)
    Client().get(f"/share/{link.code}/poster.jpg")
    assert [one.sharer for one in drawn] == ["Qadira", ""]
