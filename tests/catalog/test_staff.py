"""Who works in a shop: invited by name or address, changed, let go, and all of it written down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired, NotFound, TooMany
from banyan.notify.models import Message, Notification
from banyan.people import actions as people
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def roles(shop: Shop) -> dict[int, str]:
    return dict(ShopStaff.objects.filter(shop=shop).values_list("account_id", "role"))


def test_a_member_is_invited_by_name_and_joins() -> None:
    shop, kai = make.shop(), make.member("kai")
    owner = make.actor(shop.owner)

    token = catalog.invite(actor=owner, shop_id=shop.pk, to="@kai", role="clerk")
    assert kai.pk not in roles(shop), "not before they agree"
    assert client(kai).get(Notification.objects.get(recipient=kai).url).status_code == 200
    for _ in range(2):
        catalog.accept_invite(actor=make.actor(kai), token=token)

    assert roles(shop)[kai.pk] == "clerk"
    acts = AuditEntry.objects.filter(subject_kind="shop", subject_id=shop.pk)
    assert list(acts.order_by("id").values_list("action", flat=True)) == [
        "staff.invite",
        "staff.join",
    ]


def test_an_address_gets_a_letter_whether_it_is_known_or_not() -> None:
    shop = make.shop()
    known = make.member(email="lin@example.com")
    owner = make.actor(shop.owner)

    tokens = [
        catalog.invite(actor=owner, shop_id=shop.pk, to=to, role="manager")
        for to in ("Lin@example.com", "nobody@example.com")
    ]

    assert Message.objects.filter(kind="shop.invited").count() == 2
    catalog.accept_invite(actor=make.actor(known), token=tokens[0])
    assert roles(shop)[known.pk] == "manager"


def test_an_invitation_is_for_its_person_only() -> None:
    shop, stranger = make.shop(), make.member(email="other@example.com")
    owner = make.actor(shop.owner)
    make.member("kai")
    for to in ("kai", "lin@example.com"):
        token = catalog.invite(actor=owner, shop_id=shop.pk, to=to, role="clerk")
        with pytest.raises(Forbidden) as refused:
            catalog.accept_invite(actor=make.actor(stranger), token=token)
        assert refused.value.code == "invite_for_another"
        with pytest.raises(LoginRequired):
            catalog.accept_invite(actor=Actor.guest(), token=token)
    assert roles(shop) == {shop.owner_id: "owner"}


def test_an_invitation_ends_after_seven_days_when_forged_and_when_its_person_was_let_go() -> None:
    shop, kai = make.shop(), make.member("kai")
    owner = make.actor(shop.owner)
    token = catalog.invite(actor=owner, shop_id=shop.pk, to="kai", role="clerk")
    with clock.at(clock.now() + dt.timedelta(days=7, seconds=1)), pytest.raises(NotFound):
        catalog.accept_invite(actor=make.actor(kai), token=token)
    with pytest.raises(NotFound):
        catalog.accept_invite(actor=make.actor(kai), token=token[:-2] + "xx")

    catalog.accept_invite(actor=make.actor(kai), token=token)
    catalog.remove_staff(actor=owner, shop_id=shop.pk, account_id=kai.pk)
    with pytest.raises(NotFound) as gone:
        catalog.accept_invite(actor=make.actor(kai), token=token)

    assert gone.value.code == "invite_gone"
    assert kai.pk not in roles(shop)


@pytest.mark.usefixtures("midday")
def test_nobody_fills_a_strangers_letter_box_from_a_shop_of_their_own() -> None:
    shops = [make.shop(owner := make.member()), make.shop(owner)]
    for n in range(30):
        catalog.invite(
            actor=make.actor(owner), shop_id=shops[n % 2].pk, to="victim@example.com", role="clerk"
        )
    with pytest.raises(TooMany):
        catalog.invite(
            actor=make.actor(owner), shop_id=shops[0].pk, to="victim@example.com", role="clerk"
        )
    assert Message.objects.filter(destination="victim@example.com").count() == 30


@pytest.mark.parametrize("by", ["removed", "made a manager", "suspended"])
def test_what_an_owner_wrote_lets_nobody_in_once_they_are_no_owner(by: str) -> None:
    """Else whoever is let go comes back by a door that they had left open for themselves."""
    shop, lin, friend = make.shop(), make.member("lin"), make.member("friend")
    first = make.actor(shop.owner)
    own = catalog.invite(actor=first, shop_id=shop.pk, to="lin", role="owner")
    catalog.accept_invite(actor=make.actor(lin), token=own)
    left_open = catalog.invite(
        actor=make.actor(lin), shop_id=shop.pk, to=friend.handle, role="owner"
    )
    good = catalog.invite(actor=first, shop_id=shop.pk, to=friend.handle, role="clerk")

    if by == "removed":
        catalog.remove_staff(actor=first, shop_id=shop.pk, account_id=lin.pk)
    elif by == "suspended":
        people.close_account(actor=Actor.system("test"), account_id=lin.pk, reason="fraud")
    else:
        catalog.change_role(actor=first, shop_id=shop.pk, account_id=lin.pk, role="manager")

    with pytest.raises(NotFound) as gone:
        catalog.accept_invite(actor=make.actor(friend), token=left_open)
    assert gone.value.code == "invite_gone"
    assert friend.pk not in roles(shop)
    catalog.accept_invite(actor=make.actor(friend), token=good)
    assert roles(shop)[friend.pk] == "clerk", "what an owner of now wrote is good"


def test_the_last_owner_cannot_go_and_cannot_be_made_less() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    for act in (
        lambda: catalog.remove_staff(actor=owner, shop_id=shop.pk, account_id=shop.owner_id),
        lambda: catalog.change_role(
            actor=owner, shop_id=shop.pk, account_id=shop.owner_id, role="clerk"
        ),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "last_owner"
    assert roles(shop) == {shop.owner_id: "owner"}


def test_a_second_owner_lets_the_first_one_go() -> None:
    shop, lin = make.shop(), make.member("lin")
    first = make.actor(shop.owner)
    token = catalog.invite(actor=first, shop_id=shop.pk, to="lin", role="owner")
    catalog.accept_invite(actor=make.actor(lin), token=token)

    catalog.remove_staff(actor=first, shop_id=shop.pk, account_id=first.id or 0)

    shop.refresh_from_db()
    assert (roles(shop), shop.owner_id) == ({lin.pk: "owner"}, lin.pk)


@pytest.mark.parametrize("role", ["manager", "clerk"])
def test_others_than_the_owner_change_nobody(role: str) -> None:
    shop, kai = make.shop(), make.member("kai")
    catalog.hire(actor=make.actor(shop.owner), shop_id=shop.pk, account_id=kai.pk, role=role)
    before = AuditEntry.objects.count()
    who = make.actor(kai)
    with pytest.raises(NotFound):
        catalog.invite(actor=who, shop_id=shop.pk, to="kai", role="owner")
    with pytest.raises(NotFound):
        catalog.change_role(actor=who, shop_id=shop.pk, account_id=kai.pk, role="owner")
    with pytest.raises(NotFound):
        catalog.remove_staff(actor=who, shop_id=shop.pk, account_id=shop.owner_id)
    assert AuditEntry.objects.count() == before
    catalog.remove_staff(actor=who, shop_id=shop.pk, account_id=kai.pk)
    assert kai.pk not in roles(shop), "but everybody may leave"


@pytest.mark.parametrize(("to", "role"), [("nobody", "clerk"), ("a@", "clerk"), ("kai", "boss")])
def test_a_wrong_name_or_role_is_refused(to: str, role: str) -> None:
    shop = make.shop()
    make.member("kai")
    with pytest.raises(Invalid):
        catalog.invite(actor=make.actor(shop.owner), shop_id=shop.pk, to=to, role=role)
    assert not Message.objects.exists()


def test_the_owners_pages_invite_change_and_show_what_was_done() -> None:
    shop, kai = make.shop(), make.member("kai")
    browser = client(shop.owner)
    url = reverse("studio_staff", args=[shop.slug])
    assert browser.post(url, {"do": "invite", "to": "ghost", "role": "clerk"}).status_code == 422
    assert browser.post(url, {"do": "invite", "to": "kai", "role": "clerk"}).status_code == 302
    token = catalog.invite(actor=make.actor(shop.owner), shop_id=shop.pk, to="kai", role="clerk")
    joined = client(kai)
    page = joined.get(reverse("studio_join", args=[token]))
    assert page.status_code == 200
    assert joined.post(reverse("studio_join", args=[token])).status_code == 302
    form = {"do": "change", "account": str(kai.pk), "role": "manager"}
    assert joined.post(url, form).status_code == 404
    assert browser.post(url, form).status_code == 302
    assert roles(shop)[kai.pk] == "manager"
    acts = reverse("studio_acts", args=[shop.slug])
    assert "Joined the shop" in browser.get(acts).content.decode()
    assert joined.get(acts).status_code == 404
    assert joined.post(reverse("studio_leave", args=[shop.slug])).status_code == 302
    assert kai.pk not in roles(shop)
