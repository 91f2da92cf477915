"""Around a post's text: who is named in it, its history, its preview, and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.access import hidden_from, visible_accounts
from banyan.people.models import Account
from banyan.sharing.models import Link

from ..access import PUBLIC, visible_posts
from ..models import LinkPreview, Mention, Post, PostDraft, PostEdit, PostTopic

SHOWN = 1
MOST_STEPS = 30


@dataclass(frozen=True, slots=True)
class Named:
    """What may be a link in a text: {handle in small letters: handle today}, and topics' slugs."""

    people: dict[str, str]
    topics: frozenset[str]


def named_in(viewer: Actor, post_ids: list[int]) -> Named:
    """Return who and what posts, and the comments under them, name. Two statements."""
    mentions = Mention.objects.filter(
        post_id__in=post_ids, account__in=visible_accounts(viewer)
    ).values_list("handle", "account__handle")
    topics = PostTopic.objects.filter(post_id__in=post_ids, topic__is_usable=True)
    return Named(
        people={written.lower(): today for written, today in mentions},
        topics=frozenset(topics.values_list("topic__slug", flat=True)),
    )


def history_of(viewer: Actor, post: Post) -> list[PostEdit]:
    """Return what a post said before, newest first, for ``viewer``, who may see the post.

    What was written for fewer people than now is not shown to more: others than its author read
    what was public, or had the audience that it has.
    """
    edits = post.edits.order_by("-id")
    if viewer.id == post.author_id:
        return list(edits)
    return list(edits.filter(Q(visibility=PUBLIC) | Q(visibility=post.visibility)))


def preview_of(post: Post) -> LinkPreview | None:
    """Return what the first address in a post leads to, once it is known."""
    if post.preview_id is None:
        return None
    return LinkPreview.objects.filter(pk=post.preview_id, state=SHOWN).first()


def drafts_of(viewer: Actor) -> list[PostDraft]:
    """Return a member's drafts, the last touched first."""
    return list(PostDraft.objects.filter(owner_id=viewer.id or 0).order_by("-updated_at", "-id"))


def get_draft_for(viewer: Actor, draft_id: int) -> PostDraft:
    """Return one of the member's own drafts."""
    draft = PostDraft.objects.filter(pk=draft_id, owner_id=viewer.id or 0).first()
    if draft is None:
        raise NotFound()
    return draft


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody on the way of a repin; None where the reader and they are apart."""

    account: Account | None
    post_id: int | None


def chain_of(viewer: Actor, post: Post) -> list[Step]:
    """Return who showed a repin on, from the original's author to the repin's. Few statements.

    The way is that of the share links. A person whom the reader may not see stays an unnamed step.
    """
    if post.link_id is None or post.repin_of_id is None:
        return []
    links = _way(post.link_id)
    people = [link.owner for link in links]
    hidden = hidden_from(viewer, {one.pk for one in people})
    targets = [link.target_id for link in links if link.target_kind == "post"]
    seen = set(visible_posts(viewer).filter(pk__in=targets).values_list("pk", flat=True))
    return [
        Step(
            account=None if link.owner_id in hidden else link.owner,
            post_id=link.target_id
            if link.target_kind == "post" and link.target_id in seen
            else None,
        )
        for link in links
    ]


_UP = """
WITH RECURSIVE way AS (
  SELECT id, parent_id, 0 AS n FROM sharing_link WHERE id = %s
  UNION ALL
  SELECT l.id, l.parent_id, way.n + 1 FROM sharing_link l JOIN way ON l.id = way.parent_id
  WHERE way.n < %s)
SELECT l.* FROM way JOIN sharing_link l ON l.id = way.id ORDER BY way.n DESC
"""


def _way(link_id: int) -> list[Link]:
    links: Any = Link.objects.raw(_UP, [link_id, MOST_STEPS]).prefetch_related("owner")
    return list(links)


def repins_of(viewer: Actor, post: Post) -> list[Post]:
    """Return the last hundred who showed a post on, latest first, as far as ``viewer`` may see."""
    original = post.repin_of_id or post.pk
    rows = visible_posts(viewer).filter(repin_of_id=original).select_related("author", "link")
    return list(rows.order_by("-id")[:100])


def topics_named(post: Post) -> list[tuple[str, str]]:
    """Return the topics of a post as (slug, name) that may be listed. One statement."""
    found = PostTopic.objects.filter(post_id=post.repin_of_id or post.pk, topic__is_usable=True)
    return list(found.order_by("id").values_list("topic__slug", "topic__name"))
