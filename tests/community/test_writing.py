"""What a post says: who and what it names, drafts, edits and their history."""

from __future__ import annotations

import pytest

from banyan.community import actions as community
from banyan.community import queries, rules
from banyan.community.access import FOLLOWERS, FRIENDS, GROUP, ONLY_ME, PUBLIC
from banyan.community.models import Mention, Post, PostEdit, PostTopic, Topic
from banyan.groups.models import Group, Membership
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.notify.models import Notification
from banyan.people import actions as people
from tests.community.posts import image, post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


def told(account_id: int) -> int:
    relay.drain()
    return Notification.objects.filter(recipient_id=account_id, kind="mention").count()


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("my #Cup and #ＣＵＰ", {"cup": "Cup"}),
        ("喜欢#下午茶#很好", {"下午茶": "下午茶"}),
        ("#旅行 #美食", {"旅行": "旅行", "美食": "美食"}),
        ("#a#b", {"a": "a"}),
        ("#1 is a number", {}),
        ("https://example.com/#top and a&#39;b", {}),
        ("#Straße", {"strasse": "Straße"}),
        ("nothing # here ##", {}),
    ],
)
def test_topics_are_found_as_people_write_them(text: str, topics: dict[str, str]) -> None:
    assert rules.topics_of(text) == topics


def test_pieces_put_together_are_the_text() -> None:
    text = "Hi @ana, see #话题# at https://example.com/a?b=1#c. mail a@b.example"
    pieces = list(rules.parts(text))
    assert "".join(written for _kind, written, _named in pieces) == text
    assert [(kind, named) for kind, _w, named in pieces if kind != "text"] == [
        ("mention", "ana"),
        ("topic", "话题"),
        ("link", "https://example.com/a?b=1#c"),
    ]


def test_who_is_mentioned_hears_of_it_once_and_an_edit_tells_only_the_new() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cyrus")
    made = post(ana, body="Look, @Ben and @nobody_here")
    assert told(ben.pk) == 1
    community.edit_post(actor=actor(ana), post_id=made.pk, title="", body="Look, @ben, @cyrus")
    assert (told(ben.pk), told(cy.pk)) == (1, 1)
    assert Mention.objects.filter(post=made).count() == 2
    assert told(ana.pk) == 0


def test_the_blocked_and_those_who_may_not_see_it_hear_nothing() -> None:
    ana, ben, dan = member("ana"), member("ben"), member("dan")
    people.block(actor=actor(dan), account_id=ana.pk)
    made = post(ana, body="for @ben and @dan", visibility=ONLY_ME)
    assert (told(ben.pk), told(dan.pk)) == (0, 0)
    assert not Mention.objects.filter(account=dan).exists()
    community.edit_post(
        actor=actor(ana), post_id=made.pk, title="", body=made.body, visibility=PUBLIC
    )
    assert (told(ben.pk), told(dan.pk)) == (1, 0)


def test_a_mention_in_a_comment_tells_once_and_not_whom_the_comment_tells_anyway() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cyrus")
    made = post(ana)
    community.comment(actor=actor(ben), post_id=made.pk, body="@ana @cyrus look")
    assert (told(ana.pk), told(cy.pk)) == (0, 1)
    assert Notification.objects.get(recipient=ana).kind == "comment"


def test_topics_follow_the_words() -> None:
    ana = member("ana")
    made = post(ana, title="#Winter cups", body="#杯子# and #winter")
    assert set(Topic.objects.values_list("slug", flat=True)) == {"winter", "杯子"}
    community.edit_post(actor=actor(ana), post_id=made.pk, title="Cups", body="#Tea")
    assert list(PostTopic.objects.values_list("topic__slug", flat=True)) == ["tea"]


def test_an_edit_keeps_what_was_said_and_shows_it_only_to_whom_it_was_for() -> None:
    ana, ben = member("ana"), member("ben")
    made = post(ana, title="One", body="secret", visibility=ONLY_ME)
    who = actor(ana)
    community.edit_post(actor=who, post_id=made.pk, title="Two", body="said", visibility=PUBLIC)
    community.edit_post(actor=who, post_id=made.pk, title="Three", body="said")
    community.edit_post(actor=who, post_id=made.pk, title="Three", body="said")
    made.refresh_from_db()
    assert made.edited_at is not None
    assert made.link_id is not None
    assert PostEdit.objects.count() == 2
    assert [one.title for one in queries.history_of(who, made)] == ["Two", "One"]
    assert [one.title for one in queries.history_of(actor(ben), made)] == ["Two"]


def test_nobody_edits_the_post_of_somebody_else() -> None:
    ana, ben = member(), member()
    made = post(ana, title="Mine")
    with pytest.raises(NotFound):
        community.edit_post(actor=actor(ben), post_id=made.pk, title="Yours", body="")
    made.refresh_from_db()
    assert (made.title, PostEdit.objects.count()) == ("Mine", 0)


