"""The only way to campaigns and instances that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Exists, F, Q, QuerySet

from banyan.catalog.access import MANAGERS, get_shop_for_staff, works_in
from banyan.chat.access import visible_rooms
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.kernel.remembered import remembered
from banyan.people.access import visible_accounts

from .models import Campaign, Instance, OutsidePicture

CARD = "play"
"""What a play is called as a card in the chat."""
_ROOM = "room:"


def get_campaign_for(actor: Actor, code: str) -> Campaign:
    """Return a published campaign of an open shop; those who manage the shop see drafts too."""
    found = Campaign.objects.select_related("shop", "version").filter(code=code).first()
    if found is None or not _may_see(actor, found):
        raise NotFound()
    return found


def get_campaign_for_staff(actor: Actor, campaign_id: int) -> Campaign:
    """Return a campaign for those who manage its shop."""
    rows = Campaign.objects.select_related("shop", "version")
    found = rows.filter(pk=campaign_id, shop__isnull=False).first()
    if found is None or not works_in(actor, found.shop_id or 0, MANAGERS):
        raise NotFound()
    return found


def get_instance_for(actor: Actor, code: str) -> Instance:
    """Return an instance with its campaign, version and shop. One statement for most people.

    What was put into a chat room is for those who are in it now, and see who put it there.
    """
    found = _instance.first(code)
    if found is None or not _may_see(actor, found.campaign):
        raise NotFound()
    if found.place and not _meets(actor, found):
        raise NotFound()
    return found


def _meets(actor: Actor, play: Instance) -> bool:
    owner = visible_accounts(actor).filter(pk=play.owner_id)
    return visible_rooms(actor).filter(Exists(owner), pk=room_of(play) or 0).exists()


def place_of(room_id: int) -> str:
    """Return the place of what is put into a chat room."""
    return f"{_ROOM}{room_id}"


def room_of(instance: Instance) -> int | None:
    """Return the chat room that an instance was put into, if it was."""
    return int(instance.place.removeprefix(_ROOM)) if instance.place else None


def seen_by(viewer: Actor, plays: QuerySet[Instance]) -> QuerySet[Instance]:
    """Return those of ``plays`` that are open to everybody, or in rooms that ``viewer`` is in.

    Reads the rooms now: two statements at most.
    """
    places = plays.exclude(place="").order_by().values_list("place", flat=True).distinct()
    room_ids = [int(place.removeprefix(_ROOM)) for place in places]
    rooms = visible_rooms(viewer).filter(pk__in=room_ids).values_list("pk", flat=True)
    here = [place_of(room_id) for room_id in rooms] if room_ids else []
    people = visible_accounts(viewer).values("pk")
    return plays.filter(Q(place="") | Q(place__in=here, owner__in=people))


def visible_campaigns(actor: Actor, shop_id: int) -> QuerySet[Campaign]:
    """Return a shop's campaigns for its managers, newest first."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    return Campaign.objects.filter(shop=shop).select_related("version").order_by("-id")


@remembered
def _instance(code: str) -> QuerySet[Instance]:
    rows = Instance.objects.select_related(
        "campaign__shop", "campaign__version", "version", "owner"
    )
    return rows.filter(code=code)


def _may_see(actor: Actor, campaign: Campaign) -> bool:
    shop = campaign.shop
    public = campaign.state != "draft" and (shop is None or shop.state == "open")
    return public or (shop is not None and works_in(actor, shop.pk, MANAGERS))


def visible_to_all() -> QuerySet[Campaign]:
    """Return the published campaigns of open shops and of the platform."""
    open_shop = Q(shop=None) | Q(shop__state="open")
    return (
        Campaign.objects.filter(open_shop).exclude(state="draft").select_related("shop", "version")
    )


def visible_outside(actor: Actor, campaign: Campaign) -> QuerySet[OutsidePicture]:
    """Return the pictures that people showed in a campaign, those that wait first."""
    if not _may_judge(actor, campaign):
        raise NotFound()
    rows = OutsidePicture.objects.filter(instance__campaign=campaign)
    rows = rows.select_related("account", "first", "instance")
    return rows.order_by(F("decided_at").desc(nulls_first=True), "-id")


def get_outside_for_staff(actor: Actor, picture_id: int) -> OutsidePicture:
    """Return a picture of likes elsewhere for those who look at it, with its play and campaign."""
    rows = OutsidePicture.objects.select_related(
        "account", "instance__version", "instance__campaign__shop"
    )
    found = rows.filter(pk=picture_id).first()
    if found is None or not _may_judge(actor, found.instance.campaign):
        raise NotFound()
    return found


def _may_judge(actor: Actor, campaign: Campaign) -> bool:
    return actor.has_role("moderation") or works_in(actor, campaign.shop_id or 0, MANAGERS)
