"""Reports become cases; one decision each, told with its reason, appealed once to somebody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from banyan.community import actions as community
from banyan.community.access import visible_posts
from banyan.community.models import Comment, Post
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.moderation import actions as moderation
from banyan.moderation.models import Appeal, Case, Decision, Report, Sanction
from banyan.notify.models import Message, Notification, Preference
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import post as publish
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def moderator() -> Actor:
    return make.actor(make.staff("moderation"))


def reported(author: Account | None = None, reporter: Account | None = None) -> tuple[Post, Case]:
    post = publish(author or make.member(email="author@example.com"), title="Buy pills")
    moderation.report(
        actor=make.actor(reporter or make.member()),
        kind="post",
        subject_id=post.pk,
        reason="spam",
        note="It is the tenth one.",
    )
    return post, Case.objects.get(subject_kind="post", subject_id=post.pk)


def decide(case: Case, verdict: str = "hide", by: Actor | None = None, **values: Any) -> Decision:
    return moderation.decide_case(
        actor=by or moderator(),
        case_id=case.pk,
        verdict=verdict,
        reason=values.pop("reason", "spam"),
        words=values.pop("words", "This is advertising."),
        **values,
    )


def seen(post: Post) -> bool:
    return visible_posts(Actor.guest()).filter(pk=post.pk).exists()


def test_two_people_report_one_post_and_it_is_one_case() -> None:
    ana = make.member()
    post, case = reported(reporter=ana)
    again = moderation.report(
        actor=make.actor(ana), kind="post", subject_id=post.pk, reason="fraud"
    )
    moderation.report(
        actor=make.actor(make.member()), kind="post", subject_id=post.pk, reason="fraud"
    )

    case.refresh_from_db()
    assert (case.reports, Report.objects.count(), Case.objects.count()) == (2, 2, 1)
    assert again.reason == "spam", "the first word of a reporter counts"
    assert StoredEvent.objects.filter(name="case.opened").count() == 1


def test_what_cannot_be_seen_cannot_be_reported_and_ones_own_neither() -> None:
    author, stranger = make.member(), make.actor(make.member())
    private = publish(author, title="Mine", visibility=3)
    public = publish(author, title="Ours")
    for kind, pk in (("post", private.pk), ("post", 1), ("nonsense", public.pk)):
        with pytest.raises(NotFound):
            moderation.report(actor=stranger, kind=kind, subject_id=pk, reason="spam")
    with pytest.raises(Forbidden) as own:
        moderation.report(
            actor=make.actor(author), kind="post", subject_id=public.pk, reason="spam"
        )
    assert own.value.code == "report_own"
    with pytest.raises(Invalid):
        moderation.report(actor=stranger, kind="post", subject_id=public.pk, reason="boring")
    assert not Case.objects.exists()


def test_a_hidden_post_is_gone_and_its_author_learns_why_and_not_from_whom() -> None:
    ana = make.member("anareporter")
    post, case = reported(reporter=ana)
    decision = decide(case, words="Pills are not sold here.")
    relay.drain()

    assert not seen(post)
    told = Notification.objects.get(recipient=post.author)
    mail = Message.objects.get(destination="author@example.com")
    assert told.url == f"/decision/{decision.token}"
    assert "Pills are not sold here." in mail.body
    assert decision.token in mail.body
    page = Client().get(told.url).content.decode()
    assert "Pills are not sold here." in page
    for text in (page, mail.body, str(told.data)):
        assert "anareporter" not in text.lower()
    assert Notification.objects.get(recipient=ana).kind == "moderation.looked"
    assert AuditEntry.objects.get(action="case.decide").reason == "Pills are not sold here."


def test_only_moderators_decide_and_never_on_their_own_things() -> None:
    boss = make.staff("moderation")
    _post, mine = reported(author=boss)
    _other, told_by_me = reported(reporter=boss)
    for case in (mine, told_by_me):
        with pytest.raises(Forbidden) as refused:
            decide(case, by=make.actor(boss))
        assert refused.value.code == "own_case"
    with pytest.raises(Forbidden):
        decide(mine, by=make.actor(make.staff("support")))
    with pytest.raises(Forbidden):
        decide(mine, by=make.actor(make.member()))
    assert not Decision.objects.exists()
    assert Case.objects.filter(state="open").count() == 2


def test_a_case_is_decided_once() -> None:
    post, case = reported()
    decide(case, "dismiss")
    with pytest.raises(Conflict):
        decide(case, "hide")
    assert seen(post)
    assert Decision.objects.count() == 1
    relay.drain()
    assert not Notification.objects.filter(recipient=post.author).exists(), "nothing was wrong"


def test_a_limited_member_reads_but_does_not_write_until_the_day_is_over() -> None:
    post, case = reported()
    other = publish(make.member())
    decide(case, "limit", days=3)
    author = make.actor(post.author)
    with pytest.raises(Forbidden) as refused:
        community.comment(actor=author, post_id=other.pk, body="Me again")
    assert refused.value.code == "limited"
    with pytest.raises(Forbidden):
        publish(post.author)
    with pytest.raises(Forbidden):
        moderation.check_text(actor=author, text="Hello", where="stranger")
    assert moderation.check_text(actor=author, text="Hello", where="message") == ""
    assert seen(post), "a limit does not hide what it was about"
    assert not Comment.objects.exists()

    with clock.at(clock.now() + dt.timedelta(days=3)):
        community.comment(actor=author, post_id=other.pk, body="Me again")
        assert moderation.lift_ended(actor=SYSTEM) == 1
        assert moderation.lift_ended(actor=SYSTEM) == 0


def test_who_is_kept_from_writing_reads_when_that_ends_by_their_own_clock() -> None:
    post, case = reported()
    Preference.objects.create(account=post.author, time_zone="Asia/Shanghai")
    Account.objects.filter(pk=post.author_id).update(email="there@example.com")
    evening = clock.now().replace(hour=18, minute=30) + dt.timedelta(days=1)
    with clock.at(evening):
        decide(case, "limit", days=3)
    relay.drain()
    over = f"{(evening + dt.timedelta(days=4)).date()} 02:30 UTC+8"  # it is the next day there
    told = f"Until {over} you can read, but not write here."
    assert told in Message.objects.get(destination="there@example.com").body
    browser = Client()
    browser.force_login(post.author)
    assert told in browser.get("/notifications").content.decode()
    kept = Notification.objects.get(recipient=post.author, kind="moderation.limit")
    kept.data["until"] = "2026-11-28"
    kept.save()
    assert "Until 2026-11-28 you can read" in browser.get("/notifications").content.decode()
    with clock.at(evening), timezone.override("Asia/Shanghai"), pytest.raises(Forbidden) as refused:
        publish(post.author)
    assert f"again from {over}." in str(refused.value.message)


def test_a_suspended_member_is_out_at_once_and_back_when_it_ends() -> None:
    post, case = reported()
    browser = Client()
    browser.force_login(post.author)
    assert browser.get("/me").status_code == 200
    decide(case, "suspend", days=7)

    assert browser.get("/me").status_code == 302, "the open session ended"
    assert not seen(post)
    assert not people.reopen_account(actor=SYSTEM, account_id=post.author_id, reason="early")
    with clock.at(clock.now() + dt.timedelta(days=7)):
        moderation.lift_ended(actor=SYSTEM)
    assert seen(post)
    assert Account.objects.get(pk=post.author_id).is_active


def test_an_appeal_is_heard_once_by_somebody_else_and_undoes_the_decision() -> None:
    first, second = moderator(), moderator()
    post, case = reported()
    decision = decide(case, "suspend", by=first, hidden=True)
    page = Client()
    sent = page.post(f"/decision/{decision.token}", {"body": "It was a joke."})
    assert sent.status_code == 302
    with pytest.raises(Conflict) as twice:
        moderation.appeal(actor=Actor.guest(), token=decision.token, body="Once more")
    assert twice.value.code == "appealed"
    appeal = Appeal.objects.get()
    with pytest.raises(Forbidden) as own:
        moderation.review_appeal(actor=first, appeal_id=appeal.pk, upheld=False, reason="No")
    assert own.value.code == "own_decision"

    moderation.review_appeal(actor=second, appeal_id=appeal.pk, upheld=True, reason="A joke.")
    relay.drain()
    assert seen(post)
    assert Sanction.objects.get().ended_at is not None
    assert "A joke." in page.get(f"/decision/{decision.token}").content.decode()
    with pytest.raises(Conflict):
        moderation.review_appeal(actor=second, appeal_id=appeal.pk, upheld=False, reason="Hm")


def test_a_hidden_comment_comes_back_with_its_count() -> None:
    post = publish(make.member())
    row = community.comment(actor=make.actor(make.member()), post_id=post.pk, body="Rude")
    moderation.report(
        actor=make.actor(post.author), kind="comment", subject_id=row.pk, reason="harassment"
    )
    decision = decide(Case.objects.get(), "hide")
    row.refresh_from_db()
    assert row.deleted_at is not None
    made = moderation.appeal(actor=Actor.guest(), token=decision.token, body="It was not rude")
    moderation.review_appeal(actor=moderator(), appeal_id=made.pk, upheld=True, reason="Right")
    row.refresh_from_db()
    assert row.deleted_at is None


def test_the_page_of_a_report_asks_and_thanks_and_keeps_what_was_typed() -> None:
    post = publish(make.member(), title="Buy pills")
    browser = Client()
    browser.force_login(make.member())
    url = f"/report/post/{post.pk}"
    assert url in browser.get(f"/p/{post.pk}").content.decode()
    assert "Buy pills" in browser.get(url).content.decode()
    wrong = browser.post(url, {"reason": "boring", "note": "Ten times today"})
    assert wrong.status_code == 422
    assert "Ten times today" in wrong.content.decode()
    assert browser.post(url, {"reason": "spam"}).status_code == 302
    assert Case.objects.count() == 1
    assert Client().get(url).status_code == 302, "visitors sign in first"
    assert browser.get("/report/post/1").status_code == 404