def group(owner_id: int, visibility: int = 0) -> Group:
    found = Group.objects.create(
        slug="tea", name="Tea", visibility=visibility, created_at=clock.now()
    )
    Membership.objects.create(group=found, account_id=owner_id, created_at=clock.now())
    return found


def test_only_members_post_into_a_group_and_a_private_one_hears_it_alone() -> None:
    ana, ben = member(), member()
    tea = group(ana.pk, visibility=1)
    made = post(ana, visibility=GROUP, group_id=tea.pk)
    assert made.link_id is None
    for account, visibility in ((ben, GROUP), (ana, PUBLIC), (ana, FOLLOWERS)):
        with pytest.raises(Invalid):
            post(account, visibility=visibility, group_id=tea.pk)
    with pytest.raises(Invalid):
        post(ana, visibility=GROUP)
    assert Post.objects.count() == 1


def test_questions_and_moments_may_do_without_pictures_but_not_without_words() -> None:
    who = actor(member())
    asked = community.publish_post(actor=who, images=[], kind="question", title="Which?")
    community.publish_post(actor=who, images=[], kind="moment", body="Hi", visibility=FRIENDS)
    for kind, body in (("note", "words"), ("question", " ")):
        with pytest.raises(Invalid):
            community.publish_post(actor=who, images=[], kind=kind, body=body)
    assert asked.kind == "question"
    assert Post.objects.count() == 2


def test_an_answer_is_accepted_by_who_asked_and_leads_the_comments() -> None:
    ana, ben = member(), member()
    asked = community.publish_post(actor=actor(ana), images=[], kind="question", title="Which?")
    first = community.comment(actor=actor(ben), post_id=asked.pk, body="This")
    second = community.comment(actor=actor(ben), post_id=asked.pk, body="That")
    community.accept_answer(actor=actor(ana), post_id=asked.pk, comment_id=second.pk)
    with pytest.raises(NotFound):
        community.accept_answer(actor=actor(ben), post_id=asked.pk, comment_id=first.pk)
    asked.refresh_from_db()
    told_first = queries.thread(actor(ben), asked.pk, first=(asked.accepted_id,))
    assert [one.root.pk for one in told_first.threads] == [second.pk, first.pk]
    community.delete_comment(actor=actor(ben), comment_id=second.pk)
    asked.refresh_from_db()
    assert asked.accepted_id is None


def test_drafts_are_kept_changed_and_thrown_away_by_their_owner_alone() -> None:
    ana, ben = actor(member()), actor(member())
    draft = community.save_draft(actor=ana, form={"title": ["One"]})
    community.save_draft(actor=ana, form={"title": ["Two"]}, draft_id=draft.pk)
    assert queries.get_draft_for(ana, draft.pk).form == {"title": ["Two"]}
    with pytest.raises(NotFound):
        queries.get_draft_for(ben, draft.pk)
    with pytest.raises(NotFound):
        community.save_draft(actor=ben, form={}, draft_id=draft.pk)
    community.delete_draft(actor=ben, draft_id=draft.pk)
    assert len(queries.drafts_of(ana)) == 1
    for _n in range(community.MOST_DRAFTS - 1):
        community.save_draft(actor=ana, form={})
    with pytest.raises(Conflict):
        community.save_draft(actor=ana, form={})
    community.delete_draft(actor=ana, draft_id=draft.pk)
    assert len(queries.drafts_of(ana)) == community.MOST_DRAFTS - 1


def test_the_focus_of_a_picture_goes_with_it() -> None:
    made = community.publish_post(
        actor=actor(member()), images=[image(), image()], focuses=[(100, 900)], title="Two"
    )
    [shown] = queries.hydrate(Actor.guest(), [made.pk])
    assert [one["focus"] for one in shown.images] == [(100, 900), (500, 500)]


def test_an_edit_passes_the_same_filter_and_what_it_holds_is_out_of_sight() -> None:
    from banyan.community.access import visible_posts
    from tests.moderation.test_texts import list_word

    list_word("pills", "block")
    list_word("加微信", "hold")
    ana = member()
    made = post(ana, title="Tea", body="good")
    with pytest.raises(Invalid) as refused:
        community.edit_post(actor=actor(ana), post_id=made.pk, title="Tea", body="my pills")
    assert refused.value.code == "words_blocked"
    made.refresh_from_db()
    assert (made.body, made.edited_at) == ("good", None)
    community.edit_post(actor=actor(ana), post_id=made.pk, title="Tea", body="请加微信")
    assert not visible_posts(Actor.guest()).filter(pk=made.pk).exists()
    assert PostEdit.objects.get().body == "good"
