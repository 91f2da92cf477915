"""Back office of the kernel: what happened, who did it, what could not be delivered."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob

from . import flags, relay
from .labels import word
from .models import AuditEntry, DeadEvent, Flag, IdempotencyRecord, StateChange, StoredEvent
from .office import Act, Cell, Errand, OfficeAdmin, Panel

OWNER: tuple[str, ...] = ("owner",)


def as_text(value: Any) -> str:
    """Return JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=1) if value else ""


@admin.register(AuditEntry)
class AuditAdmin(OfficeAdmin):
    """What staff, and people on their own accounts, did."""

    place, singular, plural = "audit", gettext_lazy("Audit entry"), gettext_lazy("Audit log")
    roles = ("support", "finance", "moderation")
    list_display = ("at", "actor_label", "action", "subject", "reason")
    list_filter = ("action", "actor_kind", "subject_kind")
    search_fields = ("actor_label", "action", "subject_label", "reason", "=subject_id")
    search_help_text = gettext_lazy("Actor, action, subject or reason")
    date_hierarchy = "at"
    ordering = ("-id",)
    facts = ("at", "actor_label", "action", "subject", "reason", "details")

    @admin.display(description=gettext_lazy("Subject"))
    def subject(self, row: AuditEntry) -> str:
        """Return what it was done to, by the name it had then."""
        return f"{word(row.subject_kind)} {row.subject_label or row.subject_id or ''}".strip()

    @admin.display(description=gettext_lazy("Details"))
    def details(self, row: AuditEntry) -> str:
        """Return what else was written down."""
        return as_text(row.detail)


@admin.register(StateChange)
class StateChangeAdmin(OfficeAdmin):
    """Every move of every state machine."""

    place, singular, plural = "moves", gettext_lazy("Move"), gettext_lazy("State changes")
    roles = OWNER
    list_display = ("at", "machine", "subject_id", "source", "target", "actor_kind", "reason")
    list_filter = ("machine", "target", "actor_kind")
    search_fields = ("=subject_id", "=cause_id")
    ordering = ("-id",)


@admin.register(StoredEvent)
class EventAdmin(OfficeAdmin):
    """The outbox, with the position each event got at publication."""

    place, singular, plural = "events", gettext_lazy("Event"), gettext_lazy("Events")
    roles = OWNER
    list_display = ("occurred_at", "name", "subject_id", "position", "actor_kind")
    list_filter = ("name", ("position", admin.EmptyFieldListFilter))
    search_fields = ("=subject_id", "=cause_id", "=position")
    ordering = ("-id",)
    facts = ("occurred_at", "name", "subject_id", "position", "cause_id", "actor_kind", "content")

    @admin.display(description=gettext_lazy("Content"))
    def content(self, row: StoredEvent) -> str:
        """Return the payload."""
        return as_text(row.payload)


def _deliver_again(errand: Errand) -> None:
    relay.deliver_again(actor=errand.actor, dead_id=errand.row.pk, reason=errand.reason)


@admin.register(DeadEvent)
class DeadEventAdmin(OfficeAdmin):
    """Events that a consumer could not handle after repeated tries."""

    place, singular = "undelivered", gettext_lazy("Undelivered event")
    plural = gettext_lazy("Undelivered events")
    roles = OWNER
    list_display = ("created_at", "consumer", "event_name", "short_error", "resolved_at")
    list_filter = ("consumer", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("event",)
    ordering = ("-id",)
    facts = ("created_at", "consumer", "event_name", "resolved_at", "error")
    acts = (
        Act(
            "deliver",
            gettext_lazy("Deliver again"),
            _deliver_again,
            gettext_lazy("The consumer handles this event once more, outside the order."),
            gettext_lazy("It was delivered."),
            OWNER,
            offered=lambda row: row.resolved_at is None,
        ),
    )

    @admin.display(description=gettext_lazy("Event"))
    def event_name(self, row: DeadEvent) -> str:
        """Return the event's public name and subject."""
        return f"{row.event.name} {row.event.subject_id}"

    @admin.display(description=gettext_lazy("Error"))
    def short_error(self, row: DeadEvent) -> str:
        """Return the last line of the error."""
        return row.error.strip().rpartition("\n")[2][:120]


@admin.register(IdempotencyRecord)
class IdempotencyAdmin(OfficeAdmin):
    """Requests that came with a key, and whether they were answered."""

    place, singular = "repeats", gettext_lazy("Request with a key")
    plural = gettext_lazy("Idempotency keys")
    roles = OWNER
    list_display = ("created_at", "client", "actor", "key", "state")
    list_filter = ("state", "client")
    search_fields = ("key", "actor")
    ordering = ("-id",)
    # The stored answer is what the client got, and may hold what only they should read.
    facts = ("created_at", "client", "actor", "key", "state", "locked_until")


def _turn(errand: Errand) -> None:
    flags.turn(errand.row.pk, on=not errand.row.enabled, actor=errand.actor, reason=errand.reason)


@admin.register(Flag)
class FlagAdmin(OfficeAdmin):
    """Switches that take effect within five seconds, without a release."""

    place, singular, plural = "flags", gettext_lazy("Flag"), gettext_lazy("Flags")
    roles = OWNER
    list_display = ("name", "enabled", "note")
    search_fields = ("name",)
    ordering = ("name",)
    acts = (
        Act(
            "turn",
            gettext_lazy("Turn it the other way"),
            _turn,
            gettext_lazy("Every process follows within five seconds."),
            gettext_lazy("It is turned."),
            OWNER,
        ),
    )

    def title_of(self, row: Flag) -> str:
        """Return its name and whether it is on."""
        state = _("on") if row.enabled else _("off")
        return f"{row.name}: {state}"


@admin.register(ProcrastinateJob)
class JobAdmin(OfficeAdmin):
    """Background work: what waits, runs, failed."""

    place, singular, plural = "jobs", gettext_lazy("Job"), gettext_lazy("Jobs")
    roles = OWNER
    list_display = ("id", "task_name", "status", "attempts", "scheduled_at", "queue_name")
    list_filter = ("status", "task_name", "queue_name")
    search_fields = ("task_name",)
    ordering = ("-id",)
    facts = ("id", "task_name", "status", "attempts", "scheduled_at", "queue_name", "arguments")

    @admin.display(description=gettext_lazy("Arguments"))
    def arguments(self, row: ProcrastinateJob) -> str:
        """Return what it was called with."""
        return as_text(row.args)

    def panels(self, request: HttpRequest, row: ProcrastinateJob) -> list[Panel]:
        """Return the job's own history."""
        happened = row.procrastinateevent_set.order_by("at", "id")
        rows = [(Cell(f"{each.at:%Y-%m-%d %H:%M:%S}"), Cell(word(each.type))) for each in happened]
        return [Panel(_("History"), (_("Time"), _("What")), rows)]
