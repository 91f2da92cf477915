"""The desk's home: what waits, each line with the way to its list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.campaigns.models import OutsidePicture
from banyan.campaigns.queries import pictures_waiting
from banyan.catalog.models import Shop
from banyan.earnings.models import PayoutBatch
from banyan.insights import waiting
from banyan.kernel import clock, retention
from banyan.kernel.models import AuditEntry, DeadEvent, StoredEvent
from banyan.kernel.money import format_money
from banyan.kernel.office import list_of
from banyan.ledger.models import Journal
from banyan.market.models import Dispute
from banyan.moderation.models import Appeal, Case, RightsNotice
from banyan.moderation.queries import waiting as waiting_cases
from banyan.notify.models import Message
from banyan.orders.models import OrderRefund
from banyan.payments.models import Chargeback, Intent, Payout, ProviderMessage, Refund
from banyan.sharing.queries.silence import blocked_channels
from banyan.standing.models import Appeal as ShopAppeal
from banyan.standing.models import Permit, Report
from banyan.standing.queries import waiting as waiting_shops
from banyan.trust.models import Circle
from banyan.trust.queries import circles_waiting

from ..http import actor


@dataclass(frozen=True, slots=True)
class Line:
    """Something that waits: how many, in words, where; ``urgent`` needs a person today."""

    count: int
    text: str
    url: str
    detail: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the home; without lines it says ``done``."""

    title: str
    lines: list[Line] = field(default_factory=list)
    done: str = ""


def sections(request: HttpRequest) -> list[Section]:
    """Return what waits for the actor's roles. At most thirty statements."""
    who = actor(request)
    found = []
    if who.has_role("moderation"):
        found.append(Section(_("Shops"), _shops()))
        found.append(Section(_("Moderation"), _moderation()))
    if who.has_role("support", "finance"):
        found.append(Section(_("Refunds"), _refunds()))
        found.append(Section(_("Disputes"), _disputes()))
        found.append(Section(_("Payments"), _payments()))
    if who.has_role("finance"):
        found.append(Section(_("Payouts"), _payouts()))
        found.append(_books())
    if who.has_role("owner"):
        found.append(_machine_room())
    nothing = _("Nothing waits here.")
    return [
        Section(each.title, [line for line in each.lines if line.count], each.done or nothing)
        for each in found
    ]


def _shops() -> list[Line]:
    shops = waiting.shops_waiting()
    since = _("since %(day)s") % {"day": _day(shops.oldest)} if shops.oldest else ""
    text = ngettext("shop waits for approval", "shops wait for approval", shops.waiting)
    permits, reports, appeals = waiting_shops()
    permit = ngettext("permit waits to be looked at", "permits wait to be looked at", permits)
    report = ngettext("report about a product waits", "reports about products wait", reports)
    appeal = ngettext("appeal of a shop waits", "appeals of shops wait", appeals)
    return [
        Line(shops.waiting, text, list_of(Shop, "state__exact=pending"), since),
        Line(permits, permit, list_of(Permit, "state__exact=asked")),
        Line(reports, report, list_of(Report, "state__exact=open")),
        Line(appeals, appeal, list_of(ShopAppeal, "state__exact=open")),
    ]


def _moderation() -> list[Line]:
    cases, appeals, notices = waiting_cases()
    case = ngettext("case waits for a moderator", "cases wait for a moderator", cases)
    appeal = ngettext("appeal of a member waits", "appeals of members wait", appeals)
    notice = ngettext("rights holder waits for an answer", "rights holders wait", notices)
    circles, pictures = circles_waiting(), pictures_waiting()
    circle = ngettext("circle waits for a look", "circles wait for a look", circles)
    picture = ngettext("picture from elsewhere waits", "pictures from elsewhere wait", pictures)
    return [
        Line(cases, case, list_of(Case, "state__exact=open")),
        Line(appeals, appeal, list_of(Appeal, "state__exact=open")),
        Line(notices, notice, list_of(RightsNotice, "state__exact=filed"), urgent=True),
        Line(circles, circle, list_of(Circle, "state__exact=open")),
        Line(pictures, picture, list_of(OutsidePicture)),
    ]


def _refunds() -> list[Line]:
    refunds = waiting.refunds_waiting()
    failed = ngettext(
        "refund failed and needs another destination",
        "refunds failed and need another destination",
        refunds.failed,
    )
    late = ngettext(
        "refund is past its promised date", "refunds are past their promised date", refunds.overdue
    )
    asked = ngettext(
        "refund waits for its shop's answer", "refunds wait for their shop's answer", refunds.asked
    )
    other = ngettext(
        "refund of an unplaced payment failed",
        "refunds of unplaced payments failed",
        refunds.other_failed,
    )
    place = list_of(OrderRefund, "state__exact=failed")
    return [
        Line(refunds.failed, failed, place, urgent=True),
        Line(refunds.overdue, late, list_of(OrderRefund, "state__exact=processing"), urgent=True),
        Line(refunds.other_failed, other, list_of(Refund, "state__exact=failed"), urgent=True),
        Line(refunds.asked, asked, list_of(OrderRefund, "state__exact=requested")),
    ]


def _disputes() -> list[Line]:
    n = waiting.disputes_waiting()
    text = ngettext("dispute waits for a decision", "disputes wait for a decision", n)
    return [Line(n, text, list_of(Dispute, "state__exact=open"))]


