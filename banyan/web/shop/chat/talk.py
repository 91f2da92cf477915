"""Messages as they are drawn, alike for the shop's buyers, members, and the studio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products
from banyan.chat.actions import Wanted, Words
from banyan.chat.models import Room
from banyan.chat.ports import CARD_KINDS
from banyan.chat.queries import Listed, Said
from banyan.kernel.digits import whole
from banyan.people.models import Account
from banyan.web.ui.shapes import Face

from ...media.uploads import staged_tokens
from ..market.cards import product_title, shop_faces
from ..people.faces import faces_of, somebody

MOST_GOODS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A message with the face it is said by."""

    said: Said
    face: Face


def lines_of(room: Room, said: Sequence[Said]) -> list[Line]:
    """Return messages with faces: in a shop's room those who answer are the shop."""
    people = [one.message.author for one in said if one.message.author is not None]
    faces = faces_of(people)
    shop = shop_faces([room.shop])[0] if room.shop is not None else None
    return [Line(one, _face(one, faces, shop)) for one in said]


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
