"""Reads of notifications: the badge and the list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel.actors import Actor
from banyan.kernel.cursors import Cursor
from banyan.kernel.remembered import remembered
from banyan.people.access import not_muted, visible_accounts
from banyan.people.models import Account

from . import kinds
from .families import EMAIL, FAMILIES, PAGE, PUSH
from .models import Notification, Preference, PushSubscription, Reminder, Switch

MOST = 99
ALL, UNREAD, REQUESTS = "all", "unread", "requests"
SHOWN = (ALL, UNREAD, REQUESTS)
DIGEST_ROWS = 60
PIECE, ROUNDS = 100, 8


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as it is shown: one sentence in the language of this request."""

    id: int
    text: str
    icon: str
    url: str
    people: list[Account]
    at: dt.datetime
    unread: bool


def unread_count(account_id: int) -> int:
    """Return how many unread notifications there are, 99 at most. One query, at most 99 rows."""
    return len(_unread(account_id).values_list("pk")[:MOST])


def _unread(account: int | OuterRef) -> QuerySet[Notification]:
    unread = Notification.objects.filter(recipient_id=account, read_at=None, aside=False)
    return unread.order_by("-updated_at")


class _HowMany(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS few)"
    output_field = IntegerField()


@remembered
def _reader(account_id: int) -> QuerySet[Account]:
    return Account.objects.filter(pk=account_id).annotate(
        unread=_HowMany(_unread(OuterRef("pk")).values("pk")[:MOST]),
        chosen_zone=Subquery(
            Preference.objects.filter(account=OuterRef("pk")).values("time_zone")[:1]
        ),
    )


def reader(account_id: int) -> Account | None:
    """Return an account with what every page of its owner is drawn with. One statement.

    ``unread``: of its notifications, 99 at most. ``chosen_zone``: the name of its time zone, None
    where it chose none.
    """
    return _reader.first(account_id)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of notifications; ``further`` is where the next one goes on, None after the last."""

    told: list[Told]
    further: Cursor | None


def notifications(account_id: int, *, limit: int = 30, show: str = ALL) -> list[Told]:
    """Return an account's newest notifications; see :func:`notification_page`."""
    return notification_page(account_id, limit=limit, show=show).told


def notification_page(
    account_id: int, *, before: Cursor | None = None, limit: int = 30, show: str = ALL
) -> Page:
    """Return an account's notifications, newest first. Two queries whatever the length.

    ``show``: all, unread, or requests (by people whom the account keeps apart).
    Nobody is named whom the account may not see or mutes. What only they did is left out, and
    older ones are read for it: two queries more for each hundred of these, eight times at most.
    """
    rows = Notification.objects.filter(recipient_id=account_id, aside=show == REQUESTS)
    rows = rows.order_by("-updated_at", "-pk")
    if show == UNREAD:
        rows = rows.filter(read_at=None)
    told: list[Told] = []
    for size in (limit, *[PIECE] * ROUNDS):
        left = rows if before is None else rows.filter(before.further("updated_at"))
        found = list(left[: size + 1])
        here = {row.pk: row for row in found[:size]}
        fresh = _told(account_id, list(here.values()))
        full = len(told) + len(fresh) >= limit
        over = len(told) + len(fresh) > limit
        told += fresh[: limit - len(told)]
        if len(found) <= size and not over:
            return Page(told, None)
        last = here[told[-1].id] if over else found[size - 1]
        before = Cursor(last.updated_at, last.pk)
        if full:
            break
    return Page(told, before)


def _told(account_id: int, page: list[Notification]) -> list[Told]:
    ids = {int(actor) for row in page for actor in row.actors}
    reader = Actor(kind="member", id=account_id)
    seen = visible_accounts(reader).filter(not_muted(reader))
    people = seen.select_related("avatar").in_bulk(ids)
    return [told for row in page if (told := _tell(row, people)) is not None]


def _tell(row: Notification, people: dict[int, Account]) -> Told | None:
    kind = kinds.known(row.kind)
    if kind is None:
        return None
    actors = [people[int(actor)] for actor in row.actors if int(actor) in people]
    if row.actors and not actors:
        return None
    names = tuple(account.display_name for account in actors)
    happening = kinds.Happening(n=row.n, names=names, who=phrase(names, row.n), data=row.data)
    return Told(
        id=row.pk,
        text=kind.tell(happening),
        icon=kind.icon,
        url=row.url,
        people=actors,
        at=row.updated_at,
        unread=row.read_at is None,
    )


def told_of(row: Notification) -> Told | None:
    """Return one notification as its reader sees it now, or None when there is nothing to see."""
    return next(iter(_told(row.recipient_id, [row])), None)


def unread_for_digest(account_id: int, *, since: dt.datetime) -> list[Told]:
    """Return what is unread since a moment and of families that go by e-mail, newest first."""
    switched = dict(Switch.objects.filter(account_id=account_id).values_list("family", "email"))
    mailed = {name for name, family in FAMILIES.items() if switched.get(name, family.email)}
    wanted = [kind.name for kind in kinds.registered() if kind.family.name in mailed]
    rows = Notification.objects.filter(
        recipient_id=account_id, read_at=None, aside=False, kind__in=wanted, updated_at__gte=since
    )
    return _told(account_id, list(rows.order_by("-updated_at")[:DIGEST_ROWS]))


