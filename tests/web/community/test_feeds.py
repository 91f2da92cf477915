"""Pages of feeds: what is new is apart, every card says why, and nothing grows with the page."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community.models import FeedMarker, FeedSession
from banyan.community.queries.feeds.ranking import LIFETIME
from banyan.groups.models import Group, Membership
from banyan.kernel import clock
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import image, post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def posts_on(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200
    return list(dict.fromkeys(re.findall(r'href="/p/(\d+)', answer.content.decode())))


def friends(one: Account, other: Account) -> None:
    people.follow(actor=actor(one), account_id=other.pk)
    people.follow(actor=actor(other), account_id=one.pk)


def test_every_feed_says_in_its_title_and_heading_which_it_is() -> None:
    reader = browser(member())
    told = {"/": "Following", "/moments": "Moments", "/explore": "Discover", "/near": "Nearby"}
    for path, name in told.items():
        page = reader.get(path).content.decode()
        assert f"<title>{name} – Banyan</title>" in page, path
        assert re.search(rf"<h1[^>]*>{name}</h1>", page), path
    assert "<title>Discover – Banyan</title>" in Client().get("/").content.decode()


def test_what_came_since_the_last_visit_stands_apart() -> None:
    ana, reader = member(), member()
    people.follow(actor=actor(reader), account_id=ana.pk)
    old = post(ana)
    phone, desk = browser(reader), browser(reader)
    assert "Seen before" not in phone.get("/").content.decode()

    new = post(ana)

    page = desk.get("/").content.decode()  # another device knows what the first one saw
    assert page.index(f"/p/{new.pk}") < page.index("Seen before") < page.index(f"/p/{old.pk}")
    assert "Seen before" not in phone.get("/").content.decode()
    assert FeedMarker.objects.get().seen_id == new.pk


def test_a_marker_never_goes_back() -> None:
    who = actor(member())
    assert community.move_marker(actor=who, feed="following", seen_id=9) == 0
    assert community.move_marker(actor=who, feed="following", seen_id=5) == 9
    assert community.move_marker(actor=who, feed="following", seen_id=12) == 9


def test_the_box_of_new_posts_counts_others_and_not_the_muted() -> None:
    ana, ben, reader = member(), member(), member()
    for author in (ana, ben):
        people.follow(actor=actor(reader), account_id=author.pk)
    first = post(ana)
    client = browser(reader)
    box = re.search(r'data-live-refresh="(/feed/new[^"]*)"', client.get("/").content.decode())
    assert box
    address = box[1].replace("&amp;", "&")
    assert f"after={first.pk}" in address
    assert "new post" not in client.get(address).content.decode()

    post(ana), post(ana), post(ben), post(reader)
    people.mute_person(actor=actor(reader), account_id=ben.pk)

    assert "2 new posts" in client.get(address).content.decode()
    assert Client().get(address).status_code in (302, 303)


def test_a_box_listens_only_to_authors_one_follows() -> None:
    ana, stranger, reader = member(), member(), member()
    people.follow(actor=actor(reader), account_id=ana.pk)
    page = browser(reader).get(f"/feed/new?after=1&by={ana.pk},{stranger.pk},x").content.decode()
    assert f"fans:{ana.pk}" in page
    assert f"fans:{stranger.pk}" not in page


def test_friends_see_what_friends_show_them_and_followers_do_not() -> None:
    ana, friend, fan = member(), member(), member()
    friends(ana, friend)
    people.follow(actor=actor(fan), account_id=ana.pk)
    shown, public = post(ana, visibility=2), post(ana)

    assert posts_on(browser(friend), "/moments") == [str(shown.pk)]
    assert posts_on(browser(fan), "/moments") == []
    assert posts_on(browser(fan), "/") == [str(public.pk)]
    assert Client().get("/moments").status_code in (302, 303)


def test_nearby_is_the_region_one_names_and_nothing_without_one() -> None:
    ana, neighbour, nowhere = member(), member(), member()
    for account in (ana, neighbour):
        people.change_profile(
            actor=actor(account), handle=account.handle, display_name="N", region="CN-ZJ"
        )
    here = post(ana)
    post(nowhere)

    page = browser(neighbour).get("/near").content.decode()
    assert f"/p/{here.pk}" in page
    assert "From your region" in page
    assert posts_on(browser(nowhere), "/near") == []
    assert posts_on(browser(ana), "/near") == []  # one's own are no news


def test_a_list_shows_its_people_to_its_owner_alone() -> None:
    owner, ana, other = member(), member(), member()
    row = people.make_list(actor=actor(owner), name="Some")
    people.add_to_list(actor=actor(owner), list_id=row.pk, account_id=ana.pk)
    shown = post(ana)
    post(other)

    assert posts_on(browser(owner), f"/me/lists/{row.pk}/posts") == [str(shown.pk)]
    assert browser(other).get(f"/me/lists/{row.pk}/posts").status_code == 404


def test_every_card_of_discover_says_why_it_is_there() -> None:
    ana, ben, cy, reader = member(), member(), member(), member()
    people.follow(actor=actor(reader), account_id=ana.pk)
    group = Group.objects.create(slug="tea", name="Tea", created_at=clock.now())
    for account in (cy, reader):
        Membership.objects.create(group=group, account=account, created_at=clock.now())
    post(ana), post(ben)
    inside = post(cy)
    type(inside).objects.filter(pk=inside.pk).update(group=group, visibility=4)

    page = browser(reader).get("/explore").content.decode()

    assert re.findall(r'class="post-via">([^<]*)<', page) == [
        "From somebody you follow",
        "New here",
        "From a group of yours",
    ]
    assert f"/p/{inside.pk}" not in Client().get("/explore").content.decode()


def test_reading_on_repeats_nothing_and_passes_by_what_is_gone() -> None:
    ana, reader = member(), member()
    picture = image()
    made = [post(ana, picture=picture) for _ in range(45)]
    client = browser(reader)
    first = client.get("/explore").content.decode()
    more = re.search(r'href="(\?after=[^"]+)"', first)
    assert more
    seen = set(re.findall(r'href="/p/(\d+)', first))

    late = post(ana, picture=picture)
    gone = next(one for one in made if str(one.pk) not in seen)
    community.delete_post(actor=actor(ana), post_id=gone.pk)
    path = "/explore" + more[1]
    while path:
        page = client.get(path).content.decode()
        found = re.findall(r'href="/p/(\d+)\?', page)
        assert not seen & set(found)
        seen |= set(found)
        following = re.search(r'href="(\?after=[^"]+)"', page)
        path = "/explore" + following[1] if following else ""

    assert seen == {str(one.pk) for one in made} - {str(gone.pk)}
    assert f"/p/{late.pk}" in client.get("/explore").content.decode()


def test_somebody_elses_cursor_begins_a_feed_of_ones_own() -> None:
    ana, reader, other = member(), member(), member()
    post(ana)
    browser(reader).get("/explore")
    theirs = FeedSession.objects.get(viewer=reader)

    answer = browser(other).get(f"/explore?after={theirs.pk}:0")

    assert answer.status_code == 200
    assert FeedSession.objects.filter(viewer=other).exists()
    for odd in ("x", "1:", ":3", f"{theirs.pk}:-1", f"{theirs.pk}:9999999", "²:1"):
        assert browser(other).get("/explore", {"after": odd}).status_code == 200


def test_old_ranked_feeds_are_forgotten() -> None:
    FeedSession.objects.create(post_ids=[], reasons=[], made_at=clock.now() - LIFETIME * 2)
    FeedSession.objects.create(post_ids=[], reasons=[], made_at=clock.now())
    assert community.forget_sessions() == 1
    assert FeedSession.objects.count() == 1


def test_muted_words_are_taken_out_of_every_feed() -> None:
    ana, reader = member(), member()
    friends(ana, reader)
    post(ana, title="A spoiler")
    quiet = post(ana, title="Tea")
    people.mute_word(actor=actor(reader), word="spoiler")

    for path in ("/", "/explore"):
        assert posts_on(browser(reader), path) == [str(quiet.pk)]
    assert len(posts_on(browser(reader), f"/@{ana.handle}")) == 2  # one goes there to look
