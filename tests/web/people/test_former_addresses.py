"""Addresses with a handle that was given up lead on, for pages and programs alike."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.kernel.actors import Actor
from banyan.legal import actions as legal
from banyan.people import actions as people
from banyan.people.models import Account, Block, Follow
from banyan.storefronts import actions as storefronts
from tests.api.client import Program, problem
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def ana() -> Account:
    """Give up ``old`` for ``new``, with a board and a storefront."""
    ana = member("old")
    community.make_board(actor=actor(ana), title="Bowls")
    storefronts.open_storefront(actor=actor(ana), title="Clay")
    people.change_handle(actor=actor(ana), handle="new")
    return ana


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/@old", "/@new"),
        ("/@OLD?add&after=%E8%8C%B6", "/@new?add&after=%E8%8C%B6"),
        ("/@old/rss", "/@new/rss"),
        ("/@old/bowls?before=3", "/@new/bowls?before=3"),
        ("/people/old/followers?before=9", "/people/new/followers?before=9"),
        ("/people/old/following", "/people/new/following"),
        ("/store/old?via=x", "/store/new?via=x"),
        ("/api/v1/people/old", "/api/v1/people/new"),
        ("/api/v1/people/old/posts?limit=2", "/api/v1/people/new/posts?limit=2"),
        ("/api/v1/storefronts/old", "/api/v1/storefronts/new"),
    ],
)
def test_every_address_leads_on_for_good_with_its_query(
    ana: Account, client: Client, old: str, new: str
) -> None:
    answer = client.get(old)
    assert (answer.status_code, answer["Location"]) == (301, new)
    assert answer["Cache-Control"] == "no-store", "she may take it back"
    assert client.get(new).status_code == 200


def test_only_the_part_that_is_a_handle_is_changed(client: Client) -> None:
    bo = member("people")
    people.change_handle(actor=actor(bo), handle="posts")
    assert client.get("/people/people/followers")["Location"] == "/people/posts/followers"
    assert client.get("/api/v1/people/people/posts")["Location"] == "/api/v1/people/posts/posts"


def test_a_form_of_an_older_page_reaches_her(ana: Account, client: Client) -> None:
    ben = member("ben")
    client.force_login(ben)
    sent = client.post("/people/old/follow?next=/x", headers=OURS)
    assert (sent.status_code, sent["Location"]) == (308, "/people/new/follow?next=/x")
    assert not Follow.objects.exists()
    client.post("/people/old/follow", headers=OURS, follow=True)
    assert Follow.objects.get().followee == ana


def test_a_keyed_write_is_sent_on_under_its_key(ana: Account) -> None:
    ben = Program(member("ben"))
    sent = ben.send("PUT", "/people/old/follow", key="once")
    assert (sent.status_code, sent["Location"]) == (308, "/api/v1/people/new/follow")
    assert ben.send("PUT", "/people/old/follow", key="once")["Location"] == sent["Location"]
    assert ben.send("PUT", "/people/new/follow", key="once").status_code == 200
    assert Follow.objects.get().followee == ana


def test_who_is_blocked_sees_no_more_than_before(ana: Account, client: Client) -> None:
    ben = member("ben")
    Block.objects.create(actor=ana, target=ben, created_at=ana.created_at)
    client.force_login(ben)
    for old in ("/@old", "/@old/bowls", "/people/old/followers", "/store/old", "/people/old/block"):
        assert client.get(old).status_code == client.get(old.replace("old", "new")).status_code
        assert client.get(old).status_code == 404, old
    assert client.post("/people/old/follow", headers=OURS).status_code == 404
    assert problem(Program(ben).send("GET", "/people/old")) == (404, "not_found")
    assert problem(Program(ben).send("PUT", "/people/old/follow")) == (404, "not_found")


def test_a_handle_of_nobody_stays_absent(ana: Account, client: Client) -> None:
    for url in ("/@nobody", "/people/nobody/followers", "/store/nobody", "/api/v1/people/nobody"):
        assert client.get(url).status_code == 404


def test_the_export_names_former_handles(ana: Account) -> None:
    export = legal.ask_export(actor=actor(ana))
    legal.make_exports(actor=Actor.system("test"))
    data = legal.take_export(actor=actor(ana), export_id=export.pk)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        told = json.loads(packed.read("data/people.FormerHandle.json"))
    assert [row["handle"] for row in told] == ["old"]
