"""Rights holders: notice, hidden, counter-notice, the wait, back or not; told at every step."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community.access import visible_posts
from banyan.community.models import Post
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.moderation import actions as moderation
from banyan.moderation.actions import notices as notices_of
from banyan.moderation.jobs import go_on
from banyan.moderation.models import Case, Decision, RightsNotice
from banyan.notify.models import Message
from tests.community.posts import post as publish
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM, GUEST = Actor.system("test"), Actor.guest()
FORM = {
    "claimant": "Ann Author",
    "email": "Ann@Example.com",
    "address": "Lane 1, Oldtown",
    "work": "My picture of a bowl, 2019",
    "words": "It is my picture.",
}


def author() -> Any:
    return make.member(email="poster@example.com")


def filed(post: Post, **values: Any) -> RightsNotice:
    return moderation.file_notice(
        actor=GUEST, kind="post", subject_id=post.pk, is_true=True, **{**FORM, **values}
    )


def hidden(post: Post) -> RightsNotice:
    return moderation.decide_notice(
        actor=SYSTEM, notice_id=filed(post).pk, taken_down=True, reason="It is complete."
    )


def seen(post: Post) -> bool:
    return visible_posts(GUEST).filter(pk=post.pk).exists()


def mails(to: str) -> list[str]:
    relay.drain()
    return [each.body for each in Message.objects.filter(destination=to).order_by("id")]


def test_a_notice_waits_for_a_person_and_hides_nothing_by_itself() -> None:
    post = publish(author())
    notice = filed(post)
    assert filed(post).pk == notice.pk, "the same again is the same"
    assert (notice.email, notice.state) == ("ann@example.com", "filed")
    assert seen(post)
    assert len(mails("ann@example.com")) == 1
    assert mails("poster@example.com") == [], "nobody has looked yet"


def test_incomplete_notices_are_refused_with_every_field() -> None:
    post = publish(author())
    with pytest.raises(Invalid) as refused:
        moderation.file_notice(
            actor=GUEST, kind="post", subject_id=post.pk, claimant="", email="ann", address=" ",
            work="", words="", is_true=False,
        )  # fmt: skip
    assert set(refused.value.fields) == {*FORM, "is_true"}
    private = publish(post.author, visibility=3)
    with pytest.raises(NotFound):
        filed(private)
    with pytest.raises(NotFound):
        moderation.file_notice(
            actor=GUEST, kind="account", subject_id=post.author_id, is_true=True, **FORM
        )
    assert not RightsNotice.objects.exists()


def test_without_an_answer_it_stays_down_when_the_wait_is_over(settings: Any) -> None:
    settings.COUNTER_NOTICE_DAYS = 10
    post = publish(author(), title="A bowl")
    notice = hidden(post)
    assert not seen(post)
    assert any(notice.author_token in body for body in mails("poster@example.com"))
    assert not any(notice.token in body for body in mails("poster@example.com"))
    with clock.at(clock.now() + dt.timedelta(days=9, hours=23)):
        assert moderation.move_due(actor=SYSTEM) == 0
    with clock.at(clock.now() + dt.timedelta(days=10)):
        assert moderation.move_due(actor=SYSTEM) == 1
        assert moderation.move_due(actor=SYSTEM) == 0
    notice.refresh_from_db()
    assert (notice.state, notice.due_at) == ("stays_down", None)
    assert not seen(post)


def test_an_answer_brings_it_back_after_the_wait_and_both_sides_read_it() -> None:
    post = publish(author(), title="A bowl")
    notice = hidden(post)
    page = Client()
    url = f"/rights/{notice.author_token}"
    assert "It is my picture." in page.get(url).content.decode()
    assert page.post(url, {"name": "Paul Poster", "words": "I took it."}).status_code == 422
    done = page.post(url, {"name": "Paul Poster", "words": "I took it.", "is_true": "yes"})
    assert done.status_code == 302
    assert "I took it." in page.get(f"/rights/{notice.token}").content.decode()
    with pytest.raises(NotFound):
        moderation.counter_notice(
            actor=GUEST, token=notice.token, name="Ann", words="Me", is_true=True
        )
    with pytest.raises(Conflict):
        moderation.counter_notice(
            actor=GUEST, token=notice.author_token, name="Paul", words="Again", is_true=True
        )
    assert not seen(post), "the claimant has time to go to court"
    with clock.at(clock.now() + dt.timedelta(days=14)):
        assert moderation.move_due(actor=SYSTEM) == 1
        relay.drain()
    assert seen(post)
    told = mails("ann@example.com")
    assert len(told) == 4, "filed, hidden, answered, back"


def test_the_clock_moves_every_late_case_and_tells_both_sides_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quiet = publish(make.member(email="quiet@example.com"), title="A jug")
    broken = publish(make.member(email="broken@example.com"), title="A lid")
    answered = publish(author(), title="A bowl")
    notices = [
        moderation.decide_notice(
            actor=SYSTEM, notice_id=filed(post, email=email).pk, taken_down=True, reason="Complete."
        )
        for post, email in ((quiet, "q@example.com"), (broken, "b@example.com"),
                            (answered, "a@example.com"))
    ]  # fmt: skip
    moderation.counter_notice(
        actor=GUEST, token=notices[2].author_token, name="Paul", words="Mine", is_true=True
    )
    everybody = ("quiet@example.com", "q@example.com", "poster@example.com", "a@example.com")
    before = {one: len(mails(one)) for one in everybody}
    move = notices_of._move

    def sometimes(actor: Actor, notice: RightsNotice, *given: Any, **values: Any) -> None:
        if notice.pk == notices[1].pk:
            raise RuntimeError("this one cannot move")
        move(actor, notice, *given, **values)

    with clock.at(clock.now() + dt.timedelta(days=40)), monkeypatch.context() as patch:
        patch.setattr(notices_of, "_move", sometimes)
        assert go_on(timestamp=0) == 2
        assert go_on(timestamp=0) == 0
    states = [RightsNotice.objects.get(pk=notice.pk).state for notice in notices]
    assert states == ["stays_down", "taken_down", "restored"]
    assert {one: len(mails(one)) - before[one] for one in everybody} == dict.fromkeys(everybody, 1)
    assert (seen(quiet), seen(answered)) == (False, True)
    with clock.at(clock.now() + dt.timedelta(days=41)):
        assert go_on(timestamp=0) == 1, "tried again by the next run"


def test_a_court_keeps_it_down_and_a_second_notice_too() -> None:
    post = publish(author())
    notice = hidden(post)
    moderation.counter_notice(
        actor=GUEST, token=notice.author_token, name="Paul", words="Mine", is_true=True
    )
    other = filed(post, email="ben@example.com") if seen(post) else None
    assert other is None, "what is hidden cannot be seen, so nobody else names it"
    moderation.settle_notice(
        actor=SYSTEM, notice_id=notice.pk, restored=False, reason="A court has it."
    )
    with clock.at(clock.now() + dt.timedelta(days=30)):
        assert moderation.move_due(actor=SYSTEM) == 0
    assert not seen(post)


def judged(post: Post, verdict: str = "hide") -> Decision:
    """Report a post and decide on it."""
    reporter = make.actor(make.member())
    moderation.report(actor=reporter, kind="post", subject_id=post.pk, reason="spam")
    return moderation.decide_case(
        actor=SYSTEM,
        case_id=Case.objects.get(subject_id=post.pk, state="open").pk,
        verdict=verdict,
        reason="spam",
        words="This is advertising.",
    )


def undo(decision: Decision) -> None:
    asked = moderation.appeal(actor=GUEST, token=decision.token, body="It is none.")
    moderation.review_appeal(actor=SYSTEM, appeal_id=asked.pk, upheld=True, reason="You are right.")


def test_an_appeal_does_not_bring_back_what_a_rights_holder_keeps_hidden() -> None:
    post = publish(author())
    waiting = filed(post)
    decision = judged(post)
    moderation.decide_notice(
        actor=SYSTEM, notice_id=waiting.pk, taken_down=True, reason="It is complete."
    )

    undo(decision)

    assert not seen(post)
    moderation.settle_notice(actor=SYSTEM, notice_id=waiting.pk, restored=True, reason="Back")
    assert seen(post)


def test_the_end_of_a_notice_does_not_bring_back_what_a_moderator_hid() -> None:
    post = publish(author())
    waiting = filed(post)
    decision = judged(post)
    moderation.decide_notice(
        actor=SYSTEM, notice_id=waiting.pk, taken_down=True, reason="It is complete."
    )

    moderation.settle_notice(actor=SYSTEM, notice_id=waiting.pk, restored=True, reason="Back")

    assert not seen(post)
    undo(decision)
    assert seen(post)


def test_the_end_of_a_notice_does_not_bring_back_what_nobody_has_looked_at() -> None:
    post = publish(author())
    waiting = filed(post)
    moderation.list_word(actor=SYSTEM, text="pills", effect="hold", reason="test")
    community.edit_post(actor=make.actor(post.author), post_id=post.pk, title="", body="My pills")
    moderation.decide_notice(
        actor=SYSTEM, notice_id=waiting.pk, taken_down=True, reason="It is complete."
    )

    moderation.settle_notice(actor=SYSTEM, notice_id=waiting.pk, restored=True, reason="Back")

    assert not seen(post)
    moderation.decide_case(
        actor=SYSTEM,
        case_id=Case.objects.get().pk,
        verdict="dismiss",
        reason="other",
        words="Harmless.",
    )
    assert seen(post)


def test_goods_are_hidden_and_come_back_on_sale() -> None:
    product = make.product()
    notice = moderation.file_notice(
        actor=GUEST, kind="product", subject_id=product.pk, is_true=True, **FORM
    )
    boss = make.actor(make.staff("moderation"))
    moderation.decide_notice(actor=boss, notice_id=notice.pk, taken_down=True, reason="Complete")
    assert Product.objects.get().state == "taken_down"
    moderation.settle_notice(actor=boss, notice_id=notice.pk, restored=True, reason="Taken back")
    assert Product.objects.get().state == "active"
    with pytest.raises(Conflict):
        moderation.settle_notice(actor=boss, notice_id=notice.pk, restored=False, reason="No")


def test_a_moderator_does_not_judge_a_notice_about_their_own() -> None:
    boss = make.staff("moderation")
    notice = filed(publish(boss))
    with pytest.raises(Forbidden):
        moderation.decide_notice(
            actor=make.actor(boss), notice_id=notice.pk, taken_down=False, reason="Mine"
        )
    with pytest.raises(Forbidden):
        moderation.decide_notice(
            actor=make.actor(make.member()), notice_id=notice.pk, taken_down=True, reason="x"
        )


def test_the_form_needs_no_account_and_the_figures_are_open() -> None:
    post = publish(author(), title="A bowl")
    browser = Client()
    url = f"/rights/post/{post.pk}"
    assert "A bowl" in browser.get(url).content.decode()
    wrong = browser.post(url, FORM)
    assert wrong.status_code == 422
    assert "Lane 1, Oldtown" in wrong.content.decode(), "what was typed is kept"
    sent = browser.post(url, {**FORM, "is_true": "yes"}, follow=True)
    assert "Your notice has come in." in sent.content.decode()
    figures = browser.get("/rights").content.decode()
    assert "Waits to be looked at" in figures
    assert browser.get("/rights/nonsense").status_code == 404


@pytest.mark.usefixtures("midday")
def test_a_new_address_for_each_notice_does_not_make_them_endless() -> None:
    """Each is written to whom it names, and waits for a moderator; nobody needs an account."""
    post = publish(author(), title="A bowl")

    def send(n: int, *, by: str = "203.0.113.7") -> int:
        form = {**FORM, "is_true": "yes", "email": f"victim{n}@example.com"}
        return Client(REMOTE_ADDR=by).post(f"/rights/post/{post.pk}", form).status_code

    assert {send(n) for n in range(30)} == {302}
    assert send(30) == 429
    assert RightsNotice.objects.count() == 30
    assert send(31, by="203.0.113.8") == 302, "somebody else is heard"
