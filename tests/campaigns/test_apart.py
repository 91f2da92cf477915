"""Who is apart by a block takes no part in what the other began."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Contribution, Instance, Participation, PersonKey
from banyan.kernel.problems import NotFound
from banyan.people import actions as people
from tests.campaigns.plays import bargain, group, likes, pack
from tests.campaigns.scene import assert_sound, somebody
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("begin", "verb"), [(pack, "join"), (likes, "help"), (bargain, "help"), (group, "join")]
)
def test_nobody_takes_part_in_what_somebody_began_who_is_apart_from_them(
    begin: Callable[[], Instance], verb: str
) -> None:
    play = begin()
    assert play.owner is not None
    by_owner, by_self, other = somebody(), somebody(), somebody()
    people.block(actor=make.actor(play.owner), account_id=by_owner.pk)
    people.block(actor=make.actor(by_self), account_id=play.owner.pk)
    before = play.taken

    for apart in (by_owner, by_self):
        with pytest.raises(NotFound):
            campaigns.play(actor=make.actor(apart), code=play.code, verb=verb)
        for kind in (Participation, PersonKey):
            assert not kind.objects.filter(account=apart).exists()
        assert not Contribution.objects.filter(helper=apart).exists()
    play.refresh_from_db()
    assert play.taken == before
    campaigns.play(actor=make.actor(other), code=play.code, verb=verb)
    assert_sound()
