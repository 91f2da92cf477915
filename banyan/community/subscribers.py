"""What the community does when it says something itself: authors hear of likes and words."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.kernel.problems import NotFound
from banyan.kernel.remembered import remembered
from banyan.moderation.events import CaseDecided, NoticeMoved
from banyan.moderation.models import Case, RightsNotice
from banyan.notify import kinds
from banyan.notify.actions import notify, withdraw
from banyan.notify.kinds import Happening
from banyan.notify.models import Notification
from banyan.people.models import Follow
from banyan.people.rules.relations import EVERY_POST, FOLLOWS

from .access import PUBLIC, get_post_for, visible_posts
from .actions.telling import title_of
from .events import (
    BoardShared,
    CommentRemoved,
    PostCommented,
    PostEdited,
    PostLiked,
    PostPublished,
    PostRemoved,
    PostUnliked,
)
from .jobs import tell_of_every_post
from .models import Board, Comment, Mention, Post
from .rules import HIDDEN, LIVE


@remembered
def _post_with_original(post_id: int) -> QuerySet[Post]:
    return Post.objects.select_related("repin_of").filter(pk=post_id)


def _title(post_id: int) -> str:
    row = _post_with_original.first(post_id)
    return "" if row is None else title_of(row)


def _where(post_id: int, comment_id: int | None) -> str:
    """Return where a post, or a comment under it, is found."""
    return f"/p/{post_id}?c={comment_id}#c{comment_id}" if comment_id else f"/p/{post_id}"


@events.subscribe(PostLiked, consumer="community.tell")
def tell_of_a_like(event: PostLiked, meta: Meta) -> None:
    """Tell an author that a post is liked; a day's likes of one post are one line."""
    notify(
        recipient_id=event.author_id,
        kind="like",
        group_key=f"like:{event.post_id}:{meta.occurred_at:%Y%m%d}",
        url=f"/p/{event.post_id}",
        data={"title": _title(event.post_id)},
        actor_id=event.by_id,
    )


@events.subscribe(PostCommented, consumer="community.tell")
def tell_of_a_comment(event: PostCommented, meta: Meta) -> None:
    """Tell the author of a post, and whom the comment answers; somebody who is both hears once."""
    for recipient, kind in _heard(event).items():
        notify(
            recipient_id=recipient,
            kind=kind,
            group_key=f"{kind}:{event.post_id}:{meta.occurred_at:%Y%m%d}",
            url=_where(event.post_id, event.comment_id),
            data={"title": _title(event.post_id)},
            actor_id=event.by_id,
        )


def _heard(event: PostCommented | CommentRemoved) -> dict[int, str]:
    """Return who hears of a comment, and as what."""
    heard = {event.author_id: "comment"}
    if event.answers_id is not None:
        heard[event.answers_id] = "answer"
    return heard


@events.subscribe(PostUnliked, consumer="community.tell")
def take_back_a_like(event: PostUnliked, meta: Meta) -> None:
    """Let an author no longer read of a like that was taken back."""
    withdraw(
        recipient_id=event.author_id,
        actor_id=event.by_id,
        about=[f"like:{event.post_id}:{event.liked_at:%Y%m%d}"],
    )


@events.subscribe(CommentRemoved, consumer="community.tell")
def take_back_a_comment(event: CommentRemoved, meta: Meta) -> None:
    """Let nobody read of a comment that is gone, unless its author wrote another that day."""
    gone = Comment.objects.get(pk=event.comment_id)
    same = Comment.objects.filter(
        post_id=event.post_id, author_id=event.by_id, deleted_at=None,
        created_at__date=gone.created_at.date(),
    )  # fmt: skip
    for recipient, kind in _heard(event).items():
        left = same.filter(parent__author_id=recipient) if kind == "answer" else same
        if not left.exists():
            withdraw(
                recipient_id=recipient,
                actor_id=event.by_id,
                about=[f"{kind}:{event.post_id}:{gone.created_at:%Y%m%d}"],
            )


@events.subscribe(PostRemoved, consumer="community.tell")
def take_back_a_post(event: PostRemoved, meta: Meta) -> None:
    """Let nobody be led to a post that is gone: its author, whom it answers, whom it showed on."""
    lines = [f"{kind}:{event.post_id}:%" for kind in ("like", "comment", "answer", "repin")]
    withdraw(recipient_id=event.author_id, actor_id=None, about=lines)
    answered = Comment.objects.filter(parent__post_id=event.post_id)
    for account_id in answered.values_list("parent__author_id", flat=True).distinct():
        withdraw(recipient_id=account_id, actor_id=None, about=[f"answer:{event.post_id}:%"])
    original = Post.objects.filter(pk=event.repin_of_id or 0).first()
    if original is not None:
        about = [f"repin:{original.pk}:%"]
        withdraw(recipient_id=original.author_id, actor_id=event.author_id, about=about)


