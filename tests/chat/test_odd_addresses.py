"""Addresses within words: what is none, or leads to nothing, stays a part of what is said."""

from __future__ import annotations

import pytest

from banyan.chat.models import Message, Room
from banyan.community import actions as community
from tests.chat.test_rooms import friends, say
from tests.community.posts import post
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "odd", ["http://[abc", "https://[::1", "http://a℀b.example/x", "http://[v1.x]/"]
)
def test_an_address_that_is_none_is_said_as_it_stands(odd: str) -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    sent = client(ana).post(f"/chat/{room.pk}/say", {"body": f"Look: {odd} there"})
    assert sent.status_code == 302
    assert Message.objects.latest("seq").body == f"Look: {odd} there"
    assert client(ben).get(f"/chat/{room.pk}").status_code == 200


def test_the_address_of_what_is_gone_does_not_keep_words_from_being_said() -> None:
    ana, ben = friends()
    say(ana, ben)
    room, gone = Room.objects.get(), post(make.member())
    community.delete_post(actor=make.actor(gone.author), post_id=gone.pk)
    for path in (f"/p/{gone.pk}", f"/p/{10**30}"):
        words = f"Was http://testserver{path} yours?"
        assert client(ana).post(f"/chat/{room.pk}/say", {"body": words}).status_code == 302
        told = Message.objects.latest("seq")
        assert (told.body, told.card_kind) == (words, "")
    shown = post(make.member())
    words = f"Look: http://testserver/p/{shown.pk}"
    client(ana).post(f"/chat/{room.pk}/say", {"body": words})
    assert Message.objects.latest("seq").card_kind == "link", "control: one that is there"
