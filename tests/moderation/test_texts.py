"""What may be said: listed words, limits of new accounts, the same again, blocked pictures."""

from __future__ import annotations

import datetime as dt
import io
from functools import partial
from typing import Any

import pytest

from banyan.community import actions as community
from banyan.community.access import visible_posts
from banyan.community.models import Comment, Post
from banyan.community.queries import history_of
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Forbidden, Invalid, Problem, TooMany
from banyan.media.actions import intake
from banyan.media.models import Image
from banyan.moderation import actions as moderation
from banyan.moderation.models import BlockedPicture, Case, ListedWord
from tests.community.posts import post as publish
from tests.groups import circles
from tests.support import factories as make

from .test_rules import drawing

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def list_word(text: str, effect: str = "block") -> ListedWord:
    return moderation.list_word(actor=SYSTEM, text=text, effect=effect, reason="test")


def code_of(call: Any) -> str:
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.code


def test_a_blocked_word_refuses_a_post_and_a_comment_and_writes_nothing() -> None:
    list_word("viagra")
    other, author = publish(make.member()), make.member()
    assert code_of(lambda: publish(author, body="Buy V1AGRA")) == "words_blocked"
    assert (
        code_of(
            lambda: community.comment(
                actor=make.actor(author), post_id=other.pk, body="vi.agra, v i a g r a"
            )
        )
        == "words_blocked"
    )
    assert not Post.objects.filter(author=author).exists()
    assert not Comment.objects.exists()
    assert publish(author, body="By train via Graz").state == 1


def test_a_held_post_is_seen_once_a_moderator_says_so_and_told_then() -> None:
    list_word("加微信", "hold")
    post = publish(make.member(), body="请加微信")
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    assert not StoredEvent.objects.filter(name="post.published").exists()
    case = Case.objects.get()
    assert (case.source, case.author_id, case.reports) == ("filter", post.author_id, 0)

    moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=case.pk,
        verdict="dismiss",
        reason="other",
        words="Harmless.",
    )
    assert visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    assert StoredEvent.objects.filter(name="post.published", subject_id=post.pk).count() == 1


def let_through() -> None:
    """A moderator finds the one open case harmless."""
    moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=Case.objects.get(state="open").pk,
        verdict="dismiss",
        reason="other",
        words="Harmless.",
    )


def test_what_a_moderator_lets_through_may_still_wait_for_its_group() -> None:
    list_word("pills", "hold")
    circle = circles.group(holds=1)
    ben = circles.joined(circle)
    post = publish(ben, body="My pills", group_id=circle.pk)

    let_through()

    post.refresh_from_db()
    assert post.state == 3
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    assert not StoredEvent.objects.filter(name="post.published").exists()
    community.let_appear(actor=circles.owner_of(circle), post_id=post.pk)
    assert StoredEvent.objects.filter(name="post.published", subject_id=post.pk).count() == 1


def test_an_edit_of_a_post_that_waits_for_its_group_passes_the_filter_too() -> None:
    list_word("pills", "hold")
    circle = circles.group(holds=2)
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    post = publish(ben, body="My bowl", group_id=circle.pk)

    community.edit_post(actor=make.actor(ben), post_id=post.pk, title="A bowl", body="My pills")
    community.let_appear(actor=owner, post_id=post.pk)

    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    let_through()
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists(), "its group has not looked"
    community.let_appear(actor=owner, post_id=post.pk)
    assert visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    assert StoredEvent.objects.filter(name="post.published", subject_id=post.pk).count() == 1


def test_what_nobody_has_seen_is_in_no_history() -> None:
    list_word("pills", "hold")
    circle = circles.group(holds=2)
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    waits = publish(ben, body="Fools, all of you", group_id=circle.pk)
    held = publish(make.member(), body="My pills")
    out = publish(make.member(), body="My jar")

    def says(post: Post, body: str) -> None:
        community.edit_post(
            actor=make.actor(post.author), post_id=post.pk, title=post.title, body=body
        )

    says(waits, "Dear all")
    community.let_appear(actor=owner, post_id=waits.pk)
    says(held, "My bowl")
    let_through()
    says(out, "Your pills")
    says(out, "Your jar")
    let_through()

    read = {
        one.pk: [old.body for old in history_of(Actor.guest(), one)] for one in (waits, held, out)
    }
    assert read == {waits.pk: [], held.pk: [], out.pk: ["My jar"]}
    assert visible_posts(Actor.guest()).filter(pk__in=read).count() == 3


def test_an_edit_that_was_let_through_is_found_and_has_its_link() -> None:
    list_word("pills", "hold")
    author = make.member()
    post = publish(author, title="A bowl", visibility=1)
    community.edit_post(
        actor=make.actor(author), post_id=post.pk, title="A jar", body="For #pills", visibility=0
    )
    assert not post.topics.exists()

    let_through()

    post.refresh_from_db()
    assert [one.topic.slug for one in post.topics.all()] == ["pills"]
    assert (post.state, post.link is not None) == (1, True)


def test_words_do_not_come_in_by_an_edit() -> None:
    list_word("viagra")
    list_word("pills", "hold")
    author = make.member()
    post = publish(author, title="A bowl", body="Nice")
    edit = partial(community.edit_post, actor=make.actor(author), post_id=post.pk, title="A bowl")
    assert code_of(lambda: edit(body="Buy viagra")) == "words_blocked"
    post.refresh_from_db()
    assert (post.body, post.state) == ("Nice", 1)
    edit(body="My pills")
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()
    moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=Case.objects.get().pk,
        verdict="dismiss",
        reason="other",
        words="Harmless.",
    )
    assert visible_posts(Actor.guest()).filter(pk=post.pk).exists()