def switches_of(account_id: int) -> dict[str, dict[str, bool]]:
    """Return where an account is told: {family: {channel: on}}, in the order of the families."""
    rows = {row.family: row for row in Switch.objects.filter(account_id=account_id)}
    return {
        name: {PAGE: row.page, PUSH: row.push, EMAIL: row.email}
        if (row := rows.get(name))
        else dict(zip((PAGE, PUSH, EMAIL), family.at_first, strict=True))
        for name, family in FAMILIES.items()
    }


def browsers_of(account_id: int) -> list[PushSubscription]:
    """Return the browsers that show what an account is told, the newest first."""
    return list(PushSubscription.objects.filter(account_id=account_id).order_by("-created_at"))


@dataclass(frozen=True, slots=True)
class Reach:
    """Of those who asked to be reminded: how many wait, and by which way each can be reached.

    ``page``: only on their notifications page, when they come by themselves. ``unconfirmed`` and
    ``stopped`` cannot be reached; ``told`` were told.
    """

    asked: int
    told: int
    push: int
    email: int
    sms: int
    wechat: int
    page: int
    unconfirmed: int
    stopped: int

    @property
    def waiting(self) -> int:
        """How many are to be told."""
        return self.push + self.email + self.sms + self.wechat + self.page

    @property
    def reachable(self) -> int:
        """How many of those who wait a message reaches."""
        return self.waiting - self.page

    @property
    def share(self) -> float | None:
        """The reachable of all who asked and were not told yet; None when nobody did."""
        open_ones = self.waiting + self.unconfirmed + self.stopped
        return self.reachable / open_ones if open_ones else None


def reachable_share(*, kind: str, subject_id: int) -> Reach:
    """Return whom a reminder of a subject reaches, by channel. One query."""
    family = kinds.require(kind).family
    switched = Switch.objects.filter(account_id=OuterRef("account_id"), family=family.name)
    browsers = PushSubscription.objects.filter(account_id=OuterRef("account_id"))
    no_push = switched.filter(push=False)
    no_mail = switched.filter(email=False)
    pushed = Q(has_browser=True, no_push=False) if family.push else Q(pk=None)
    mailed = Q(channel="page", account__email__isnull=False, no_mail=False)
    open_ones = Q(told_at=None, stopped_at=None)
    waits = open_ones & Q(confirmed_at__isnull=False)
    member = waits & Q(channel="page")
    rows = Reminder.objects.filter(kind=kind, subject_id=subject_id).annotate(
        has_browser=Exists(browsers), no_push=Exists(no_push), no_mail=Exists(no_mail)
    )
    found = rows.aggregate(
        asked=Count("pk"),
        told=Count("pk", filter=Q(told_at__isnull=False)),
        push=Count("pk", filter=member & pushed),
        email=Count("pk", filter=(waits & Q(channel="email")) | (member & ~pushed & mailed)),
        sms=Count("pk", filter=waits & Q(channel="sms")),
        wechat=Count("pk", filter=waits & Q(channel="wechat")),
        page=Count("pk", filter=member & ~pushed & ~mailed),
        unconfirmed=Count("pk", filter=open_ones & Q(confirmed_at=None)),
        stopped=Count("pk", filter=Q(told_at=None, stopped_at__isnull=False)),
    )
    return Reach(**found)


def waiting_for(kind: str, subject_id: int | None = None) -> QuerySet[Reminder]:
    """Return who is to be told: of one subject, or of every subject of a kind.

    Whose account is closed waits on, and takes nobody's turn.
    """
    rows = Reminder.objects.filter(
        Q(account=None) | Q(account__is_active=True),
        kind=kind,
        told_at=None,
        stopped_at=None,
        confirmed_at__isnull=False,
    )
    return rows if subject_id is None else rows.filter(subject_id=subject_id)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a guest who asked to be reminded; ``contact`` in full, for its own reader."""

    contact: str
    asked: int
    since: dt.datetime


def kept_by_token(token: str) -> Kept | None:
    """Return what is kept under the contact of a letter's link; None for members and after a stop.

    Two queries.
    """
    found = Reminder.objects.filter(token=token, account=None).exclude(destination="").first()
    if found is None:
        return None
    theirs = Reminder.objects.filter(contact=found.contact).exclude(destination="")
    told = theirs.aggregate(asked=Count("pk"), since=Min("created_at"))
    return Kept(contact=found.destination, **told)


def was_reminded(*, kind: str, subject_id: int) -> bool:
    """Tell whether there is or was a reminder of a subject."""
    return Reminder.objects.filter(kind=kind, subject_id=subject_id).exists()


def is_reminded(*, account_id: int, kind: str, subject_id: int) -> bool:
    """Tell whether a member waits to be told of a subject."""
    mine = Reminder.objects.filter(account_id=account_id, kind=kind, subject_id=subject_id)
    return mine.filter(told_at=None, stopped_at=None).exists()


def tell(row: Notification) -> str:
    """Return a notification's sentence without naming people; no query."""
    kind = kinds.known(row.kind)
    if kind is None:
        return row.kind
    who = phrase((), row.n)
    return kind.tell(kinds.Happening(n=row.n, names=(), who=who, data=row.data))


def phrase(names: tuple[str, ...], n: int) -> str:
    """Return "Ana", "Ana and Ben" or "Ana and 7 others", translated; "Somebody" without names."""
    if not names:
        return _("Somebody")
    if n <= 1:
        return names[0]
    if n == 2 and len(names) > 1:
        return _("%(one)s and %(other)s") % {"one": names[0], "other": names[1]}
    text = ngettext("%(name)s and %(count)d other", "%(name)s and %(count)d others", n - 1)
    return text % {"name": names[0], "count": n - 1}
