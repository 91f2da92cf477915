"""What members wrote: posts go, comments stay without their author."""

from __future__ import annotations

from banyan.kernel import clock
from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody
from banyan.people.actions import nobody

from .models import (
    Comment,
    Mention,
    Poll,
    Post,
    PostEdit,
    PostImage,
    PostTopic,
    PostWords,
)
from .queries.feeds.ranking import LIFETIME

GOES = "Until its author takes it away."


def _erase_posts(person: Person) -> None:
    """Empty the posts; others' comments below stay with nothing to lead there."""
    mine = Post.objects.filter(author_id=person.account_id or 0)
    PostImage.objects.filter(post__in=mine).delete()
    PostWords.objects.filter(post__in=mine).delete()
    PostEdit.objects.filter(post__in=mine).delete()
    PostTopic.objects.filter(post__in=mine).delete()
    Poll.objects.filter(post__in=mine).delete()
    Mention.objects.filter(post__in=mine, comment=None).delete()
    mine.update(title="", body="", region="", visibility=3, group=None, preview=None, video=None)
    mine.filter(deleted_at=None).update(deleted_at=clock.now())


def _hand_over_comments(person: Person) -> None:
    """Leave what was said in its thread, said by "deleted member"; what was taken away goes."""
    mine = Comment.objects.filter(author_id=person.account_id or 0)
    if mine.exists():
        mine.exclude(deleted_at=None).update(body="")
        mine.update(author=nobody())


holds(
    "community.Post", Erase.BLANK, GOES, owner=("author_id",), fields=("title", "body", "region"),
    act=_erase_posts,
)  # fmt: skip
holds(
    "community.Comment", Erase.PSEUDONYM, "As long as its thread, without its author.",
    owner=("author_id",), act=_hand_over_comments,
)  # fmt: skip
holds("community.Board", Erase.DELETE, GOES, owner=("owner_id",), fields=("title", "about"))
holds("community.BoardPost", Erase.DELETE, GOES, owner=("board__owner_id",), fields=("note",))
holds("community.Like", Erase.DELETE, GOES, owner=("account_id",))
holds("community.AuthorStat", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds("community.Mention", Erase.DELETE, GOES, owner=("account_id",), fields=("handle",))
holds("community.PostEdit", Erase.DELETE, GOES, owner=("post__author_id",),
      fields=("title", "body"))  # fmt: skip
holds("community.PostDraft", Erase.DELETE, GOES, owner=("owner_id",), fields=("form",))
holds("community.CommentLike", Erase.DELETE, GOES, owner=("account_id",))
holds("community.BoardMember", Erase.DELETE, GOES, owner=("account_id",))
holds("community.TopicFollow", Erase.DELETE, GOES, owner=("account_id",))
holds("community.PollVote", Erase.DELETE, GOES, owner=("account_id",))
holds(
    "community.FeedSession", Erase.DELETE, "Two hours.", owner=("viewer_id",),
    kept=Kept(LIFETIME, ("made_at",), by="banyan.community.jobs.forget_sessions"),
)  # fmt: skip
holds("community.FeedMarker", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds("community.FeedChoice", Erase.DELETE, "As long as the account.", owner=("account_id",))
names_nobody(
    "community.Poll", "community.PollOption", "community.Topic", "community.PostTopic",
    "community.TopicHeat", "community.LinkPreview",
)  # fmt: skip
names_nobody(
    "community.PostWords", "community.PostImage", "community.ProductTag", "community.PostStat"
)
