"""Feeds for readers elsewhere: whatever people wrote, the feed can be read, and words are words."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.test import Client

from banyan.people.models import Account
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def items(path: str) -> list[ElementTree.Element]:
    """Return the items of a feed."""
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == 200
    return list(ElementTree.fromstring(answer.content).iter("item"))


def test_no_sign_in_a_post_or_a_name_ends_the_feed_for_everybody() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    post(ana, title="Spring", body="All about #tea")
    post(ben, title="Odd\x01", body="\x0b\x0c#tea\x1b and\ufffe more")
    Account.objects.filter(pk=ben.pk).update(display_name="Ben\x02")

    told = items("/t/tea/rss")

    assert [one.findtext("title") for one in told] == ["Odd", "Spring"]
    assert [one.findtext("description") for one in told] == ["#tea and more", "All about #tea"]
    assert len(items("/@ben/rss")) == 1


def test_what_somebody_wrote_is_no_markup_in_a_reader() -> None:
    post(make.member("ana"), title="A", body="<img src=x onerror=alert(1)> & #tea")
    [one] = items("/t/tea/rss")
    assert one.findtext("description") == "&lt;img src=x onerror=alert(1)&gt; &amp; #tea"
