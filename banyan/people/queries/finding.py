"""Finding friends: people that one may know, and members of one's address book."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor

from ..access import not_blocked, visible_accounts
from ..models import Account, BookDigest, Follow, FoundByDigest, Mute

# Enough to suggest well; who has thousands of friends is not waiting for suggestions.
MOST_FRIENDS = 500


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody one may know; ``in_common`` says why, in friends."""

    account: Account
    in_common: int


def people_you_may_know(viewer: Actor, *, limit: int = 20) -> list[Suggestion]:
    """Return friends of friends, those with most friends in common first. One query.

    Never somebody blocked, muted, closed, followed or asked already, or who opted out. Friends of
    the viewer who are closed count for nothing.
    """
    if viewer.id is None:
        return []
    mine = Follow.objects.filter(follower_id=viewer.id, is_mutual=True, followee__is_active=True)
    newest = mine.order_by("-id").values("followee_id")[:MOST_FRIENDS]
    found = (
        _strangers(viewer)
        .filter(is_suggested=True, followers__is_mutual=True, followers__follower__in=newest)
        .annotate(in_common=Count("followers"))
        .order_by("-in_common", "id")
    )
    return [Suggestion(account, account.in_common) for account in found[:limit]]


def members_in_my_book(viewer: Actor, *, limit: int = 50) -> list[Account]:
    """Return members whose contact stands in the viewer's address book. One query.

    Only those who agree to be found by it, and whom the viewer neither follows nor keeps away.
    Which contact it was is not known any more.
    """
    if viewer.id is None:
        return []
    book = BookDigest.objects.filter(owner_id=viewer.id).values("digest")
    matched = FoundByDigest.objects.filter(digest__in=book).values("account_id")
    return list(_strangers(viewer).filter(pk__in=matched).order_by("display_name", "id")[:limit])


def book_size(viewer: Actor) -> int:
    """Return how many contacts the viewer's address book has here. One query."""
    return BookDigest.objects.filter(owner_id=viewer.id or 0).count()


def _strangers(viewer: Actor) -> QuerySet[Account]:
    """Return whom the viewer sees, and neither follows, asks, mutes nor wants less of."""
    mine = Follow.objects.filter(follower_id=viewer.id, followee_id=OuterRef("pk"))
    kept_away = Mute.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=clock.now()),
        actor_id=viewer.id,
        target_id=OuterRef("pk"),
    )
    return (
        visible_accounts(viewer)
        .filter(not_blocked(viewer), ~Exists(mine), ~Exists(kept_away))
        .exclude(pk=viewer.id or 0)
    )
