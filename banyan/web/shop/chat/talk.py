"""Messages as they are drawn, alike for the shop's buyers, members, and the studio."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products
from banyan.chat.actions import Wanted, Words
from banyan.chat.models import Room, Thread
from banyan.chat.queries import Listed, Said
from banyan.chat.rules import CARD_KINDS
from banyan.kernel.digits import whole
from banyan.people.models import Account
from banyan.web.ui.shapes import Face

from ...media.uploads import staged_tokens, typed_texts
from ..market.cards import product_title, shop_faces
from ..people.faces import faces_of, somebody

MOST_GOODS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A message with the face it is said by, once per run: ``again`` says the same person goes on.

    ``own``: by the reader's side. ``name``: who of the shop said it, where a colleague reads it.
    ``day``: the day that begins with it. ``take_back_url``: empty where that is not theirs to do.
    """

    said: Said
    face: Face
    own: bool
    name: str = ""
    day: dt.date | None = None
    again: bool = False
    take_back_url: str = ""


def lines_of(room: Room, said: Sequence[Said]) -> list[Line]:
    """Return messages as a person in the room reads them: who answers for a shop is the shop."""
    lines = []
    for one, face in _faced(room, said):
        url = reverse("chat_take_back", args=[room.pk, one.message.pk]) if one.yours else ""
        lines.append(Line(one, face, own=one.mine, take_back_url=url))
    return _in_runs(lines)


def shop_lines_of(thread: Thread, said: Sequence[Said]) -> list[Line]:
    """Return messages as those who work in the shop read them: its own by name, to each other."""
    room = thread.room
    assert room.shop is not None
    lines = []
    for one, face in _faced(room, said):
        shop, row = one.message.as_shop, one.message
        named = row.author.display_name if shop and row.author and not one.mine else ""
        at = [room.shop.slug, thread.pk, row.pk]
        url = reverse("studio_take_back", args=at) if shop and one.yours else ""
        lines.append(Line(one, face, own=shop, name=named, take_back_url=url))
    return _in_runs(lines)


def _faced(room: Room, said: Sequence[Said]) -> list[tuple[Said, Face]]:
    faces = faces_of(one.message.author for one in said if one.message.author is not None)
    shop = shop_faces([room.shop])[0] if room.shop is not None else None
    return [(one, _face(one, faces, shop)) for one in said]


def _in_runs(lines: Sequence[Line]) -> list[Line]:
    """Say where a day begins, and where the same person goes on speaking."""
    before: tuple[dt.date, int | None, bool] | None = None
    found = []
    for line in lines:
        row = line.said.message
        now = (timezone.localtime(row.created_at).date(), row.author_id, row.as_shop)
        begins = before is None or before[0] != now[0]
        found.append(replace(line, day=now[0] if begins else None, again=before == now))
        before = now
    return found


def _face(one: Said, faces: Mapping[int, Face], shop: Face | None) -> Face:
    if one.message.as_shop and shop is not None:
        return shop
    return faces.get(one.message.author_id or 0) or somebody()


def room_face(room: Room, partner: Account | None) -> Face:
    """Return whom a room is with."""
    if room.shop is not None:
        return shop_faces([room.shop])[0]
    if room.group is not None:
        return Face(name=room.group.name, url=f"/g/{room.group.slug}")
    return faces_of([partner])[partner.pk] if partner is not None else somebody()


def listed_faces(rows: Sequence[Listed]) -> list[Face]:
    """Return whom the rooms of a list are with; two statements for any number."""
    people = faces_of(row.partner for row in rows if row.partner is not None)
    shops = {row.room.shop.pk: row.room.shop for row in rows if row.room.shop is not None}
    names = dict(zip(shops, shop_faces(shops.values()), strict=True))
    return [
        names[row.room.shop_id]
        if row.room.shop_id is not None
        else people[row.partner.pk]
        if row.partner is not None
        else Face(name=row.room.group.name if row.room.group else _("Group"))
        for row in rows
    ]


def wanted_card(request: HttpRequest) -> Wanted | None:
    """Return the card that a form or an address names as ``kind:id``, if it names one."""
    typed = request.POST.get("card", "") or request.GET.get("card", "")
    kind, _colon, number = typed.partition(":")
    found = whole(number)
    return Wanted(kind, found) if kind in CARD_KINDS and found is not None else None


def words_of(request: HttpRequest) -> Words:
    """Return what the form says. A picture that came along without script is staged now.

    Raises Invalid for it, with ``extra["tokens"]``.
    """
    tokens = staged_tokens(request, "picture", most=1)
    return Words(
        body=request.POST.get("body", ""),
        picture=next(iter(tokens), ""),
        alt=next(iter(typed_texts(request, "picture", tokens).values()), ""),
        card=wanted_card(request),
        key=request.POST.get("key", ""),
        host=request.get_host(),
    )


def goods_to_show(shop_id: int | None) -> list[tuple[str, str]]:
    """Return goods that can be put into a message as (value, text): a shop's own, or the newest."""
    on_sale = visible_products().select_related("shop").order_by("-published_at")
    if shop_id is not None:
        on_sale = on_sale.filter(shop_id=shop_id)
    return [
        (f"product:{one.pk}", f"{product_title(one)} · {one.shop.name}")
        for one in on_sale[:MOST_GOODS]
    ]
