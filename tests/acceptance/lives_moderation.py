"""Whole lives of what moderators decide, and of people who leave, for ``test_whole_life``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog import actions as catalog
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.legal import actions as legal
from banyan.legal.models import Erasure
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case, Decision
from banyan.people.models import Account
from tests.community.posts import post as publish
from tests.support import factories as make

SYSTEM = Actor.system("test")
WORKS = {
    "claimant": "Ann Author",
    "address": "Lane 1",
    "work": "My picture",
    "words": "It is mine.",
}


def of_moderation(settings: Any) -> None:
    """A reported post, and appeals that end either way."""
    first, second = (make.actor(make.staff("moderation")) for _ in range(2))
    for upheld in (True, False):
        decision = _decided(first)
        appeal = moderation.appeal(actor=Actor.guest(), token=decision.token, body="A joke.")
        moderation.review_appeal(
            actor=second, appeal_id=appeal.pk, upheld=upheld, reason="Seen again."
        )
    relay.drain()


def _decided(boss: Actor) -> Decision:
    post = publish(make.member(), title="Buy pills")
    moderation.report(
        actor=make.actor(make.member()), kind="post", subject_id=post.pk, reason="spam"
    )
    case = Case.objects.get(subject_id=post.pk)
    moderation.take_case(actor=boss, case_id=case.pk, reason="I look.")
    return moderation.decide_case(
        actor=boss, case_id=case.pk, verdict="hide", reason="spam", words="Advertising."
    )


def of_rights_holders(settings: Any) -> None:
    """Notices that are turned down, answered, not answered, and taken to a court."""
    boss = make.actor(make.staff("moderation"))
    ends = ("refused", "stays_down", "restored", "court")
    for number, end in enumerate(ends):
        post = publish(make.member())
        notice = moderation.file_notice(
            actor=Actor.guest(), kind="post", subject_id=post.pk, email=f"ann{number}@example.com",
            is_true=True, **WORKS,
        )  # fmt: skip
        moderation.decide_notice(
            actor=boss, notice_id=notice.pk, taken_down=end != "refused", reason="Seen."
        )
        if end in {"restored", "court"}:
            moderation.counter_notice(
                actor=Actor.guest(), token=notice.author_token, name="Paul", words="Mine.",
                is_true=True,
            )  # fmt: skip
        if end == "court":
            moderation.settle_notice(
                actor=boss, notice_id=notice.pk, restored=False, reason="A court has it."
            )
    with clock.at(clock.now() + dt.timedelta(days=settings.COUNTER_NOTICE_DAYS)):
        moderation.move_due(actor=SYSTEM)
    relay.drain()


def of_leaving(settings: Any) -> None:
    """People who take their data along, leave, come back, and leave for good with their shops."""
    legal.publish_text(
        actor=SYSTEM, kind="terms", language="en", body="Be kind.", changes="", asks=False,
        reason="test",
    )  # fmt: skip
    reader, late = make.member(), make.member()
    for account in (reader, late):
        legal.ask_export(actor=make.actor(account))
    legal.make_exports(actor=SYSTEM)
    export = legal.ask_export(actor=make.actor(reader))
    legal.take_export(actor=make.actor(reader), export_id=export.pk)
    with clock.at(clock.now() + dt.timedelta(days=8)):
        legal.expire_exports(actor=SYSTEM)

    hesitant = make.member()
    legal.ask_erasure(actor=make.actor(hesitant), handle=hesitant.handle)
    legal.stay(actor=make.actor(hesitant))
    open_shop, closed_down = make.shop(), make.shop()
    boss = make.actor(make.staff("moderation"))
    catalog.suspend_shop(actor=boss, shop_id=closed_down.pk, reason="test")
    for owner in (open_shop.owner, closed_down.owner):
        legal.ask_erasure(actor=make.actor(owner), handle=owner.handle)
    due = Erasure.objects.latest("id").due_at
    with clock.at(due):
        legal.erase_due(actor=SYSTEM)
    assert Account.objects.get(pk=hesitant.pk).is_active
    relay.drain()
