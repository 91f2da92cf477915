"""What a post must be before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.groups.access import MEMBER, living_groups
from banyan.market.models import Listing
from banyan.standing.models import Review

from .. import rules
from ..access import FOLLOWERS, FRIENDS, GROUP, ONLY_ME, PUBLIC

MOST_PICTURES = 9
MOST_TAGS = 10
Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Tag:
    """A product on the ``picture``-th picture, at ``x``, ``y`` thousandths of its size."""

    picture: int
    product_id: int
    x: int
    y: int


def check_texts(*, title: str, body: str) -> Fields:
    """Return what is wrong with the words, by field."""
    fields: Fields = {}
    if len(title.strip()) > 120:
        fields["title"] = _("At most 120 letters.")
    if len(body) > 5000:
        fields["body"] = _("At most 5,000 letters.")
    return fields


def check_pictures(
    *, count: int, kind: str, title: str, body: str, has_video: bool = False
) -> Fields:
    """Questions and moments may do without pictures, but not without words, too; so may a video."""
    if kind not in rules.PICTURELESS and not has_video and not 1 <= count <= MOST_PICTURES:
        return {"pictures": _("Add 1 to 9 pictures.")}
    if count > MOST_PICTURES:
        return {"pictures": _("At most %(max)s pictures.") % {"max": MOST_PICTURES}}
    if not count and not has_video and not (title.strip() or body.strip()):
        return {"body": _("Write something, or add a picture.")}
    return {}


def check_audience(*, account_id: int, visibility: int, group_id: int | None) -> Fields:
    """A group hears its members only; what is public there is public in an open group."""
    if visibility not in (PUBLIC, FOLLOWERS, FRIENDS, ONLY_ME, GROUP):
        return {"visibility": _("Choose who may see it.")}
    if group_id is None:
        return {"group": _("Choose a group.")} if visibility == GROUP else {}
    mine = living_groups().filter(memberships__account_id=account_id, memberships__state=MEMBER)
    group = mine.filter(pk=group_id).first()
    if group is None:
        return {"group": _("Choose a group that you belong to.")}
    if visibility not in (PUBLIC, GROUP) or (visibility == PUBLIC and group.visibility != 0):
        return {"visibility": _("In this group only its members can see it.")}
    return {}


def check_tags(tags: Sequence[Tag], pictures: int) -> Fields:
    """Return what is wrong with the tagged goods."""
    known = set(
        visible_products()
        .filter(pk__in=[tag.product_id for tag in tags])
        .values_list("id", flat=True)
    )
    fit = all(
        tag.product_id in known
        and 0 <= tag.picture < pictures
        and 0 <= tag.x <= 1000
        and 0 <= tag.y <= 1000
        for tag in tags
    )
    if len(tags) > MOST_TAGS or not fit:
        return {"tags": _("A tagged product is not on sale, or its place is off the picture.")}
    return {}


def check_subject(
    *, account_id: int, kind: str, review_id: int | None, listing_id: int | None
) -> tuple[Fields, int | None]:
    """Return what is wrong with what a review or a listing is about, and the product it shows."""
    if kind == "review":
        found = Review.objects.filter(pk=review_id or 0, author_id=account_id).first()
        if found is None:
            return {"kind": _("Only what you bought and received can be reviewed.")}, None
        return {}, found.product_id
    if kind == "listing":
        offered = Listing.objects.filter(pk=listing_id or 0, seller_id=account_id).first()
        if offered is None:
            return {"kind": _("Choose something that you sell.")}, None
        return {}, offered.product_id
    if kind not in rules.KINDS or review_id is not None or listing_id is not None:
        return {"kind": _("Choose what kind of post it is.")}, None
    return {}, None


def check_declared(declared: str) -> Fields:
    """Return what is wrong with what its author says of how it came about."""
    return {} if declared in rules.DECLARED else {"declared": _("Choose one of these.")}
