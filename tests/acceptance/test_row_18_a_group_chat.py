"""Row 18: a group's chat is a channel. What is bought through it is counted as from there."""

from __future__ import annotations

import re

import pytest

from banyan.chat.models import Message, Room
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.groups.models import Group, Membership
from banyan.kernel import clock
from banyan.ledger.proof import verify
from banyan.orders.models import OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link, Touch
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import WECHAT, Town, Walker, payment_ref
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def group_of(*members: Account) -> Group:
    """Return a group with members."""
    now = clock.now()
    made = Group.objects.create(
        slug="kiln-friends", name="Kiln friends", members=len(members), created_at=now
    )
    for one in members:
        Membership.objects.create(group=made, account=one, created_at=now)
    return made


def cells(page: str, name: str) -> list[str]:
    """Return the figures of a channel on the studio's page of shares."""
    row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', page, re.DOTALL)
    return re.findall(r"<td[^>]*>([^<]*)</td>", row.group(1)) if row else []


def test_row_18_a_shared_into_a_group_bought_by_a_member_counted_as_the_group(
    town: Town, sandbox: Sandbox
) -> None:
    # given a group of three, a product whose sharer earns, and an order through another channel
    ana, ben, cem = make.member("ana"), make.member("ben"), make.member("cem")
    group = group_of(ana, ben, cem)
    shop = make.shop()
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    product = make.product(shop, price=10_000)
    url = f"/shop/{shop.slug}/{product.slug}"
    everywhere = Walker(town, ana)
    everywhere.go(url)
    plain = everywhere.share()

    # when Ana sends it to the group, from the share sheet
    everywhere.go("/chat/group/kiln-friends")
    room = Room.objects.get()
    everywhere.go(f"/share/product/{product.pk}")
    everywhere.follow(r"^/chat/share/")
    sent = everywhere.browser.post(everywhere.at, {"room": str(room.pk), **everywhere.form()})
    assert sent.status_code == 302
    link = Link.objects.get(pk=Message.objects.get().card_id or 0)
    assert link.code != plain, "the room has a link of its own"

    # and Ben opens it there, in whatever app, and buys
    buyer = Walker(town, ben, agent=WECHAT)
    buyer.go(f"/chat/{room.pk}")
    assert "Ana may earn from this if you buy." in buyer.page
    found = re.search(r'href="/s/(\w+)"', buyer.page)
    assert found
    buyer.open(found.group(1))
    sandbox.pay(payment_ref(buyer.buy(email="ben@example.com")))
    line = OrderLine.objects.get()
    buyer.go(f"/o/{line.order.checkout.access_token}?payment=x")

    # then the touch and the order say so: channel "group", and the group's id only as a hash
    touch = Touch.objects.get(pk=line.touch_id or 0)
    assert (touch.link_id, touch.channel, touch.verdict) == (link.pk, "group", "human")
    assert line.link_id == link.pk
    assert (link.channel, link.place[:6]) == ("group", "group:")
    assert str(group.pk) not in link.place
    assert str(group.pk) not in str(line.path)
    assert [step["handle"] for step in line.path] == ["ana"]
    # and Ana earns, exactly
    earned = Commission.objects.get()
    assert (earned.payee_id, earned.amount) == (ana.pk, 1_000)
    assert verify().clean
    # and the shop's figures by channel show it, beside what came otherwise
    guest = Walker(town)
    guest.open(plain)
    page = client(shop.owner).get(f"/studio/{shop.slug}/shares").content.decode()
    assert cells(page, "Group chats") == ["1", "1", "CN¥100.00"]
    assert cells(page, "Browsers") == ["1", "0", "CN¥0.00"]


def test_row_18_a_a_pasted_link_becomes_the_senders_own_and_keeps_the_chain(town: Town) -> None:
    ana, ben, cem = make.member("ana"), make.member("ben"), make.member("cem")
    group_of(ben, cem)
    product = make.product()
    walker = Walker(town, ana)
    walker.go(f"/shop/{product.shop.slug}/{product.slug}")
    code = walker.share()
    browser = client(ben)
    browser.get("/chat/group/kiln-friends")
    room = Room.objects.get()

    browser.post(
        f"/chat/{room.pk}/say", {"body": f"Look at this: http://testserver/s/{code} !", "key": "1"}
    )

    message = Message.objects.get()
    link = Link.objects.get(pk=message.card_id or 0)
    assert message.body == "Look at this: !"
    assert (link.owner, link.channel) == (ben, "group")
    assert link.parent is not None
    assert link.parent.code == code
    page = client(cem).get(f"/chat/{room.pk}").content.decode()
    assert f'href="/s/{link.code}"' in page
    assert product.title in page


def test_row_18_a_who_is_not_in_the_group_is_not_in_its_chat() -> None:
    ana, ben, eve = make.member(), make.member(), make.member()
    group = group_of(ana, ben)
    client(ana).get("/chat/group/kiln-friends")
    room = Room.objects.get()
    client(ana).post(f"/chat/{room.pk}/say", {"body": "Among us"})

    stranger, member = client(eve), client(ben)
    assert stranger.get("/chat/group/kiln-friends").status_code == 404
    assert stranger.get(f"/chat/{room.pk}").status_code == 404
    assert stranger.post(f"/chat/{room.pk}/say", {"body": "Hi"}).status_code == 404
    assert "Among us" in member.get(f"/chat/{room.pk}").content.decode()

    for state in (0, 2):  # asked only; banned
        Membership.objects.filter(group=group, account=ben).update(state=state)
        assert member.get(f"/chat/{room.pk}").status_code == 404
        assert str(room.pk) not in member.get("/chat").content.decode()
    assert Message.objects.count() == 1
