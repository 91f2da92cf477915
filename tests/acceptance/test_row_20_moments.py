"""Row 20: a purchase shows nothing to anybody, unless its buyer says so, to one audience."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community.models import Post
from banyan.groups.models import Group, Membership
from banyan.kernel import clock, relay
from banyan.notify.models import Notification
from banyan.orders.models import Checkout, OrderLine
from banyan.people import actions as people
from banyan.people.models import Account
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def browser(account: Account | None) -> Client:
    client = Client()
    if account is not None:
        client.force_login(account)
    return client


def friends(one: Account, other: Account) -> None:
    people.follow(actor=make.actor(one), account_id=other.pk)
    people.follow(actor=make.actor(other), account_id=one.pk)


def everywhere(reader: Account | None) -> str:
    """Return all that a reader finds on pages, feeds and API that could tell of a purchase."""
    client = browser(reader)
    urls = [
        "/", "/explore", "/explore?q=teapot", "/moments", "/@ana", "/@ana/rss", "/t",
        "/people/ana/followers", "/me/notifications", "/api/v1/people/ana",
        "/api/v1/people/ana/posts", "/api/v1/explore", "/api/v1/feed",
    ]  # fmt: skip
    return "".join(client.get(url, follow=True).content.decode() for url in urls)


def bought(ana: Account) -> tuple[Checkout, OrderLine]:
    shop = make.shop()
    item = make.variant(shop, price=4_200)
    checkout = make.pay(make.place((item, 1), buyer=ana))
    relay.drain()
    return checkout, OrderLine.objects.get(order__checkout=checkout)


def test_row_20_a_purchase_leaves_no_trace_and_is_shown_to_the_one_group_that_its_buyer_names() -> (
    None
):
    ana = make.member("ana")
    friend, follower, stranger = (make.member(name) for name in ("fay", "flo", "stan"))
    friends(ana, friend)
    people.follow(actor=make.actor(follower), account_id=ana.pk)
    tea = Group.objects.create(slug="tea", name="Tea", visibility=1, created_at=clock.now())
    for account in (ana, follower):
        Membership.objects.create(group=tea, account=account, created_at=clock.now())
    relay.drain()
    readers = (friend, follower, stranger, None)
    others = Notification.objects.exclude(recipient=ana)
    heard = others.count()
    before = {reader: _told(everywhere(reader)) for reader in readers}

    checkout, line = bought(ana)

    # Nothing was posted, nobody was told, and nobody finds anything that was not there
    assert not Post.objects.exists()
    assert others.filter(recipient__in=[friend, follower, stranger]).count() == heard
    sold = {line.title, checkout.number, checkout.access_token}
    for reader in readers:
        after = _told(everywhere(reader))
        assert not any(word in after for word in sold - {line.title})
        assert "fay" in after or "ana" in after
        bought_by = re.findall(r"bought|purchase", after, re.IGNORECASE)
        assert bought_by == re.findall(r"bought|purchase", before[reader], re.IGNORECASE)

    # Nobody else opens the page that shows it, and its default is only oneself
    url = f"/o/{checkout.access_token}/line/{line.pk}/show"
    assert browser(stranger).get(url).status_code == 404
    assert browser(None).get(url).status_code == 302
    page = browser(ana).get(f"/o/{checkout.access_token}").content.decode()
    assert f'href="{url}"' in page
    form = browser(ana).get(url).content.decode()
    assert '<option value="3" selected>' in form

    # She shows it to one group: its members see it, no friend outside of it does
    made = browser(ana).post(url, {"visibility": "4", "group": tea.pk, "body": "My new teapot"})
    assert made.status_code == 302
    moment = Post.objects.get()
    assert (moment.kind, moment.visibility, moment.group_id) == ("moment", 4, tea.pk)
    assert moment.link_id is None
    seen = {
        reader: browser(reader).get(f"/p/{moment.pk}").status_code for reader in (ana, *readers)
    }
    assert seen == {ana: 200, follower: 200, friend: 404, stranger: 404, None: 404}
    for reader in (friend, stranger, None):
        assert "My new teapot" not in everywhere(reader)
    shown = browser(follower).get(f"/p/{moment.pk}").content.decode()
    assert "42.00" not in re.sub(r'<article.*?</article>|id="buy-.*?</div>', "", shown)
    assert checkout.number not in shown


def _told(pages: str) -> str:
    """Leave out what differs at each reading: tokens and times."""
    return re.sub(r'(csrf\w*|token|nonce)"?[=:]\s*"?[^"\s>]+', "", pages)


def test_row_20_moments_are_for_friends_alone() -> None:
    ana, friend, follower = (make.member(name) for name in ("ana", "fay", "flo"))
    friends(ana, friend)
    people.follow(actor=make.actor(follower), account_id=ana.pk)
    browser(ana).post("/post", {"kind": "moment", "body": "By the lake", "visibility": "2"})
    assert Post.objects.get().visibility == 2
    assert "By the lake" in browser(friend).get("/moments").content.decode()
    assert "By the lake" in browser(ana).get("/moments").content.decode()
    for reader in (follower, make.member("stan"), None):
        assert "By the lake" not in everywhere(reader)
    people.unfollow(actor=make.actor(friend), account_id=ana.pk)
    assert "By the lake" not in everywhere(friend)


def test_row_20_only_what_was_paid_and_is_ones_own_can_be_shown() -> None:
    ana = make.member("ana")
    unpaid = make.place((make.variant(), 1), buyer=ana)
    line = OrderLine.objects.get(order__checkout=unpaid)
    url = f"/o/{unpaid.access_token}/line/{line.pk}/show"
    assert browser(ana).get(url).status_code == 404
    assert browser(ana).post(url, {"visibility": "0"}).status_code == 404
    assert not Post.objects.exists()
