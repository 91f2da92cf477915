"""The waiting room: a fair order by chance for those who came early, then first come, first served.

Who enters before the draw has the same chance whenever they came; its seed was committed to when
the sale was published, and is opened afterwards. Who comes later follows in order of coming. Only
``at_once`` people can claim at a time, and never more than there are units.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events, fairness
from banyan.kernel.actors import Actor
from banyan.kernel.fairness import Entrant
from banyan.kernel.problems import Conflict, LoginRequired
from banyan.kernel.proofs import freeze
from banyan.kernel.states import transition_all

from ..access import get_sale_for
from ..events import SaleAdmitted
from ..models import Entry, RoomProof, Sale
from ..ports import check_entering
from ..queries import buckets_of, entry_of, left_in, room_of, told_apart
from ..rules import WARM_UP, waits_until
from ..states import ENTRY
from .planning import ROOM
from .units import ACCOUNT, lock_person, person_in

ADMITTED = dt.timedelta(minutes=2)


def enter_room(*, actor: Actor, sale_id: int) -> Entry:
    """Let a member wait for a sale that admits in turn; who is in stays where they are.

    A person waits with one of their accounts. Open a quarter of an hour before the sale. Raises
    Conflict ``sale_no_room`` where nobody has to wait, ``sale_not_begun`` too early, ``sale_over``,
    ``sale_cap`` for who has their units, ``sale_waits_already`` for another account of somebody who
    waits, and what ``ports`` refuses.
    """
    if actor.id is None:
        raise LoginRequired()
    sale = get_sale_for(actor, sale_id)
    now = clock.now()
    if sale.admission != "queue":
        raise Conflict(_("Nobody has to wait for this sale."), code="sale_no_room")
    if sale.state in {"draft", "ended"} or now >= sale.ends_at:
        raise Conflict(_("This sale is over."), code="sale_over")
    if now < sale.starts_at - WARM_UP:
        raise Conflict(_("The waiting room is not open yet."), code="sale_not_begun")
    check_entering(actor, sale)
    keys = person_in(sale, actor.id)
    with transaction.atomic():
        lock_person(sale.pk, keys)
        _check_alone(sale, actor.id, keys)
        Entry.objects.bulk_create(
            [Entry(sale=sale, account_id=actor.id, entered_at=now)], ignore_conflicts=True
        )
    entry = entry_of(sale, actor.id)
    assert entry is not None
    return entry


def _check_alone(sale: Sale, account_id: int, keys: Collection[str]) -> None:
    """Refuse another account of a person who waits: it would be one more chance in the draw."""
    accounts = {int(key.removeprefix(ACCOUNT)) for key in keys if key.startswith(ACCOUNT)}
    others = accounts - {account_id}
    waits = Entry.objects.filter(sale=sale, account__in=others, state__in=["waiting", "admitted"])
    if others and waits.exists():
        raise Conflict(
            _("You wait with another of your accounts already."), code="sale_waits_already"
        )


def leave_room(*, actor: Actor, sale_id: int) -> None:
    """Leave the waiting room, or give an admission up; the next person comes in. Repeatable."""
    sale = get_sale_for(actor, sale_id)
    with transaction.atomic():
        mine = list(
            Entry.objects.select_for_update(no_key=True).filter(
                sale=sale, account_id=actor.id or 0, state__in=["waiting", "admitted"]
            )
        )
        transition_all(ENTRY, mine, "left", actor=actor)


def draw_places(*, actor: Actor, sale: Sale) -> int:
    """Draw the order of those who came before the draw; returns how many. Repeatable.

    Freezes the list (its root is kept), then opens the seed and keeps the proof.
    """
    drawn = waits_until(sale.starts_at, sale.first_seconds)
    if sale.admission != "queue" or sale.drawn_at is not None or clock.now() < drawn:
        return 0
    with transaction.atomic():
        sale = Sale.objects.select_for_update(no_key=True).get(pk=sale.pk)
        if sale.drawn_at is not None:
            return 0
        early = Entry.objects.filter(sale=sale, state="waiting", entered_at__lt=drawn)
        frozen = freeze(Entrant(str(entry_id)) for entry_id in early.values_list("id", flat=True))
        seed = fairness.reveal(purpose=ROOM, subject_id=sale.pk)
        room = room_of(sale)
        order = room.order(frozen, seed)
        Entry.objects.bulk_update(
            (Entry(pk=int(id), place=place) for place, id in enumerate(order, start=1)),
            ["place"],
            batch_size=1000,
        )
        RoomProof.objects.create(sale=sale, text=room.proof(frozen, order, seed))
        Sale.objects.filter(pk=sale.pk).update(
            root=frozen.root, seed=seed.hex(), drawn_at=clock.now()
        )
    return len(order)


def admit(*, actor: Actor, sale_id: int) -> int:
    """Let the next people in, in order; returns how many. Emits sale.admitted. Repeatable.

    Admissions that were not used in time lapse first. Nobody is let in before the draw, while the
    sale is paused, or to an empty shelf: for what is kept for fans, only fans are.
    """
    now = clock.now()
    with transaction.atomic():
        sale = Sale.objects.select_for_update(no_key=True).get(pk=sale_id)
        inside = Entry.objects.select_for_update(no_key=True).filter(sale=sale, state="admitted")
        late = list(inside.filter(expires_at__lte=now))
        transition_all(ENTRY, late, "lapsed", actor=actor)
        if sale.drawn_at is None or sale.paused_at or now >= sale.ends_at or sale.state == "ended":
            return 0
        coming = _next(sale, Entry.objects.filter(sale=sale, state="admitted"))
        if not coming:
            return 0
        transition_all(
            ENTRY, coming, "admitted", actor=actor, admitted_at=now, expires_at=now + ADMITTED
        )
        events.emit_all(
            [
                SaleAdmitted(sale_id=sale.pk, shop_id=sale.shop_id, account_id=entry.account_id)
                for entry in coming
            ],
            actor=actor,
        )
    return len(coming)


def _next(sale: Sale, inside: QuerySet[Entry]) -> list[Entry]:
    """Return who is next, in order, given who is inside; the entries are locked."""
    buckets = buckets_of(sale)
    public = sum(left_in(one) for one in buckets if one.kind == "public")
    kept = sum(left_in(one) for one in buckets if one.kind == "fans")
    room = min(sale.at_once, public + kept) - inside.count()
    if room < 1:
        return []
    waiting = Entry.objects.select_for_update(no_key=True).filter(sale=sale, state="waiting")
    in_order = waiting.order_by(F("place").asc(nulls_last=True), "id")
    if not kept:
        return list(in_order[:room])
    # A place inside is for a public unit unless a fan has it.
    others = public - told_apart(inside, sale).filter(fan=False).count()
    apart = told_apart(in_order, sale)
    found = [*apart.filter(fan=True)[:room], *apart.filter(fan=False)[: max(0, others)]]
    return sorted(found, key=lambda one: (one.place is None, one.place, one.pk))[:room]
