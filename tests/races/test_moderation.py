"""Two moderators decide one case at the same moment: one decision, one sanction, one message."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.community.access import visible_posts
from banyan.community.models import Post
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.moderation import actions as moderation
from banyan.moderation.actions import bringing_back, cases, reports
from banyan.moderation.models import Appeal, Case, Decision, Report, RightsNotice
from banyan.people.models import Account
from tests.community.posts import post as publish
from tests.support import factories as make
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import meet, rendezvous


def reported_account() -> Case:
    moderation.report(
        actor=make.actor(make.member()),
        kind="account",
        subject_id=make.member().pk,
        reason="fraud",
    )
    return Case.objects.get()


def decide_at_once(case: Case) -> list[Any]:
    bosses = [make.actor(make.staff("moderation")) for _number in range(2)]

    def decide(number: int, verdict: str) -> Any:
        return moderation.decide_case(
            actor=bosses[number],
            case_id=case.pk,
            verdict=verdict,
            reason="fraud",
            words="A fraud.",
        )

    return run_at_once(lambda: decide(0, "suspend"), lambda: decide(1, "warn"))


def test_two_moderators_at_once_make_one_decision(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(monkeypatch, cases, "_open", 2)
    case = reported_account()
    results = decide_at_once(case)

    decided = [each for each in results if isinstance(each, Decision)]
    assert len(decided) == 1, results
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert Decision.objects.count() == 1
    suspended = decided[0].verdict == "suspend"
    assert Account.objects.get(pk=case.author_id).is_active is not suspended


def test_without_the_conditional_move_both_get_through_to_the_table(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: only the unique decision of a case is left to stop the second one."""

    def move_blindly(machine: Any, row: Case, to: str, **values: Any) -> None:
        Case.objects.filter(pk=row.pk).update(state=to, decided_at=values["decided_at"])

    monkeypatch.setattr(cases, "transition", move_blindly)
    meet(monkeypatch, cases, "_open", 2)
    results = decide_at_once(reported_account())
    assert not any(isinstance(each, Conflict) for each in results), results
    assert {type(each).__name__ for each in results} == {"Decision", "IntegrityError"}


def test_many_first_reports_at_once_are_one_case(threaded_db: None) -> None:
    target = make.member()
    reporters = [make.actor(make.member()) for _number in range(6)]

    def say(number: int) -> Any:
        return moderation.report(
            actor=reporters[number], kind="account", subject_id=target.pk, reason="spam"
        )

    results = run_at_once(*[lambda n=number: say(n) for number in range(6)])
    assert all(isinstance(each, Report) for each in results), results
    assert Case.objects.get().reports == 6


def test_one_reporter_pressing_often_is_one_report(threaded_db: None) -> None:
    target, reporter = make.member(), make.actor(make.member())
    run_concurrently(
        lambda: moderation.report(
            actor=reporter, kind="account", subject_id=target.pk, reason="spam"
        ),
        4,
    )
    assert (Report.objects.count(), Case.objects.get().reports) == (1, 1)
    assert reports.REPORTS_A_DAY > 4


def hidden_twice() -> tuple[Post, RightsNotice, Appeal]:
    """A post that a moderator and a rights holder's notice hide, both about to end."""
    post, boss = publish(make.member()), Actor.system("test")
    notice = moderation.file_notice(
        actor=Actor.guest(),
        kind="post",
        subject_id=post.pk,
        claimant="Ann Author",
        email="ann@example.com",
        address="Lane 1",
        work="My picture",
        words="It is mine.",
        is_true=True,
    )
    moderation.report(
        actor=make.actor(make.member()), kind="post", subject_id=post.pk, reason="spam"
    )
    decision = moderation.decide_case(
        actor=boss, case_id=Case.objects.get().pk, verdict="hide", reason="spam", words="No."
    )
    moderation.decide_notice(actor=boss, notice_id=notice.pk, taken_down=True, reason="Complete")
    appeal = moderation.appeal(actor=Actor.guest(), token=decision.token, body="It is none.")
    return post, notice, appeal


def end_both() -> bool:
    """End both at once; tell whether the post is seen again."""
    post, notice, appeal = hidden_twice()
    boss = Actor.system("test")
    results = run_at_once(
        lambda: moderation.settle_notice(
            actor=boss, notice_id=notice.pk, restored=True, reason="Back"
        ),
        lambda: moderation.review_appeal(
            actor=boss, appeal_id=appeal.pk, upheld=True, reason="Right."
        ),
    )
    assert not any(isinstance(each, Exception) for each in results), results
    return visible_posts(Actor.guest()).filter(pk=post.pk).exists()


def test_what_ends_at_once_brings_back_what_it_hid(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, in_turn = rendezvous(2), bringing_back._in_turn

    def at_once(kind: str, subject_id: int) -> None:
        together()
        in_turn(kind, subject_id)

    monkeypatch.setattr(bringing_back, "_in_turn", at_once)
    assert end_both()


def test_without_a_turn_each_leaves_it_to_the_other(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both look before either has ended, and it stays hidden for good."""
    monkeypatch.setattr(bringing_back, "_in_turn", lambda _kind, _subject_id: None)
    meet(monkeypatch, bringing_back, "is_kept_hidden", 2)
    assert not end_both()
