"""Posts of a group: who may look first, what is pinned and chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community.access import visible_posts
from banyan.community.models import Post
from banyan.community.queries import history_of, waiting_posts
from banyan.groups import actions as groups
from banyan.groups.models import Group, Pick
from banyan.groups.rules import waits_for_a_moderator
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.media.actions import claim_staged
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.models import Link
from tests.groups import circles
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


def posted(who: Account, circle: Group, title: str, visibility: int = 0) -> Post:
    actor = make.actor(who)
    images = claim_staged(actor=actor, tokens=[staged_picture(actor)])
    return community.publish_post(
        actor=actor, images=images, title=title, group_id=circle.pk, visibility=visibility
    )


def published() -> int:
    return StoredEvent.objects.filter(name="post.published").count()


@pytest.mark.parametrize(
    ("holds", "role", "has_posted", "waits"),
    [
        (0, "member", False, False),
        (1, "member", False, True),
        (1, "member", True, False),
        (2, "member", True, True),
        (2, "moderator", False, False),
        (1, "owner", False, False),
    ],
)
def test_whose_post_waits(holds: int, role: str, has_posted: bool, waits: bool) -> None:
    assert waits_for_a_moderator(holds=holds, role=role, has_posted=has_posted) is waits


def test_a_members_first_post_waits_and_says_nothing_until_it_appears() -> None:
    circle = circles.group(holds=1)
    owner, ben = circles.owner_of(circle), circles.joined(circle)

    held = posted(ben, circle, "First")

    assert held.state == 3
    assert not visible_posts(Actor.guest()).filter(pk=held.pk).exists()
    assert not visible_posts(owner).filter(pk=held.pk).exists()
    assert (published(), Link.objects.filter(target_kind="post").count()) == (0, 0)
    with pytest.raises(Forbidden):
        community.let_appear(actor=make.actor(ben), post_id=held.pk)
    community.let_appear(actor=owner, post_id=held.pk)
    community.let_appear(actor=owner, post_id=held.pk)
    assert visible_posts(Actor.guest()).filter(pk=held.pk).exists()
    assert (published(), Link.objects.get(target_kind="post").owner_id) == (1, ben.pk)
    assert posted(ben, circle, "Second").state == 1


def edited(post: Post, title: str, **more: Any) -> Post:
    return community.edit_post(
        actor=make.actor(post.author), post_id=post.pk, title=title, body="", **more
    )


def test_where_all_posts_wait_other_words_wait_as_well() -> None:
    circle = circles.group(holds=2)
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    post = posted(ben, circle, "A bowl")
    community.let_appear(actor=owner, post_id=post.pk)

    assert edited(post, "Fools, all of you").state == 3
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    edited(post, "A jar for @nobody")
    assert waiting_posts(owner, circle) == [post]
    community.let_appear(actor=owner, post_id=post.pk)
    community.let_appear(actor=owner, post_id=post.pk)

    post.refresh_from_db()
    assert (post.state, post.title) == (1, "A jar for @nobody")
    assert [one.title for one in history_of(Actor.guest(), post)] == ["A bowl"]
    edits = StoredEvent.objects.filter(name="post.edited", subject_id=post.pk).count()
    assert (published(), edits, Link.objects.filter(target_kind="post").count()) == (1, 1, 1)


def test_an_edit_waits_only_where_its_words_are_new_and_all_posts_wait() -> None:
    first, every = circles.group(holds=1), circles.group(holds=2)
    for circle in (first, every):
        owner, ben = circles.owner_of(circle), circles.joined(circle)
        post = posted(ben, circle, "A bowl")
        community.let_appear(actor=owner, post_id=post.pk)
        assert edited(post, "A bowl", declared="gift").state == 1, "the same words"
        own = posted(circles.founder(circle), circle, "Mine")
        assert edited(own, "Mine again").state == 1, "who leads waits for nobody"
        assert edited(post, "A jar").state == (1 if circle is first else 3)


def test_what_is_turned_away_is_gone_and_the_next_one_waits_too() -> None:
    circle = circles.group(holds=1)
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    held = posted(ben, circle, "First")

    community.turn_away(actor=owner, post_id=held.pk)
    community.let_appear(actor=owner, post_id=held.pk)

    assert not visible_posts(make.actor(ben)).filter(pk=held.pk).exists()
    assert published() == 0
    assert posted(ben, circle, "Second").state == 3


def test_moderators_answer_on_the_page_and_not_for_whom_they_block() -> None:
    circle = circles.group(holds=2)
    owner = circles.owner_of(circle)
    ben, cy = circles.joined(circle), circles.joined(circle)
    wanted, apart = posted(ben, circle, "Wanted"), posted(cy, circle, "Apart")
    people.block(actor=owner, account_id=cy.pk)
    boss = Client()
    boss.force_login(circles.founder(circle))

    page = boss.get(f"/g/{circle.slug}/requests").content.decode()
    assert "Wanted" in page
    assert "Apart" not in page
    boss.post(f"/g/{circle.slug}/posts/{wanted.pk}", {"do": "appear"})
    with pytest.raises(NotFound):
        community.let_appear(actor=owner, post_id=apart.pk)

    assert Post.objects.get(pk=wanted.pk).state == 1
    assert "Wanted" in boss.get(f"/g/{circle.slug}").content.decode()


def test_a_private_groups_posts_are_its_members_alone() -> None:
    circle = circles.group(visibility=1, policy="request")
    owner, ben = circles.owner_of(circle), make.member()
    inside = posted(circles.founder(circle), circle, "Inside", visibility=4)

    for viewer in (Actor.guest(), make.actor(ben)):
        assert not visible_posts(viewer).filter(pk=inside.pk).exists()
    assert "Inside" not in Client().get(f"/g/{circle.slug}").content.decode()
    groups.join(actor=make.actor(ben), group_id=circle.pk)
    groups.accept(actor=owner, group_id=circle.pk, account_id=ben.pk)
    assert visible_posts(make.actor(ben)).filter(pk=inside.pk).exists()
    groups.ban(actor=owner, group_id=circle.pk, account_id=ben.pk)
    assert not visible_posts(make.actor(ben)).filter(pk=inside.pk).exists()


def test_three_posts_are_pinned_and_chosen_ones_have_a_feed() -> None:
    circle = circles.group()
    owner = circles.owner_of(circle)
    ana = circles.founder(circle)
    made = [posted(ana, circle, f"Number {n}") for n in range(5)]
    elsewhere = posted(ana, circles.group(ana), "Elsewhere")

    for post in made[:3]:
        groups.pin_post(actor=owner, group_id=circle.pk, post_id=post.pk)
    with pytest.raises(Conflict) as refused:
        groups.pin_post(actor=owner, group_id=circle.pk, post_id=made[3].pk)
    assert refused.value.code == "pins_full"
    with pytest.raises(NotFound):
        groups.feature_post(actor=owner, group_id=circle.pk, post_id=elsewhere.pk)
    groups.unpin_post(actor=owner, group_id=circle.pk, post_id=made[0].pk)
    groups.unfeature_post(actor=owner, group_id=circle.pk, post_id=made[1].pk)

    assert Pick.objects.filter(slot__isnull=False).count() == 1
    chosen: Any = Client().get(f"/g/{circle.slug}?show=chosen").content.decode()
    assert "Number 0" in chosen
    assert "Number 2" in chosen
    assert "Number 1" not in chosen
    assert "Number 4" not in chosen