@events.subscribe(PostRemoved, consumer="community.every_post")
def take_back_from_who_wants_every_post(event: PostRemoved, meta: Meta) -> None:
    """Let followers no longer read of it, unless the author published another that day."""
    _take_back_published(Post.objects.get(pk=event.post_id))


@events.subscribe(CaseDecided, consumer="community.every_post")
def take_back_what_a_moderator_hid(event: CaseDecided, meta: Meta) -> None:
    """Let nobody read the title of a post that was hidden, nor be led to it: its author knows."""
    case = Case.objects.get(pk=event.case_id)
    _take_back_hidden(case.subject_kind, case.subject_id)


@events.subscribe(NoticeMoved, consumer="community.every_post")
def take_back_what_a_rights_holder_hid(event: NoticeMoved, meta: Meta) -> None:
    """Do the same for a post that is hidden for a rights holder."""
    notice = RightsNotice.objects.get(pk=event.notice_id)
    _take_back_hidden(notice.subject_kind, notice.subject_id)


def _take_back_hidden(kind: str, subject_id: int) -> None:
    post = Post.objects.filter(pk=subject_id, state=HIDDEN).first() if kind == "post" else None
    if post is not None:
        _take_back_mentions(post.pk)
        _take_back_published(post)


@events.subscribe(PostEdited, consumer="community.every_post")
def take_back_from_who_may_not_see_it_any_more(event: PostEdited, meta: Meta) -> None:
    """Let nobody read the title of a post that was made for fewer people than were told of it."""
    post = Post.objects.get(pk=event.post_id)
    if post.visibility != PUBLIC:
        _take_back_mentions(post.pk, from_all=False)
        _take_back_published(post, from_all=False)


def _take_back_published(post: Post, *, from_all: bool = True) -> None:
    """Take its line from followers who asked for every post; not all: who may still see it keep it.

    A day's posts of one author are one line. Where others of that day stand, it goes if it is this
    post that it names and leads to.
    """
    if post.repin_of_id is not None:
        return
    day = post.created_at.date()
    same_day = Post.objects.filter(
        author_id=post.author_id, repin_of=None, deleted_at=None, state=LIVE, created_at__date=day
    )
    alone = not same_day.exclude(pk=post.pk).exists()
    key = f"posted:{post.author_id}:{day:%Y%m%d}"
    eager = Follow.objects.filter(followee_id=post.author_id, state=FOLLOWS, level=EVERY_POST)
    for reader in eager.order_by("id").values_list("follower_id", flat=True).iterator():
        if not from_all and _may_see(reader, post.pk):
            continue
        line = Notification.objects.filter(recipient_id=reader, group_key__in=[key, f"~{key}"])
        if alone or line.filter(url=_where(post.pk, None)).exists():
            withdraw(recipient_id=reader, actor_id=post.author_id, about=[key])


def _may_see(account_id: int, post_id: int) -> bool:
    return visible_posts(Actor(kind="member", id=account_id)).filter(pk=post_id).exists()


@events.subscribe(PostPublished, consumer="community.tell")
def tell_of_a_repin(event: PostPublished, meta: Meta) -> None:
    """Tell an author that somebody shows their post on."""
    if event.repin_of_id is None:
        return
    original = Post.objects.filter(pk=event.repin_of_id).first()
    if original is None:
        return
    notify(
        recipient_id=original.author_id,
        kind="repin",
        group_key=f"repin:{original.pk}:{meta.occurred_at:%Y%m%d}",
        url=f"/p/{original.pk}",
        data={"title": _title(original.pk)},
        actor_id=event.author_id,
    )


@events.subscribe(PostPublished, consumer="community.every_post")
def tell_who_wants_every_post(event: PostPublished, meta: Meta) -> None:
    """Leave it to a job to tell the followers who asked to hear of every post: they may be many.

    What somebody only shows on is no post of theirs.
    """
    if event.repin_of_id is None:
        tell_of_every_post.defer(post_id=str(event.post_id), day=f"{meta.occurred_at:%Y%m%d}")


@events.subscribe(PostPublished, consumer="community.mentions")
def tell_whom_a_post_names(event: PostPublished, meta: Meta) -> None:
    """Tell whom a new post mentions."""
    _tell_of_mentions(event.post_id, None, by_id=event.author_id)


@events.subscribe(PostEdited, consumer="community.mentions")
def tell_whom_an_edit_names(event: PostEdited, meta: Meta) -> None:
    """Tell whom a post mentions now, or who may see only now that it mentions them."""
    _tell_of_mentions(event.post_id, None, by_id=event.author_id)


