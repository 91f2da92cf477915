"""Share links: made for a target, read as a path and a tree, followed, withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field

from banyan.earnings.queries import LinkReport, link_report
from banyan.kernel.problems import NotFound
from banyan.people.access import hidden_from
from banyan.sharing import actions as sharing
from banyan.sharing import ports
from banyan.sharing.access import visible_links
from banyan.sharing.models import Link
from banyan.sharing.queries import PathStep, Reach, TreeNode, link_by_code, path_of, tree_of

from .gate import ANYONE, ANYONE_WRITES, READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Code, Id, IdOut, Moment, Money, Person

router = Router(tags=["links"])
Kind = Literal["product", "post", "shop"]


class Target(Body):
    """What is shared."""

    kind: Kind
    id: Id


class LinkBody(Body):
    """A share. What was reached through ``via`` becomes a child of that link."""

    target: Target
    via: Annotated[Code | None, Field(description="Code of the link it was reached by.")] = None


class TargetAnswer(Answer):
    """What a link leads to."""

    kind: str
    id: IdOut


class LinkAnswer(Answer):
    """A share link: ``path`` opens it; ``depth`` is 0 for a root."""

    id: IdOut
    code: str
    path: str
    target: TargetAnswer
    owner_id: IdOut
    parent_id: IdOut | None
    depth: int
    created_at: Moment
    revoked_at: Moment | None


class Step(Answer):
    """A sharer on the way, oldest first; ``person`` is null for whom you are apart from."""

    link_id: IdOut
    person: Person | None
    at: Moment


class Card(Answer):
    """What a link shows before it is opened."""

    url: str
    title: str
    description: str
    image: str
    price: str


class OpenedLink(LinkAnswer):
    """A link as its reader meets it: card, sharers, and who may earn.

    ``owner_id`` is null when reader and owner are apart.
    """

    owner_id: IdOut | None  # type: ignore[assignment]  # known for the links of one's own
    card: Card | None
    sharers: list[Step]
    disclosure: str


class ReachAnswer(Answer):
    """Numbers of people; ``robots`` and ``own`` count openings."""

    shown: int
    opened: int
    visited: int
    robots: int
    own: int


class Node(Answer):
    """A link in its tree, parents first; ``person`` is null for whom you are apart from."""

    link_id: IdOut
    code: str
    parent_id: IdOut | None
    depth: int
    person: Person | None
    at: Moment
    revoked: bool
    reach: ReachAnswer


class Report(Answer):
    """What came through a link and those shared on from it; one amount per currency."""

    orders: int
    direct_orders: int
    units: int
    sales: list[Money]
    refunded: list[Money]
    earned: list[Money]


class Tree(Answer):
    """How a share travelled: the whole tree it belongs to, and what came through the link."""

    link: LinkAnswer
    nodes: list[Node]
    report: Report


class TouchAnswer(Answer):
    """An opening; send its ``id`` as ``touch`` with the purchase, beside the code as ``via``."""

    id: IdOut
    via: str


def link_answer(link: Link) -> LinkAnswer:
    """Return a link as the API shows it."""
    return LinkAnswer(**_columns(link))


def _columns(link: Link) -> dict[str, Any]:
    return {
        "id": link.pk,
        "code": link.code,
        "path": f"/s/{link.code}",
        "target": TargetAnswer(kind=link.target_kind, id=link.target_id),
        "owner_id": link.owner_id,
        "parent_id": link.parent_id,
        "depth": link.depth,
        "created_at": link.created_at,
        "revoked_at": link.revoked_at,
    }


def _reach(reach: Reach) -> ReachAnswer:
    return ReachAnswer(
        shown=reach.shown,
        opened=reach.opened,
        visited=reach.visited,
        robots=reach.robots,
        own=reach.own,
    )


def _person(one: PathStep | TreeNode, hidden: Collection[int]) -> Person | None:
    if one.owner_id in hidden:
        return None
    return Person(id=one.owner_id, handle=one.handle, name=one.display_name)


def _node(node: TreeNode, hidden: Collection[int]) -> Node:
    return Node(
        link_id=node.link_id,
        code=node.code,
        parent_id=node.parent_id,
        depth=node.depth,
        person=_person(node, hidden),
        at=node.at,
        revoked=node.revoked,
        reach=_reach(node.reach),
    )


def _report(report: LinkReport) -> Report:
    return Report(
        orders=report.orders,
        direct_orders=report.direct_orders,
        units=report.units,
        sales=[Money.of(one) for one in report.sales],
        refunded=[Money.of(one) for one in report.refunded],
        earned=[Money.of(one) for one in report.earned],
    )


def _living(code: str) -> Link:
    link = link_by_code(code)
    if link is None:
        raise NotFound()
    return link


def _own(request: HttpRequest, code: str) -> Link:
    link = visible_links(actor(request)).filter(code=code).first()
    if link is None:
        raise NotFound()
    return link


@router.post("/links", auth=WRITE, response={201: LinkAnswer})
def share(request: HttpRequest, body: LinkBody) -> Any:
    """Return one's link to a product, post or shop, made on the first call. Repeatable."""
    via = link_by_code(body.via) if body.via else None
    link = sharing.share(
        actor=actor(request),
        target_kind=body.target.kind,
        target_id=body.target.id,
        via=via,
        channel="api",
    )
    return Status(201, link_answer(link))


