"""The first minute of a member: offered once there is something to see, done in three taps."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community.models import TopicFollow
from banyan.people import actions as people
from banyan.people.models import Account, Follow
from tests.community.posts import post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> list[Account]:
    """Two who talk about tea, one who wants to be suggested to nobody, one who is blocked."""
    found = [member(name) for name in ("ben", "cho", "shy", "rude")]
    for one in found:
        post(one, title=f"Of {one.handle}", body="#Tea is good")
    people.set_privacy(actor=actor(found[2]), approves_followers=False, is_suggested=False)
    community.count_heat()
    return found


def test_a_new_member_is_shown_the_way_and_goes_it_in_three_taps(
    client: Client, town: list[Account]
) -> None:
    new = member("new")
    people.block(actor=actor(new), account_id=town[3].pk)
    client.force_login(new)

    assert 'href="/welcome"' in client.get("/").content.decode()
    shown = client.get("/welcome").content.decode()

    assert re.findall(r'name="topic" value="([^"]+)"', shown) == ["tea"]
    chosen = re.findall(r'name="person" value="([^"]+)" checked', shown)
    assert sorted(chosen) == ["ben", "cho"]
    answer = client.post("/welcome", {"topic": ["tea"], "person": chosen})
    assert answer["location"] == "/"
    assert set(Follow.objects.values_list("follower_id", "followee__handle")) == {
        (new.pk, "ben"),
        (new.pk, "cho"),
    }
    assert TopicFollow.objects.filter(account=new, topic__slug="tea").exists()
    assert 'href="/welcome"' not in client.get("/").content.decode()


def test_what_is_gone_or_closed_to_them_is_passed_over(client: Client, town: list[Account]) -> None:
    new = member("new")
    people.block(actor=actor(town[3]), account_id=new.pk)
    client.force_login(new)

    answer = client.post(
        "/welcome", {"topic": ["nothing", "tea"], "person": ["rude", "nobody", "ben", "new"]}
    )

    assert answer.status_code == 302
    assert [one.followee.handle for one in Follow.objects.all()] == ["ben"]
    assert TopicFollow.objects.count() == 1


def test_a_visitor_signs_in_first(client: Client) -> None:
    assert client.get("/welcome")["location"].startswith("/login")
    assert not Follow.objects.exists()
