"""What may be put into a message: checked for the sender, and shared in the room's name."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Product, Shop
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.orders.models import Order
from banyan.sharing.actions import TargetUnknown, share
from banyan.sharing.channels import CHAT, GROUP
from banyan.sharing.models import Link
from banyan.sharing.places import place_of_chat, place_of_group
from banyan.sharing.ports import kinds

from .. import ports
from ..models import Room
from ..rules import CARD_KINDS, addresses


@dataclass(frozen=True, slots=True)
class Wanted:
    """A card that a sender wants: a kind that ``ports`` knows and the id of the thing."""

    kind: str
    id: int


def place_of(room: Room) -> tuple[str, str]:
    """Return the channel and the place of links made for a room; a group's id only as a hash."""
    if room.group_id is None:
        return CHAT, place_of_chat()
    return GROUP, place_of_group(room.group_id)


def pasted(actor: Actor, room: Room, body: str, host: str) -> tuple[tuple[str, int] | None, str]:
    """Return what the first address of ours in a text shows, and the text without the address.

    What is gone, or not for the sender to see, stays an address: nobody asked for a card of it.
    """
    for start, address in addresses(body):
        found = ports.read_address(address, host)
        if found is None:
            continue
        try:
            shown = settled(actor, room, Wanted(found.kind, found.id))
        except Invalid:
            continue
        rest = body[:start].rstrip() + " " + body[start + len(address) :].lstrip()
        return shown, rest.strip()
    return None, body


def settled(actor: Actor, room: Room, wanted: Wanted) -> tuple[str, int]:
    """Return what a message keeps of a card. Raises Invalid ``card`` for what cannot be shown.

    What can be shared becomes the sender's own link, made for this room, so that what is bought
    from here counts as from here; another's link becomes its parent. Asking somebody about their
    own goods shares nothing.
    """
    if wanted.kind == "link":
        return _shared_on(actor, room, wanted.id)
    if not ports.is_drawn(wanted.kind) or not ports.cards(actor, wanted.kind, [wanted.id]):
        raise _unknown()
    if wanted.kind not in (*CARD_KINDS, *kinds()):
        return wanted.kind, wanted.id
    if wanted.kind == "order":
        return _of_this_room(room, wanted)
    if _is_theirs(actor, room, wanted):
        return wanted.kind, wanted.id
    return _link(actor, room, wanted.kind, wanted.id, None)


def _shared_on(actor: Actor, room: Room, link_id: int) -> tuple[str, int]:
    link = Link.objects.select_related("owner", "parent").filter(pk=link_id).first()
    if link is None or link.revoked_at is not None:
        raise _unknown()
    if _is_theirs(actor, room, Wanted(link.target_kind, link.target_id)):
        return link.target_kind, link.target_id
    return _link(actor, room, link.target_kind, link.target_id, link)


def _link(actor: Actor, room: Room, kind: str, target_id: int, via: Link | None) -> tuple[str, int]:
    channel, place = place_of(room)
    try:
        made = share(
            actor=actor,
            target_kind=kind,
            target_id=target_id,
            via=via,
            channel=channel,
            place=place,
        )
    except TargetUnknown:
        # Seen by the sender, but not for everybody: each reader sees it by their own right.
        return kind, target_id
    return "link", made.pk


def _of_this_room(room: Room, wanted: Wanted) -> tuple[str, int]:
    here = Order.objects.filter(
        pk=wanted.id, shop_id=room.shop_id or 0, checkout__buyer_id=room.account_id
    )
    if not here.exists():
        raise _unknown()
    return wanted.kind, wanted.id


def _is_theirs(actor: Actor, room: Room, wanted: Wanted) -> bool:
    """Tell whether something belongs to the shop of the room, or to the other one of a pair."""
    shops = Shop.objects.filter(pk=room.shop_id or 0)
    if room.kind == "direct":
        owner_id = room.high_id if room.low_id == actor.id else room.low_id
        shops = Shop.objects.filter(owner_id=owner_id)
    if wanted.kind == "shop":
        return shops.filter(pk=wanted.id).exists()
    goods = Product.objects.filter(pk=wanted.id, shop__in=shops)
    return wanted.kind == "product" and goods.exists()


def _unknown() -> Invalid:
    return Invalid(fields={"card": _("This cannot be shown here.")}, code="card_unknown")