@router.get("/links", auth=READ, response=Page[LinkAnswer])
def list_links(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List one's own links, newest first, the withdrawn ones too."""
    rows = visible_links(actor(request)).filter(owner_id=actor(request).id).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return page_of(list(rows[: limit + 1]), limit, lambda link: link.pk, link_answer)


@router.get("/links/{code}", auth=ANYONE, response=OpenedLink)
def read_link(request: HttpRequest, code: Path[Code]) -> Any:
    """Return what a living link leads to and who shared it. Counts as no opening."""
    link = _living(code)
    viewer, steps = actor(request), path_of(link)
    card = ports.card(link.target_kind, link.target_id, viewer=viewer)
    product_id = link.target_id if link.target_kind == "product" else None
    hidden = hidden_from(viewer, [step.owner_id for step in steps])
    return OpenedLink(
        **_columns(link) | {"owner_id": None if link.owner_id in hidden else link.owner_id},
        card=Card(
            url=card.url,
            title=card.title,
            description=card.description,
            image=card.image,
            price=card.price,
        )
        if card
        else None,
        sharers=[
            Step(link_id=step.link_id, person=_person(step, hidden), at=step.at) for step in steps
        ],
        disclosure=ports.disclosure_line(link, viewer=viewer, product_id=product_id),
    )


@router.post("/links/{code}/touches", auth=ANYONE_WRITES, response={201: TouchAnswer})
def open_link(request: HttpRequest, code: Path[Code]) -> Any:
    """Record that somebody opened the link in a program of yours, as `/s/CODE` does for browsers.

    A person's, says the program by calling it; the owner's own opening counts apart.
    """
    touch = sharing.record_touch(actor=actor(request), link=_living(code), verdict="unknown")
    return Status(201, TouchAnswer(id=touch.pk, via=code))


@router.get("/links/{code}/tree", auth=READ, response=Tree)
def read_tree(request: HttpRequest, code: Path[Code]) -> Any:
    """Return how one's own share travelled, and what it brought in."""
    link = _own(request, code)
    nodes = tree_of(link)
    hidden = hidden_from(actor(request), {node.owner_id for node in nodes})
    return Tree(
        link=link_answer(link),
        nodes=[_node(node, hidden) for node in nodes],
        report=_report(link_report(link)),
    )


@router.delete("/links/{code}", auth=WRITE, response={200: LinkAnswer})
def revoke_link(request: HttpRequest, code: Path[Code]) -> Any:
    """Withdraw one's own link; links shared on from it stay. Repeatable."""
    link = _own(request, code)
    return link_answer(sharing.revoke(actor=actor(request), link_id=link.pk))