@events.subscribe(PostCommented, consumer="community.mentions")
def tell_whom_a_comment_names(event: PostCommented, meta: Meta) -> None:
    """Tell whom a comment mentions, but for those who hear of it anyway."""
    heard = {event.author_id, event.answers_id}
    _tell_of_mentions(event.post_id, event.comment_id, by_id=event.by_id, heard=heard)


@events.subscribe(PostRemoved, consumer="community.mentions")
def take_back_mentions_of_a_post(event: PostRemoved, meta: Meta) -> None:
    """Let nobody be led to where they were named: neither the post nor what was under it."""
    _take_back_mentions(event.post_id)


def _take_back_mentions(post_id: int, *, from_all: bool = True) -> None:
    for row in Mention.objects.filter(post_id=post_id):
        if not from_all and _may_see(row.account_id, post_id):
            continue
        about = [f"mention:{post_id}:{row.comment_id or 0}"]
        withdraw(recipient_id=row.account_id, actor_id=None, about=about)


@events.subscribe(CommentRemoved, consumer="community.mentions")
def take_back_mentions_of_a_comment(event: CommentRemoved, meta: Meta) -> None:
    """Let nobody be led to a comment that is gone."""
    about = [f"mention:{event.post_id}:{event.comment_id}"]
    for row in Mention.objects.filter(comment_id=event.comment_id):
        withdraw(recipient_id=row.account_id, actor_id=None, about=about)


def _tell_of_mentions(
    post_id: int, comment_id: int | None, *, by_id: int, heard: Collection[int | None] = ()
) -> None:
    """Tell everybody who may see where they are named, once; nobody else hears anything."""
    where = Q(comment=None) if comment_id is None else Q(comment_id=comment_id)
    waiting = Mention.objects.filter(where, post_id=post_id, told_at=None)
    for one in waiting.select_for_update().order_by("id"):
        try:
            get_post_for(Actor(kind="member", id=one.account_id), post_id)
        except NotFound:
            continue
        Mention.objects.filter(pk=one.pk).update(told_at=clock.now())
        if one.account_id in heard:
            continue
        notify(
            recipient_id=one.account_id,
            kind="mention",
            group_key=f"mention:{post_id}:{comment_id or 0}",
            url=_where(post_id, comment_id),
            data={"title": _title(post_id)},
            actor_id=by_id,
        )


@events.subscribe(BoardShared, consumer="community.tell")
def tell_of_a_shared_board(event: BoardShared, meta: Meta) -> None:
    """Tell somebody that they are asked to add to a board."""
    board = Board.objects.filter(pk=event.board_id).first()
    if board is None:
        return
    notify(
        recipient_id=event.account_id,
        kind="board",
        group_key=f"board:{board.pk}",
        url="/me/boards",
        data={"title": board.title},
        actor_id=event.by_id,
    )


def _tell_mention(happening: Happening) -> str:
    if title := happening.data.get("title"):
        return _("%(who)s mentions you in “%(title)s”.") % {"who": happening.who, "title": title}
    return _("%(who)s mentions you.") % {"who": happening.who}


def _tell_board(happening: Happening) -> str:
    asks = _("%(who)s asks you to add to the board “%(title)s”.")
    return asks % {"who": happening.who, "title": happening.data.get("title", "")}


def _tell_like(happening: Happening) -> str:
    if title := happening.data.get("title"):
        text = ngettext("%(who)s likes “%(title)s”.", "%(who)s like “%(title)s”.", happening.n)
        return text % {"who": happening.who, "title": title}
    text = ngettext("%(who)s likes your post.", "%(who)s like your post.", happening.n)
    return text % {"who": happening.who}


def _tell_comment(happening: Happening) -> str:
    if title := happening.data.get("title"):
        return _("%(who)s wrote under “%(title)s”.") % {"who": happening.who, "title": title}
    return _("%(who)s wrote under your post.") % {"who": happening.who}


def _tell_answer(happening: Happening) -> str:
    return _("%(who)s answered you.") % {"who": happening.who}


def _tell_repin(happening: Happening) -> str:
    if title := happening.data.get("title"):
        return _("%(who)s passed “%(title)s” on.") % {"who": happening.who, "title": title}
    return _("%(who)s passed your post on.") % {"who": happening.who}


def _tell_posted(happening: Happening) -> str:
    if title := happening.data.get("title"):
        return _("%(who)s published “%(title)s”.") % {"who": happening.who, "title": title}
    return _("%(who)s published something.") % {"who": happening.who}


kinds.register("posted", _tell_posted, icon="bell", family="posts")
kinds.register("like", _tell_like, icon="heart", family="posts")
kinds.register("comment", _tell_comment, icon="chat", family="posts")
kinds.register("answer", _tell_answer, icon="chat", family="posts")
kinds.register("repin", _tell_repin, icon="repin", family="posts")
kinds.register("mention", _tell_mention, icon="chat", family="posts")
kinds.register("board", _tell_board, icon="board", family="posts")
