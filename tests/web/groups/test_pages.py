"""The pages of groups: what whom they show, and what their forms do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from banyan.community.models import Topic, TopicFollow
from banyan.groups import actions as groups
from banyan.groups.models import Group, Invitation, Membership, Offer, Pick
from banyan.groups.queries import suggested_groups
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import post
from tests.groups import circles
from tests.support import factories as make

pytestmark = pytest.mark.django_db

TABS = ("", "/shop", "/members", "/about")


def browser(account: Account | None = None) -> Client:
    client = Client()
    if account is not None:
        client.force_login(account)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    found: str = answer.content.decode()
    return found


def test_somebody_founds_a_group_and_comes_to_its_invitations() -> None:
    ana = make.member("ana", email="ana@lab.example.org")
    client = browser(ana)
    assert "Start it" in text(client.get("/groups/new"))

    refused = client.post("/groups/new", {"name": "", "slug": "x"})
    assert refused.status_code == 422
    assert not Group.objects.exists()
    made = client.post(
        "/groups/new",
        {"name": "Lab", "slug": "lab", "topics": "tea, #cups", "domain": "lab.example.org"},
    )

    assert made["Location"] == "/g/lab/invite"
    page = text(client.get("/g/lab"))
    assert "Verified organisation" in page
    assert "#tea" in text(client.get("/g/lab/about"))
    assert "Lab" in text(client.get("/groups"))


@pytest.mark.parametrize("tab", TABS)
def test_a_secret_group_is_not_there_for_others_and_a_private_one_shows_nothing(tab: str) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    secret, private = circles.group(ana, visibility=2), circles.group(ana, visibility=1)

    for who in (None, ben):
        assert browser(who).get(f"/g/{secret.slug}{tab}").status_code == 404
        assert browser(who).get(f"/g/no-such-group{tab}").status_code == 404
        page = browser(who).get(f"/g/{private.slug}{tab}")
        assert private.name in text(page)
    assert secret.name in text(browser(ana).get(f"/g/{secret.slug}{tab}"))


def test_joining_asking_and_leaving_by_the_buttons() -> None:
    circle = circles.group(policy="request")
    owner = circles.founder(circle)
    ben = make.member("ben")
    client = browser(ben)

    assert "Ask to join" in text(client.get(f"/g/{circle.slug}"))
    client.post(f"/g/{circle.slug}/join")
    assert "You have asked to join" in text(client.get(f"/g/{circle.slug}"))
    assert client.get(f"/g/{circle.slug}/requests").status_code == 404
    boss = browser(owner)
    assert "@ben" in text(boss.get(f"/g/{circle.slug}/requests")) or "Ben" in text(
        boss.get(f"/g/{circle.slug}/requests")
    )
    boss.post(f"/g/{circle.slug}/members/{ben.pk}", {"do": "accept"})
    assert Membership.objects.get(account=ben).state == 1
    client.post(f"/g/{circle.slug}/wants", {"offers": "on"})
    assert Membership.objects.get(account=ben).wants_offers
    client.post(f"/g/{circle.slug}/leave")
    assert not Membership.objects.filter(account=ben).exists()
    assert browser().post(f"/g/{circle.slug}/join").status_code in {302, 401}


def test_members_have_no_hand_in_what_moderators_do() -> None:
    circle = circles.group()
    ben, cy = circles.joined(circle), circles.joined(circle)
    client = browser(ben)

    for wish in ("remove", "ban", "owner", "hand_over", "nonsense"):
        client.post(f"/g/{circle.slug}/members/{cy.pk}", {"do": wish})
    assert client.get(f"/g/{circle.slug}/settings").status_code == 404
    assert client.post(f"/g/{circle.slug}/settings", {"name": "Mine"}).status_code == 404
    client.post(f"/g/{circle.slug}/posts/1", {"do": "pin"})

    assert circles.recounted(circle) == (3, 1)
    assert not Pick.objects.exists()


@pytest.mark.parametrize("typed", ["0", "-7", "\uff17", "7 days", "366"])
def test_nobody_is_kept_out_for_good_by_a_number_that_is_none(typed: str) -> None:
    circle = circles.group()
    ben, boss = circles.joined(circle), browser(circles.founder(circle))
    at = f"/g/{circle.slug}/members/{ben.pk}"

    told = boss.post(at, {"do": "ban", "days": typed}, follow=True).content.decode()

    assert "Choose 1 to 365 days, or none." in told
    assert Membership.objects.get(account=ben).state == 1
    boss.post(at, {"do": "ban", "days": " 7 "})
    kept_out = Membership.objects.get(account=ben)
    assert kept_out.until is not None
    boss.post(at, {"do": "unban"})
    boss.post(at, {"do": "ban", "days": ""})


def test_the_ends_of_invitations_and_of_bans_are_told_to_the_minute(settings: Any) -> None:
    settings.SITE_TIME_ZONE = "Asia/Shanghai"
    circle = circles.group()
    owner, ben = circles.founder(circle), circles.joined(circle)
    with clock.at(dt.datetime(2027, 1, 5, 18, 30, tzinfo=dt.UTC)):  # the next day there
        groups.invite(actor=make.actor(owner), group_id=circle.pk, days=7)
        groups.ban(actor=make.actor(owner), group_id=circle.pk, account_id=ben.pk, days=7)
    boss = browser(owner)
    page = boss.get(f"/g/{circle.slug}/invite").content.decode()
    assert "until 2027-01-13 02:30 UTC+8" in page
    page = boss.get(f"/g/{circle.slug}/requests").content.decode()
    assert "Until 2027-01-13 02:30 UTC+8" in page


def test_moderators_settings_invitations_and_roles() -> None:
    circle = circles.group()
    owner = circles.founder(circle)
    ben = circles.joined(circle)
    boss = browser(owner)

    boss.post(f"/g/{circle.slug}/members/{ben.pk}", {"do": "moderator"})
    assert Membership.objects.get(account=ben).role == "moderator"
    assert "Save" in text(boss.get(f"/g/{circle.slug}/settings"))
    bad = boss.post(f"/g/{circle.slug}/settings", {"name": "New", "offer_cap": "many"})
    assert bad.status_code == 422
    saved = boss.post(
        f"/g/{circle.slug}/settings",
        {"name": "New", "colour": "#1e6b52", "offer_cap": "1", "offer_days": "1"},
    )
    assert saved.status_code == 302
    circle.refresh_from_db()
    assert (circle.name, circle.offer_cap, circle.look) == ("New", 1, 2)
    look = boss.get(f"/g/{circle.slug}/look-2.css")
    assert "#1e6b52" in look.content.decode()
    assert boss.post(f"/g/{circle.slug}/invite", {"most_uses": "0", "days": "1"}).status_code == 422
    boss.post(f"/g/{circle.slug}/invite", {"most_uses": "2", "days": "1"})
    made = Invitation.objects.get()
    assert made.code in text(boss.get(f"/g/{circle.slug}/invite"))
    assert boss.get(f"/g/join/{made.code}/qr.png")["Content-Type"] == "image/png"
    cy = browser(make.member("cy"))
    assert "New" in text(browser().get(f"/g/join/{made.code}"))
    assert cy.post(f"/g/join/{made.code}", {"offers": "1"})["Location"] == f"/g/{circle.slug}"
    assert Membership.objects.get(account__handle="cy").wants_offers
    boss.post(f"/g/{circle.slug}/invite", {"revoke": str(made.pk)})
    assert cy.get(f"/g/join/{made.code}").status_code == 404
    boss.post(f"/g/{circle.slug}/settings", {"do": "close"})
    assert boss.get(f"/g/{circle.slug}").status_code == 404


def test_goods_are_found_offered_and_taken_away_in_the_groups_shop() -> None:
    circle = circles.group()
    ben = circles.joined(circle)
    product = make.product(title="Celadon cup")
    client = browser(ben)

    page = text(client.get(f"/g/{circle.slug}/shop", {"q": "celadon"}))
    assert f'value="{product.pk}"' in page
    client.post(f"/g/{circle.slug}/shop/offer", {"product": str(product.pk), "note": "Lovely"})
    made = Offer.objects.get()
    seen = text(browser().get(f"/g/{circle.slug}/shop"))
    assert "Celadon cup" in seen
    assert "Lovely" in seen
    assert "may earn" in seen
    assert "Members are being told" not in seen
    assert "Members are being told" in text(client.get(f"/g/{circle.slug}/shop"))
    stranger = circles.joined(circle)
    assert browser(stranger).post(f"/g/offers/{made.pk}/end").status_code == 403
    client.post(f"/g/offers/{made.pk}/end")
    assert "Celadon cup" not in text(browser().get(f"/g/{circle.slug}/shop"))
    groups.tell_offers()
    again = browser(stranger).get(f"/g/offers/{made.pk}")
    assert again["Location"] == f"/g/{circle.slug}/shop"


def test_groups_of_those_one_follows_come_first_then_of_topics_then_the_biggest() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    big, about, known = (
        circles.group(name="Biggest"),
        circles.group(name="Tea people", topics=["tea"]),
        circles.group(name="Of a friend"),
    )
    secret = circles.group(ben, name="Hush hush", visibility=2)
    for _ in range(3):
        circles.joined(big)
    people.follow(actor=make.actor(ana), account_id=circles.founder(known).pk)
    topic = Topic.objects.create(slug="tea", name="tea", created_at=clock.now())
    TopicFollow.objects.create(topic=topic, account=ana, created_at=clock.now())

    page = text(browser(ana).get("/groups"))

    places = [page.index(name) for name in ("Of a friend", "Tea people", "Biggest")]
    assert places == sorted(places)
    assert "About a topic that you follow" in page
    assert secret.name not in page
    found = text(browser(ana).get("/groups", {"q": "tea"}))
    assert about.name in found
    assert big.name not in found
    assert "/t/tea" in text(browser(ana).get(f"/g/{about.slug}/about"))


def test_of_a_private_group_nobody_is_told_that_somebody_they_follow_is_in_it() -> None:
    open_one, private = (circles.group(name=name) for name in ("Open pens", "Private pens"))
    Group.objects.filter(pk=private.pk).update(visibility=1)
    known, reader = make.member(), make.member()
    for one in (open_one, private):
        circles.joined(one, known)
    people.follow(actor=make.actor(reader), account_id=known.pk)

    found = {one.group.name: one.known for one in suggested_groups(make.actor(reader))}

    assert found == {"Open pens": 1, "Private pens": 0}
    people.close_account(actor=Actor.system("desk"), account_id=known.pk, reason="spam")
    found = {one.group.name: one.known for one in suggested_groups(make.actor(reader))}
    assert found["Open pens"] == 0, "who is suspended is in nothing"


def test_a_group_that_a_moderator_hid_is_no_audience_for_a_new_post() -> None:
    circle, ana = circles.group(name="Vile circle"), make.member("ana")
    circles.joined(circle, ana)
    assert "Vile circle" in text(browser(ana).get("/post"))

    Group.objects.filter(pk=circle.pk).update(hidden_at=clock.now())

    assert "Vile circle" not in text(browser(ana).get("/post"))
    with pytest.raises(Invalid) as refused:
        post(ana, visibility=4, group_id=circle.pk)
    assert set(refused.value.fields) == {"group"}
