"""Taking one's data along: a ZIP made by a job, fetched once within a week."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import secrets
import zipfile
from collections.abc import Collection
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Person, export_rows, in_erasing_order, links_of
from banyan.kernel.problems import Conflict, IllegalTransition, LoginRequired, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.media import store
from banyan.media.models import Image

from ..events import ExportReady
from ..models import Export
from ..states import EXPORT
from .erasing import person_of

KEPT = dt.timedelta(days=7)
HIDDEN = "••••••"
_WORD = re.compile(r"[A-Za-z0-9]+")
KINDS = {"jpeg": "jpg"}
"""How files end whose column says what they are."""


def ask_export(*, actor: Actor, checkout_id: int | None = None) -> Export:
    """Ask for what is known of the actor, or of a guest's purchase (``orders.access`` has looked).

    While one is on its way or waits to be fetched, it is returned; one whose week is over makes
    room, whether the job that removes it has come by or not. A job makes the file.
    """
    if checkout_id is None and actor.id is None:
        raise LoginRequired()
    whose = {"checkout_id": checkout_id} if checkout_id is not None else {"account_id": actor.id}
    for late in _over().filter(**whose):
        _expire(actor, late.pk)
    try:
        with transaction.atomic():
            return Export.objects.create(asked_at=clock.now(), **whose)
    except IntegrityError:
        return Export.objects.get(state__in=["asked", "ready"], **whose)


def make_exports(*, actor: Actor) -> int:
    """Make the files that were asked for; returns how many. May run in several workers at once.

    One that fails is logged, is tried again by the next run, and does not hold up the others.
    """
    asked = Export.objects.filter(state="asked")
    return sweep("legal.exports", asked, lambda export_id: _make(actor, export_id))


def _make(actor: Actor, export_id: int) -> bool:
    with transaction.atomic():
        row = Export.objects.select_for_update(skip_locked=True, of=("self",))
        export = row.select_related("account").filter(pk=export_id, state="asked").first()
        if export is None:
            return False
        data = _zip(_person(export))
        name = f"exports/{export.pk}-{secrets.token_hex(16)}.zip"
        store.put(store.private(), name, data)
        now = clock.now()
        transition(
            EXPORT, export, "ready", actor=actor, file=name, bytes=len(data), ready_at=now,
            expires_at=now + KEPT,
        )  # fmt: skip
        told = ExportReady(export_id=export.pk, account_id=export.account_id)
        events.emit(told, actor=actor)
    return True


def _person(export: Export) -> Person:
    if export.account is not None:
        return person_of(export.account)
    return Person(guest_id=export.checkout_id)


def _zip(person: Person) -> bytes:
    """Return one JSON file per table, what is kept and why, and the person's files and pictures."""
    target = io.BytesIO()
    kept: dict[str, str] = {}
    opening = {link for holding in in_erasing_order() for link in links_of(holding, person)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for holding in in_erasing_order():
            rows = list(export_rows(holding, person))
            if not rows:
                continue
            label, key = holding.model._meta.label, holding.model._meta.pk.attname
            for row in rows:
                _put_files(archive, f"files/{label}-{row[key]}", row)
            text = json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            archive.writestr(f"data/{label}.json", _without(opening, text))
            kept[label] = holding.why
        archive.writestr("how-long-it-is-kept.json", json.dumps(kept, indent=1))
        for image in Image.objects.filter(owner_id=person.account_id or 0).order_by("id"):
            try:
                archive.writestr(
                    f"pictures/{image.pk}.jpg", store.read(store.private(), image.original)
                )
            except OSError:
                continue  # swept a moment ago
    return target.getvalue()


def _without(opening: Collection[str], text: str) -> str:
    """Strike out what opens something wherever it is quoted: in letters, in addresses."""
    return _WORD.sub(lambda word: HIDDEN if word[0] in opening else word[0], text)


def _put_files(archive: zipfile.ZipFile, name: str, row: dict[str, Any]) -> None:
    """Put what a row holds as bytes into the archive as files; the row names them instead."""
    for column, value in row.items():
        if isinstance(value, bytes | memoryview):
            kind = row.get(f"{column}_kind") or KINDS.get(column, "bin")
            row[column] = f"{name}-{column}.{kind}"
            archive.writestr(row[column], bytes(value))


def take_export(*, actor: Actor, export_id: int, checkout_id: int | None = None) -> bytes:
    """Hand the file over, once; it goes with it. NotFound for another's, Conflict when it is gone.

    Two at once: one gets it.
    """
    export = Export.objects.filter(pk=export_id).first()
    mine = export is not None and (
        export.checkout_id == checkout_id
        if checkout_id is not None
        else actor.id is not None and export.account_id == actor.id
    )
    if export is None or not mine:
        raise NotFound()
    if export.state != "ready" or (export.expires_at and export.expires_at <= clock.now()):
        raise Conflict(code="export_gone")
    try:
        data = store.read(store.private(), export.file)
    except FileNotFoundError as error:
        raise Conflict(code="export_gone") from error  # somebody took it a moment ago
    name = export.file
    with transaction.atomic():
        transition(EXPORT, export, "taken", actor=actor, file="")
        transaction.on_commit(lambda: store.private().delete(name))
    return data


def expire_exports(*, actor: Actor) -> int:
    """Remove files that nobody fetched within their week; returns how many. Repeatable."""
    return sweep("legal.expire_exports", _over(), lambda pk: _expire(actor, pk), by="expires_at")


def _over() -> QuerySet[Export]:
    return Export.objects.filter(state="ready", expires_at__lte=clock.now())


def _expire(actor: Actor, export_id: int) -> int:
    export = Export.objects.get(pk=export_id)
    name = export.file
    with transaction.atomic():
        try:
            transition(EXPORT, export, "expired", actor=actor, file="")
        except IllegalTransition:
            return 0  # removed by another one at this instant
        transaction.on_commit(partial(store.private().delete, name))
    return 1
