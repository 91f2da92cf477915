"""Links: one per place on a path, no loops, withdrawn for good."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import LoginRequired
from banyan.people.models import Account
from banyan.sharing import actions, queries
from banyan.sharing.access import visible_links
from banyan.sharing.models import Link
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def share(owner: Account, product_id: int, via: Link | None = None) -> Link:
    return actions.share(
        actor=make.actor(owner), target_kind="product", target_id=product_id, via=via
    )


def test_sharing_what_came_through_a_link_makes_its_child() -> None:
    ana, ben, cy, item = make.member(), make.member(), make.member(), make.product()

    first = share(ana, item.pk)
    second = share(ben, item.pk, via=first)
    third = share(cy, item.pk, via=second)

    assert (third.parent_id, third.root_id, third.depth) == (second.pk, first.pk, 2)
    path = queries.path_of(third)
    assert [step.owner_id for step in path] == [ana.pk, ben.pk, cy.pk]
    assert path[0].handle == ana.handle
    assert path[-1].code == third.code


def test_sharing_again_returns_the_same_link_and_tells_nobody() -> None:
    ana, item = make.member(), make.product()

    links = {share(ana, item.pk).pk for _ in range(3)}

    assert len(links) == 1
    assert StoredEvent.objects.filter(name="link.shared").count() == 1


def test_a_link_of_ones_own_is_given_back() -> None:
    ana, item = make.member(), make.product()
    own = share(ana, item.pk)

    assert share(ana, item.pk, via=own) == own


def test_whoever_stands_on_the_path_already_gets_that_place_back() -> None:
    ana, ben, item = make.member(), make.member(), make.product()
    first = share(ana, item.pk)
    second = share(ben, item.pk, via=first)

    assert share(ana, item.pk, via=second) == first
    assert Link.objects.count() == 2


def test_another_thing_shared_below_oneself_grows_from_the_same_place() -> None:
    ana, ben = make.member(), make.member()
    item, other = make.product(), make.product()
    first = share(ana, item.pk)
    second = share(ben, item.pk, via=first)

    third = share(ben, other.pk, via=second)

    assert third.parent_id == first.pk
    assert [step.owner_id for step in queries.path_of(third)] == [ana.pk, ben.pk]


def test_a_withdrawn_link_passes_nothing_on_and_is_replaced_by_a_new_one() -> None:
    ana, ben, item = make.member(), make.member(), make.product()
    old = share(ana, item.pk)
    actions.revoke(actor=make.actor(ana), link_id=old.pk)
    old.refresh_from_db()

    assert share(ben, item.pk, via=old).parent_id is None
    new = share(ana, item.pk)
    assert new.code != old.code
    assert queries.link_by_code(old.code) is None
    assert queries.link_by_code(new.code) == new


def test_only_owner_and_staff_withdraw_a_link() -> None:
    ana, ben, item = make.member(), make.member(), make.product()
    link = share(ana, item.pk)

    for stranger in (make.actor(ben), Actor.guest(), make.actor(make.staff("finance"))):
        with pytest.raises(actions.LinkUnknown):
            actions.revoke(actor=stranger, link_id=link.pk)
    link.refresh_from_db()
    assert link.revoked_at is None

    actions.revoke(actor=make.actor(make.staff("moderation")), link_id=link.pk)
    actions.revoke(actor=make.actor(ana), link_id=link.pk)
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert StoredEvent.objects.filter(name="link.revoked").count() == 1


def test_links_of_others_look_absent() -> None:
    ana, ben, item = make.member(), make.member(), make.product()
    link = share(ana, item.pk)

    for allowed in (make.actor(ana), make.actor(make.staff("support"))):
        assert visible_links(allowed).get() == link
    for stranger in (make.actor(ben), Actor.guest("v")):
        assert not visible_links(stranger).exists()


def test_what_cannot_be_shared_is_refused() -> None:
    ana, item = make.member(), make.product()

    with pytest.raises(LoginRequired):
        actions.share(actor=Actor.guest("v"), target_kind="product", target_id=item.pk, via=None)
    for kind, target_id in (("product", 1), ("shop", 1), ("post", 1), ("wallet", item.pk)):
        with pytest.raises(actions.TargetUnknown):
            actions.share(actor=make.actor(ana), target_kind=kind, target_id=target_id, via=None)
    assert Link.objects.count() == 0


def test_codes_are_short_and_carry_64_bits() -> None:
    code = share(make.member(), make.product().pk).code

    assert 11 <= len(code) <= 12
    assert code.isalnum()


def test_the_database_refuses_a_cycle() -> None:
    ana, ben, item = make.member(), make.member(), make.product()
    first = share(ana, item.pk)
    second = share(ben, item.pk, via=first)

    with pytest.raises(IntegrityError), transaction.atomic():
        Link.objects.filter(pk=first.pk).update(parent=second, root=second, depth=2)


def test_a_path_of_any_length_is_one_query() -> None:
    item, link = make.product(), None
    for _ in range(6):
        link = share(make.member(), item.pk, via=link)
    assert link is not None

    with CaptureQueriesContext(
        connection,
    ) as seen:
        path = queries.path_of(link)

    assert len(path) == 6
    assert len(seen) == 1


def test_a_tree_shows_everybody_with_the_people_they_brought() -> None:
    item = make.product()
    root = share(make.member(), item.pk)
    children = [share(make.member(), item.pk, via=root) for _ in range(3)]
    share(make.member(), item.pk)  # another tree
    actions.record_touch(actor=Actor.guest("v1"), link=children[1], verdict="human")

    with CaptureQueriesContext(connection) as seen:
        nodes = queries.tree_of(children[0])

    assert [node.link_id for node in nodes] == [root.pk, *(child.pk for child in children)]
    assert [node.reach.visited for node in nodes] == [0, 0, 1, 0]
    assert len(seen) == 2
