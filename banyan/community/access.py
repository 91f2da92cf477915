"""One visibility gate, for sets and for single rows alike. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.groups import access as groups
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.kernel.remembered import remembered
from banyan.people.access import get_account_for, meets, visible_accounts
from banyan.people.models import Account, Follow

from .models import Board, BoardMember, Comment, Post

PUBLIC, FOLLOWERS, FRIENDS, ONLY_ME, GROUP = 0, 1, 2, 3, 4


class _Each(Exists):
    """An EXISTS that looks rows up one by one.

    For the few posts of a page that is always less than what the planner might make of it, which
    is to read a whole table into a hash; OFFSET 0 keeps it from that.
    """

    template = "EXISTS(%(subquery)s OFFSET 0)"


def visible_posts(viewer: Actor) -> QuerySet[Post]:
    """Return every post that ``viewer`` may see.

    Its author's account is open, no block stands between the two, the audience fits, and the group
    it stands in lets the viewer read. A repin shows somebody else's post, so that post must be one
    that anybody but the blocked may see, or all of its group.
    """
    return posts_for_meeting(viewer).filter(meets(viewer, "author"))


def posts_for_meeting(viewer: Actor) -> QuerySet[Post]:
    """Return the posts that ``viewer`` may see of whom they meet: the gate without its authors.

    For who asks of each author once whether the viewer meets them (``visible_accounts``), and not
    of each post again.
    """
    originals = _living().filter(meets(viewer, "author"), _group_opens(viewer), visibility=PUBLIC)
    shown_on = _Each(originals.filter(pk=OuterRef("repin_of_id")))
    return _living().filter(_audience(viewer), Q(repin_of=None) | Q(shown_on))


def _living() -> QuerySet[Post]:
    return Post.objects.filter(deleted_at=None, state=1)


def _audience(viewer: Actor) -> Q:
    if viewer.id is None:
        return Q(visibility=PUBLIC) & _group_opens(viewer)
    follows = Follow.objects.filter(
        follower_id=viewer.id, followee_id=OuterRef("author_id"), state=1
    )
    fits = (
        Q(visibility__in=[PUBLIC, GROUP])
        | (Q(visibility=FOLLOWERS) & Q(_Each(follows)))
        | (Q(visibility=FRIENDS) & Q(_Each(follows.filter(is_mutual=True))))
    )
    return Q(author_id=viewer.id) | (fits & _group_opens(viewer))


def _group_opens(viewer: Actor) -> Q:
    """Return the condition that the group of a post, if it stands in one, lets ``viewer`` read it.

    Its members read everything, others what is public in a public group.
    """
    public = groups.living_groups().filter(pk=OuterRef("group_id"), visibility=groups.PUBLIC)
    opens = Q(group=None) | Q(~Q(visibility=GROUP), _Each(public))
    if viewer.id is None:
        return opens
    return opens | Q(_Each(groups.memberships_of(viewer.id, "group_id")))


def get_post_for(viewer: Actor, post_id: int) -> Post:
    """Return one post that ``viewer`` may see."""
    if viewer.id is None:
        post = _post_for_everybody.first(post_id)
    else:
        post = _post_for_member.first(viewer.id, post_id)
    if post is None:
        raise NotFound()
    return post


@remembered
def _post_for_everybody(post_id: int) -> QuerySet[Post]:
    return _with_people(visible_posts(Actor.guest()).filter(pk=post_id))


@remembered
def _post_for_member(viewer_id: int, post_id: int) -> QuerySet[Post]:
    return _with_people(visible_posts(Actor(kind="member", id=viewer_id)).filter(pk=post_id))


def _with_people(posts: QuerySet[Post]) -> QuerySet[Post]:
    return posts.select_related("author", "link", "repin_of__author")


def visible_comments(viewer: Actor, post_id: int) -> QuerySet[Comment]:
    """Return the comments under a post that ``viewer`` may read, deleted ones with their answers.

    Whoever is blocked or closed is not heard. The post itself is asked for apart.
    """
    return Comment.objects.filter(post_id=post_id, author__in=visible_accounts(viewer))


def likers(viewer: Actor, post_id: int) -> QuerySet[Account]:
    """Return who likes a post, as far as ``viewer`` may see them, latest first."""
    return visible_accounts(viewer).filter(like__post_id=post_id).order_by("-like__id")


def visible_boards(viewer: Actor, owner_id: int) -> QuerySet[Board]:
    """Return the boards of ``owner_id`` that ``viewer`` may see."""
    boards = Board.objects.filter(owner_id=owner_id).order_by("title")
    if viewer.id == owner_id:
        return boards
    return boards.filter(
        Q(visibility=PUBLIC) | _shared_with(viewer), owner__in=visible_accounts(viewer)
    )


def _shared_with(viewer: Actor) -> Q:
    """Whoever adds to a board, or is asked to, sees it."""
    if viewer.id is None:
        return Q(pk__in=())
    asked = BoardMember.objects.filter(board_id=OuterRef("pk"), account_id=viewer.id)
    return Q(Exists(asked))


def get_board_for(viewer: Actor, handle: str, slug: str) -> Board:
    """Return one board that ``viewer`` may see; Moved where its owner had that handle."""
    owner = get_account_for(viewer, handle)
    board = visible_boards(viewer, owner.pk).filter(slug=slug).first()
    if board is None:
        raise NotFound()
    return board
