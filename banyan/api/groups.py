"""Interest groups: finding, joining and leaving them, and what is offered in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field, StringConstraints

from banyan.groups import actions, queries
from banyan.groups.access import get_group_by_slug, standing_of, visible_offers
from banyan.groups.models import Group, Membership, Offer
from banyan.kernel.actors import Actor

from .gate import ANYONE, READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Id, IdOut, Moment, Person

router = Router(tags=["groups"])
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,60}$")]
SEEN = {0: "public", 1: "private", 2: "secret"}
STANDING = {0: "asked", 1: "member", 2: "banned"}
Skip = Annotated[int, Field(ge=0, le=1_000_000)]
START: Any = Query(0, description="How many to leave out.")  # type: ignore[type-arg]  # ninja leaves it open


class GroupAnswer(Answer):
    """A group. ``standing`` is the reader's: none, asked, member or banned; ``role`` a member's."""

    id: IdOut
    slug: str
    name: str
    about: str
    rules: str
    topics: list[str]
    kind: Literal["interest", "organisation"]
    verified: bool
    policy: Literal["open", "request", "invitation"]
    visibility: Literal["public", "private", "secret"]
    members: int
    standing: Literal["none", "asked", "member", "banned"]
    role: Literal["owner", "moderator", "member"] | None
    wants_offers: bool


class MembershipBody(Body):
    """Whether notices of what is offered in the group are wanted; a member may change it."""

    wants_offers: bool = False


class GroupMemberAnswer(Answer):
    """A member of a group."""

    account: Person
    role: str
    since: Moment


class GroupOfferBody(Body):
    """Something on sale; without ``variant_id`` a tap buys the first that can be had."""

    product_id: Id
    variant_id: Id | None = None
    note: Annotated[str, StringConstraints(max_length=200)] = ""


class GroupOfferAnswer(Answer):
    """Something offered to a group; ``link`` is the code of who offers it, who gets the credit."""

    id: IdOut
    product_id: IdOut
    variant_id: IdOut
    title: str
    note: str
    by: Person
    link: str
    created_at: Moment


def _group(group: Group, mine: Membership | None) -> GroupAnswer:
    return GroupAnswer(
        id=group.pk,
        slug=group.slug,
        name=group.name,
        about=group.about,
        rules=group.rules,
        topics=group.topics,
        kind=group.kind,
        verified=group.verified_at is not None,
        policy=group.policy,
        visibility=SEEN[group.visibility],
        members=group.members,
        standing=STANDING[mine.state] if mine else "none",
        role=mine.role if mine and mine.state == 1 else None,
        wants_offers=bool(mine and mine.wants_offers),
    )


def _one(who: Actor, slug: str) -> GroupAnswer:
    group = get_group_by_slug(who, slug)
    return _group(group, standing_of(who, group.pk))


def _offer(offer: Offer) -> GroupOfferAnswer:
    return GroupOfferAnswer(
        id=offer.pk,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        title=offer.product.title,
        note=offer.note,
        by=Person(id=offer.by_id, handle=offer.by.handle, name=offer.by.display_name),
        link=offer.link.code,
        created_at=offer.created_at,
    )


@router.get("/groups", auth=READ, response=list[GroupAnswer])
def list_groups(request: HttpRequest) -> Any:
    """Return the groups that the reader belongs to, by name."""
    return [_group(row.group, row) for row in queries.my_groups(actor(request))]


@router.get("/groups/{slug}", auth=ANYONE, response=GroupAnswer)
def read_group(request: HttpRequest, slug: Path[Slug]) -> Any:
    """Return a group."""
    return _one(actor(request), slug)


@router.put("/groups/{slug}/membership", auth=WRITE, response=GroupAnswer)
def join_group(request: HttpRequest, slug: Path[Slug], body: MembershipBody) -> Any:
    """Join a group, or ask to where that is its policy; a member changes the switch. Repeatable."""
    who = actor(request)
    group = get_group_by_slug(who, slug)
    mine = actions.join(actor=who, group_id=group.pk, wants_offers=body.wants_offers)
    if mine.state == 1 and mine.wants_offers != body.wants_offers:
        actions.want_offers(actor=who, group_id=group.pk, wanted=body.wants_offers)
    return _one(who, slug)


@router.delete("/groups/{slug}/membership", auth=WRITE, response={204: None})
def leave_group(request: HttpRequest, slug: Path[Slug]) -> Any:
    """Leave a group, or take one's question back. Repeatable."""
    who = actor(request)
    actions.leave(actor=who, group_id=get_group_by_slug(who, slug).pk)
    return Status(204, None)


@router.get("/groups/{slug}/members", auth=ANYONE, response=list[GroupMemberAnswer])
def list_group_members(
    request: HttpRequest,
    slug: Path[Slug],
    after: Skip = START,
    limit: Limit = SIZE,
) -> Any:
    """Return members whom the reader may see, owners and moderators first."""
    who = actor(request)
    rows = queries.members_page(who, get_group_by_slug(who, slug), after=after, limit=limit)
    return [
        GroupMemberAnswer(
            account=Person(
                id=row.account_id, handle=row.account.handle, name=row.account.display_name
            ),
            role=row.role,
            since=row.created_at,
        )
        for row in rows
    ]


@router.get("/groups/{slug}/offers", auth=ANYONE, response=Page[GroupOfferAnswer])
def list_group_offers(
    request: HttpRequest, slug: Path[Slug], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List what is offered to a group, newest first."""
    who = actor(request)
    rows = visible_offers(who, get_group_by_slug(who, slug))
    if before:
        rows = rows.filter(pk__lt=before)
    return page_of(list(rows[: limit + 1]), limit, lambda offer: offer.pk, _offer)


@router.post("/groups/{slug}/offers", auth=WRITE, response={201: GroupOfferAnswer})
def offer_to_group(request: HttpRequest, slug: Path[Slug], body: GroupOfferBody) -> Any:
    """Offer something on sale to a group; members who asked for it are told, within their cap."""
    who = actor(request)
    group = get_group_by_slug(who, slug)
    made = actions.offer_to_group(
        actor=who,
        group_id=group.pk,
        product_id=body.product_id,
        variant_id=body.variant_id,
        note=body.note,
    )
    return Status(201, _offer(visible_offers(who, group).get(pk=made.pk)))
