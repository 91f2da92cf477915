"""A link that was made for one room stands beside the one for everywhere, and says where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from banyan.kernel.ids import new_ids
from banyan.sharing import actions as sharing
from banyan.sharing.channels import CHAT, GROUP, channel_through
from banyan.sharing.models import Link, Touch
from banyan.sharing.places import place_of_chat, place_of_group
from banyan.sharing.spool import SpoolWriter, load_once
from banyan.sharing.spool.record import encode
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def shared(place: str = "", channel: str = "", via: Link | None = None) -> Link:
    """Share one thing once more, as one person."""
    person = make.member("ana")
    return again(person.pk, make.product().pk, place, channel, via)


def again(
    account_id: int, product_id: int, place: str = "", channel: str = "", via: Link | None = None
) -> Link:
    from banyan.kernel.actors import Actor

    return sharing.share(
        actor=Actor(kind="member", id=account_id),
        target_kind="product",
        target_id=product_id,
        via=via,
        channel=channel,
        place=place,
    )


def test_each_place_has_one_link_of_its_own() -> None:
    plain = shared()
    owner, target = plain.owner_id, plain.target_id

    chat = again(owner, target, place_of_chat(), CHAT)
    group = again(owner, target, place_of_group(7), GROUP)

    assert len({plain.pk, chat.pk, group.pk}) == 3
    assert again(owner, target).pk == plain.pk
    assert again(owner, target, place_of_group(7), GROUP).pk == group.pk
    assert again(owner, target, place_of_group(8), GROUP).pk != group.pk


def test_ones_own_link_of_a_room_is_no_link_for_everywhere() -> None:
    group = shared(place_of_group(7), GROUP)

    plain = again(group.owner_id, group.target_id, via=group)

    assert plain.pk != group.pk
    assert (plain.place, plain.channel, plain.parent_id) == ("", "", group.parent_id)


def test_a_group_is_told_from_another_and_not_which() -> None:
    one, other = place_of_group(384_000_000_000_000_001), place_of_group(384_000_000_000_000_002)

    assert one != other
    assert one == place_of_group(384_000_000_000_000_001)
    assert "384" not in one or one.count("0000") == 0
    assert len(one) <= 24


def test_the_place_of_a_link_counts_whatever_app_opens_it(tmp_path: Path) -> None:
    group = shared(place_of_group(7), GROUP)
    plain = again(group.owner_id, group.target_id)
    ids = new_ids(2)
    writer = SpoolWriter(tmp_path, each=False)
    for touch_id, link in zip(ids, (group, plain), strict=True):
        writer.append(encode(touch_id, link.pk, "", "wechat unknown"))
    writer.close()

    load_once(tmp_path)
    direct = sharing.record_touch(actor=make.actor(make.member()), link=group, channel="web")

    assert dict(Touch.objects.filter(pk__in=ids).values_list("link_id", "channel")) == {
        group.pk: "group",
        plain.pk: "wechat",
    }
    assert direct.channel == "group"


def test_a_channel_without_a_place_says_nothing_of_who_opens_it() -> None:
    # an older link that was made through a group's page, and is passed on everywhere
    assert channel_through("", "group", "web") == "web"
