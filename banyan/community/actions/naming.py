"""Who and what a text names: mentions and topics, written with the text."""

from __future__ import annotations

from django.db.models.functions import Lower

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.access import former_handles, visible_accounts

from .. import rules
from ..models import Comment, Mention, Post, PostTopic, Topic


def note_mentions(*, actor: Actor, post: Post, texts: list[str], by: Comment | None = None) -> None:
    """Write whom ``texts`` mention; somebody apart from the actor by a block is nobody.

    A handle that was given up in the last 90 days names whoever had it.

    In the caller's transaction. Repeatable: who was named before is not told again.
    """
    handles = rules.handles_of(*texts)
    if not handles:
        return
    # Also for staff: what they may see of others is no reason to be told by name.
    member = Actor(kind="member", id=actor.id)
    people = visible_accounts(member).annotate(low=Lower("handle")).filter(low__in=handles)
    named = [(one.handle, one.pk) for one in people.exclude(pk=actor.id or 0)]
    if len(named) < len(handles):
        before = former_handles(handles).filter(account__in=visible_accounts(member))
        named += before.exclude(account_id=actor.id or 0).values_list("handle", "account_id")
    Mention.objects.bulk_create(
        [
            Mention(post=post, comment=by, account_id=account_id, handle=handle)
            for handle, account_id in named
        ],
        ignore_conflicts=True,
    )


def note_topics(*, post: Post, texts: list[str]) -> None:
    """Write which topics ``texts`` name, and forget those they name no more. Repeatable."""
    wanted = rules.topics_of(*texts)
    PostTopic.objects.filter(post=post).exclude(topic__slug__in=wanted).delete()
    if not wanted:
        return
    now = clock.now()
    # In one order everywhere, so that two posts with the same new topics do not wait in a circle.
    Topic.objects.bulk_create(
        [
            Topic(slug=slug, name=name[: rules.LONGEST_TOPIC], created_at=now)
            for slug, name in sorted(wanted.items())
        ],
        ignore_conflicts=True,
    )
    PostTopic.objects.bulk_create(
        [PostTopic(post=post, topic=one) for one in Topic.objects.filter(slug__in=wanted)],
        ignore_conflicts=True,
    )