def test_an_edit_of_what_is_reported_is_let_through_like_any_other() -> None:
    list_word("pills", "hold")
    author = make.member()
    post = publish(author, title="A bowl", body="Nice")
    moderation.report(
        actor=make.actor(make.member()), kind="post", subject_id=post.pk, reason="spam"
    )
    community.edit_post(
        actor=make.actor(author), post_id=post.pk, title="A bowl", body="For my pills"
    )
    assert not visible_posts(Actor.guest()).filter(pk=post.pk).exists()

    let_through()

    assert visible_posts(Actor.guest()).filter(pk=post.pk).exists()


def test_a_held_comment_is_not_told_and_not_counted_before() -> None:
    list_word("pills", "hold")
    post = publish(make.member())
    row = community.comment(actor=make.actor(make.member()), post_id=post.pk, body="My pills")
    assert row.deleted_at is not None
    assert not StoredEvent.objects.filter(name="post.commented").exists()
    moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=Case.objects.get().pk,
        verdict="dismiss",
        reason="other",
        words="Harmless.",
    )
    row.refresh_from_db()
    assert row.deleted_at is None


def test_new_accounts_say_less_in_a_day_and_older_ones_as_ever(settings: Any) -> None:
    settings.NEW_ACCOUNT_DAYS = 7
    old = make.member(email="old@example.com")
    type(old).objects.filter(pk=old.pk).update(created_at=clock.now() - dt.timedelta(days=30))
    new = make.member(email="new@example.com")
    links = "https://a.example https://b.example https://c.example"
    assert code_of(lambda: publish(new, body=links)) == "too_many_links"
    assert publish(old, body=links)
    people = "@ann @ben @cat @dan @eve @fay"
    assert code_of(lambda: publish(new, body=people)) == "too_many_mentions"

    noon = clock.now().replace(hour=12)
    with clock.at(noon):
        for number in range(10):
            moderation.check_text(actor=make.actor(new), text=f"Bowl {number}", where="post")
        late = pytest.raises(TooMany)
        with late as refused:
            moderation.check_text(actor=make.actor(new), text="Bowl 11", where="post")
        assert refused.value.code == "said_enough"
        assert refused.value.retry_after
        assert moderation.check_text(actor=make.actor(old), text="Bowl 11", where="post") == ""
    with clock.at(noon + dt.timedelta(days=1)):
        assert moderation.check_text(actor=make.actor(new), text="Bowl 12", where="post") == ""


def test_the_same_again_and_again_is_refused_whatever_its_spaces_and_case() -> None:
    who = make.actor(make.member())
    with clock.at(clock.now().replace(hour=12)):
        for number in range(10):
            text = "Look at  my BEAUTIFUL bowls" + " " * number
            assert moderation.check_text(actor=who, text=text, where="comment") == ""
        again = pytest.raises(TooMany)
        with again as refused:
            moderation.check_text(actor=who, text="look at my beautiful bowls", where="comment")
        assert refused.value.code == "said_again"
        for _number in range(20):
            assert moderation.check_text(actor=who, text="Thank you!", where="comment") == ""
        other = make.actor(make.member())
        assert moderation.check_text(actor=other, text="Look at my beautiful bowls", where="") == ""


def test_the_list_of_words_is_kept_by_moderators_and_has_each_word_once() -> None:
    list_word("Free money")
    for text in ("free  MONEY", "frée money"):
        with pytest.raises(Invalid) as twice:
            list_word(text)
        assert twice.value.code == "word_listed"
    for text in ("", "...", "x" * 81):
        with pytest.raises(Invalid):
            list_word(text)
    with pytest.raises(Forbidden):
        moderation.list_word(
            actor=make.actor(make.member()), text="bowl", effect="block", reason="no"
        )
    moderation.unlist_word(actor=SYSTEM, word_id=ListedWord.objects.get().pk, reason="fine")
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["word.list", "word.unlist"]


def jpeg(seed: int, size: tuple[int, int] = (400, 300)) -> bytes:
    target = io.BytesIO()
    drawing(seed).resize(size).save(target, "JPEG", quality=80)
    return target.getvalue()


def test_a_blocked_picture_is_refused_as_the_same_file_and_as_a_copy() -> None:
    image = intake(actor=make.actor(make.member()), data=jpeg(3))
    assert moderation.block_pictures(actor=SYSTEM, image_ids=[image.pk], reason="stolen") == 1
    assert moderation.block_pictures(actor=SYSTEM, image_ids=[image.pk], reason="stolen") == 0
    before = Image.objects.count()
    stranger = make.actor(make.member())
    for data in (jpeg(3), jpeg(3, (800, 600))):
        with pytest.raises(Invalid) as refused:
            intake(actor=stranger, data=data)
        assert refused.value.code == "picture_blocked"
    assert Image.objects.count() == before
    assert intake(actor=stranger, data=jpeg(5)).pk

    moderation.unblock_picture(
        actor=SYSTEM, blocked_id=BlockedPicture.objects.get().pk, reason="a mistake"
    )
    assert intake(actor=stranger, data=jpeg(3)).pk


def test_the_demos_people_say_as_much_as_they_like_and_no_listed_word() -> None:
    list_word("viagra")
    list_word("pills", "hold")
    ana = make.member()
    type(ana).objects.filter(pk=ana.pk).update(is_demo=True)
    say = partial(moderation.check_text, actor=make.actor(ana), where="comment")
    for _n in range(12):
        assert say(text="Look at my beautiful bowls") == ""
    assert say(text="https://a.example " * 30) == ""
    assert say(text="My pills") == "hold"
    assert code_of(lambda: say(text="Buy viagra")) == "words_blocked"