def _payments() -> list[Line]:
    payments = waiting.payments_waiting()
    unplaced = ngettext(
        "payment came for something that is gone, and is not back yet",
        "payments came for something that is gone, and are not back yet",
        payments.unplaced,
    )
    messages = ngettext(
        "provider message that a person has to look at",
        "provider messages that a person has to look at",
        payments.messages,
    )
    chargebacks = ngettext(
        "chargeback waits for an answer at the provider",
        "chargebacks wait for an answer at the provider",
        payments.chargebacks,
    )
    until = _("until %(day)s") % {"day": _day(payments.answer_by)} if payments.answer_by else ""
    return [
        Line(payments.chargebacks, chargebacks, list_of(Chargeback), until, urgent=True),
        Line(
            payments.unplaced,
            unplaced,
            list_of(Intent, "state__exact=captured_unplaced"),
            urgent=True,
        ),
        Line(payments.messages, messages, list_of(ProviderMessage, "needs=person")),
    ]


def _payouts() -> list[Line]:
    payable = waiting.payouts_waiting()
    amounts = ", ".join(format_money(money) for money in payable.amounts)
    people = ngettext("person can be paid", "people can be paid", payable.payees)
    drafts = ngettext("batch waits for approval", "batches wait for approval", payable.drafts)
    failed = ngettext("payout came back", "payouts came back", payable.failed)
    sends = waiting.sends_waiting()
    send = ngettext("payout waits to be sent by hand", "payouts wait to be sent by hand", sends)
    parts = waiting.parts_waiting()
    part = ngettext(
        "part of an order could not be passed on to its shop",
        "parts of orders could not be passed on to their shops",
        parts,
    )
    return [
        Line(parts, part, list_of(Payout, "state__exact=failed"), urgent=True),
        Line(sends, send, list_of(Payout, "by=hand"), urgent=True),
        Line(payable.drafts, drafts, list_of(PayoutBatch, "state__exact=draft")),
        Line(payable.failed, failed, list_of(PayoutBatch, "came=back"), urgent=True),
        Line(payable.payees, people, list_of(PayoutBatch), amounts),
    ]


def _books() -> Section:
    proof, place = waiting.proof(), list_of(Journal)
    if proof is None:
        return Section(_("Books"), [Line(1, _("recount is due: there was none yet"), place)])
    told = {"when": clock.told(proof.at), "journals": proof.detail["journals"]}
    if proof.detail["clean"]:
        done = _("Recounted %(when)s: %(journals)s journals, all sum to zero.") % told
        return Section(_("Books"), [], done)
    drifts = int(proof.detail["drifts"])
    text = ngettext("figure does not add up", "figures do not add up", drifts)
    return Section(_("Books"), [Line(drifts, text, place, told["when"], urgent=True)])


def _machinery() -> list[Line]:
    found = waiting.machinery()
    dead = ngettext(
        "event could not be delivered", "events could not be delivered", found.undelivered
    )
    behind = ngettext("event is not delivered yet", "events are not delivered yet", found.behind)
    failed = ngettext("job failed", "jobs failed", found.failed_jobs)
    stalled = ngettext(
        "job has waited for over ten minutes", "jobs have waited for over ten minutes",
        found.stalled_jobs,
    )  # fmt: skip
    unsent = ngettext("message could not be sent", "messages could not be sent", found.unsent)
    silent = blocked_channels()
    blocked = ngettext(
        "app opens no links of this host: it may have blocked it",
        "apps open no links of this host: they may have blocked it",
        len(silent),
    )
    return [
        Line(len(silent), blocked, reverse("admin:index"), ", ".join(silent), urgent=True),
        Line(
            found.undelivered,
            dead,
            list_of(DeadEvent, "resolved_at__isempty=1"),
            urgent=True,
        ),
        Line(found.stalled_jobs, stalled, list_of(ProcrastinateJob, "status__exact=todo"),
             urgent=True),
        Line(found.failed_jobs, failed, list_of(ProcrastinateJob, "status__exact=failed")),
        Line(found.behind, behind, list_of(StoredEvent, "position__isempty=1")),
        Line(found.unsent, unsent, list_of(Message, "state__exact=failed")),
    ]  # fmt: skip


def _machine_room() -> Section:
    """What stands still, and what is kept too long because its sweep does."""
    title, run = _("Machine room"), retention.last_end()
    if run is None:
        return Section(title, _machinery())
    late = sum(run.detail["late"].values()) + len(run.detail["failed"])
    text = ngettext("row or table is kept too long", "rows or tables are kept too long", late)
    where = ", ".join([*run.detail["late"], *run.detail["failed"]])
    place = list_of(AuditEntry, f"action__exact={run.action}")
    told = {"when": clock.told(run.at), "n": sum(run.detail["ended"].values())}
    done = ngettext(
        "%(when)s: %(n)d row went whose time was over. Nothing waits here.",
        "%(when)s: %(n)d rows went whose time was over. Nothing waits here.",
        told["n"],
    )
    return Section(title, [*_machinery(), Line(late, text, place, where, urgent=True)], done % told)


def _day(moment: dt.datetime) -> str:
    return date_format(moment, "Y-m-d")
