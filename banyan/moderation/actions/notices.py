"""Rights holders: notice, counter-notice, the wait, and how it ends. Every step is told by mail."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.kernel.ratelimits import hit
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep

from .. import ports
from ..access import get_notice, get_subject_for, require_moderation
from ..events import NoticeFiled, NoticeMoved
from ..models import RightsNotice
from ..states import RIGHTS_NOTICE
from .bringing_back import bring_back

NOTICES_A_DAY = 10
TOKEN_BITS = 120


def file_notice(
    *,
    actor: Actor,
    kind: str,
    subject_id: int,
    claimant: str,
    email: str,
    address: str,
    work: str,
    words: str,
    is_true: bool,
    language: str = "en",
) -> RightsNotice:
    """Say that something infringes one's rights; nobody needs an account for it.

    ``work`` is what one has the rights of, ``words`` how it is infringed. ``is_true`` is the
    statement that it is said in good faith. A second notice of the same address about the same
    thing returns the first while it is open. Raises NotFound, Invalid, TooMany. Emits
    rights_notice.filed.
    """
    known, found = get_subject_for(actor, kind, subject_id)
    if known.hide is None:
        raise NotFound()
    fields = _wrong(claimant, email, address, work, words)
    if not is_true:
        fields["is_true"] = _("We need this statement to act.")
    if fields:
        raise Invalid(fields=fields)
    hit(f"notice:{email.strip().casefold()}", NOTICES_A_DAY, 86_400)
    now = clock.now()
    try:
        with transaction.atomic():
            notice = RightsNotice.objects.create(
                token=new_code(TOKEN_BITS),
                author_token=new_code(TOKEN_BITS),
                subject_kind=kind,
                subject_id=subject_id,
                label=found.label[:120],
                author_id=found.author_id,
                claimant=claimant.strip(),
                email=email.strip().casefold(),
                address=address.strip(),
                language=language,
                work=work.strip(),
                words=words.strip(),
                filed_at=now,
                moved_at=now,
            )
            told = NoticeFiled(notice_id=notice.pk, subject_kind=kind, subject_id=subject_id)
            events.emit(told, actor=actor)
    except IntegrityError as error:
        if "moderation_notice_one_open" not in str(error):
            raise
        return RightsNotice.objects.exclude(state__in=["refused", "restored", "stays_down"]).get(
            subject_kind=kind, subject_id=subject_id, email=email.strip().casefold()
        )
    return notice


def _wrong(claimant: str, email: str, address: str, work: str, words: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    if not 1 <= len(claimant.strip()) <= 120:
        fields["claimant"] = _("Who has the rights? A name of 1 to 120 letters.")
    try:
        validate_email(email.strip())
    except ValidationError:
        fields["email"] = _("This is not an e-mail address.")
    if not 1 <= len(address.strip()) <= 300:
        fields["address"] = _("We need a postal address, in 1 to 300 letters.")
    for name, text in (("work", work), ("words", words)):
        if not 1 <= len(text.strip()) <= 2000:
            fields[name] = _("Say it in 1 to 2,000 letters.")
    return fields


def decide_notice(*, actor: Actor, notice_id: int, taken_down: bool, reason: str) -> RightsNotice:
    """Take the content down until it is settled, or turn an incomplete notice down.

    For moderators whose content it is not. Its author may answer within the wait (setting
    ``COUNTER_NOTICE_DAYS``). Audited; emits rights_notice.moved.
    """
    require_moderation(actor)
    to = "taken_down" if taken_down else "refused"
    with transaction.atomic():
        notice = _get(actor, notice_id)
        _move(actor, notice, to, reason, answer=reason.strip()[:500])
        if taken_down:
            _hide(actor, notice, reason)
        _audit(actor, notice, "rights_notice.decide", reason)
    return notice


def counter_notice(
    *, actor: Actor, token: str, name: str, words: str, is_true: bool
) -> RightsNotice:
    """Say, as the author, that the content may stay. The wait begins: then it comes back.

    Raises Conflict when it is too late. Emits rights_notice.moved.
    """
    notice, is_author = get_notice(token)
    if not is_author:
        raise NotFound()
    fields: dict[str, object] = {}
    if not 1 <= len(name.strip()) <= 120:
        fields["name"] = _("We need your full name.")
    if not 1 <= len(words.strip()) <= 2000:
        fields["words"] = _("Say it in 1 to 2,000 letters.")
    if not is_true:
        fields["is_true"] = _("We need this statement to act.")
    if fields:
        raise Invalid(fields=fields)
    if notice.state != "taken_down":
        raise Conflict(_("This is settled already."), code="notice_settled")
    with transaction.atomic():
        _move(actor, notice, "countered", "", counter=words.strip(), counter_name=name.strip())
    return notice


def settle_notice(*, actor: Actor, notice_id: int, restored: bool, reason: str) -> RightsNotice:
    """End a notice before its time: the claimant went to court, or took it back. Audited.

    ``restored`` brings the content back. Emits rights_notice.moved.
    """
    require_moderation(actor)
    with transaction.atomic():
        notice = _get(actor, notice_id)
        if restored and notice.state == "taken_down":
            _move(actor, notice, "countered", reason)
        _end(actor, notice, restored, reason)
        _audit(actor, notice, "rights_notice.settle", reason)
    return notice


def move_due(*, actor: Actor) -> int:
    """Take the step that the time of each notice brings, as of its own deadline.

    Nobody countered: it stays down. Countered and no word of a court: it comes back. Returns how
    many moved; repeatable. One that fails is logged and does not hold up the others.
    """
    now = clock.now()
    due = RightsNotice.objects.filter(due_at__lte=now)
    return sweep("moderation.notices", due, lambda pk: _end_due(actor, pk, now), by="due_at")


def _end_due(actor: Actor, notice_id: int, now: dt.datetime) -> bool:
    with transaction.atomic():
        held = RightsNotice.objects.select_for_update().get(pk=notice_id)
        if held.due_at is None or held.due_at > now:
            return False
        _end(actor, held, held.state == "countered", "the time is over")
    return True


def _get(actor: Actor, notice_id: int) -> RightsNotice:
    notice = RightsNotice.objects.select_for_update().filter(pk=notice_id).first()
    if notice is None:
        raise NotFound()
    if actor.id is not None and actor.id == notice.author_id:
        raise Forbidden(_("Somebody else has to decide this: you are part of it."), code="own_case")
    return notice


def _end(actor: Actor, notice: RightsNotice, restored: bool, reason: str) -> None:
    _move(actor, notice, "restored" if restored else "stays_down", reason)
    if restored:
        bring_back(
            actor=actor, kind=notice.subject_kind, subject_id=notice.subject_id, reason=reason
        )


def _hide(actor: Actor, notice: RightsNotice, reason: str) -> None:
    known = ports.subject(notice.subject_kind)
    if known is None or known.hide is None:
        raise Conflict(_("This cannot be hidden by itself."), code="cannot_hide")
    known.hide(actor=actor, subject_id=notice.subject_id, reason=reason)


def _move(actor: Actor, notice: RightsNotice, to: str, reason: str, **updates: str) -> None:
    now = clock.now()
    wait = dt.timedelta(days=settings.COUNTER_NOTICE_DAYS)
    due = now + wait if to in {"taken_down", "countered"} else None
    transition(
        RIGHTS_NOTICE, notice, to, actor=actor, reason=reason, moved_at=now, due_at=due, **updates
    )
    events.emit(NoticeMoved(notice_id=notice.pk, state=to), actor=actor)


def _audit(actor: Actor, notice: RightsNotice, action: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind=notice.subject_kind,
        subject_id=notice.subject_id,
        subject_label=notice.label,
        reason=reason,
        detail={"notice": str(notice.pk), "state": notice.state},
    )
