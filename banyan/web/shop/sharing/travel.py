"""Where a share travelled, as pages draw it: for its owner, and for the shop it led to.

Every number leads to a list whose rows add up to it. Sharers have names, because their name
stands on what they share; people who only opened something are numbered and never named.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from banyan.earnings.access import visible_commissions
from banyan.earnings.models import Commission
from banyan.insights.queries import Journey, SoldLine, totals
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.people.access import hidden_from, visible_accounts
from banyan.sharing import ports
from banyan.sharing.channels import HUMAN_VERDICTS, channel_of, is_restricted
from banyan.sharing.models import Link
from banyan.sharing.queries import Opening, Scope, TreeNode, path_of, reach
from banyan.web.ui.words import percent

from ...http import number
from ...streams import ticket
from ..people.faces import somebody
from .travelled import travelled

PAGE = 100
MOST_EARNINGS = 20
STEPS = {"opened": HUMAN_VERDICTS, "visited": frozenset({"human"})}


@dataclass(frozen=True)
class Travel:
    """A share tree with the names a viewer may read and the addresses of its lists.

    ``url`` turns a room of ROOMS into its address; ``shop_id`` is the shop that reads, if one does.
    """

    link: Link
    tree: Journey
    viewer: Actor
    url: Callable[[str], str]
    shop_id: int | None = None

    @cached_property
    def names(self) -> dict[str, str]:
        """The public names of the sharers whom the viewer may see, by person."""
        owners = [node.owner_id for node in self.tree.nodes]
        shown = visible_accounts(self.viewer).filter(pk__in=owners)
        return {f"a{pk}": name for pk, name in shown.values_list("pk", "display_name")}

    @cached_property
    def handles(self) -> dict[str, str]:
        """The handles of the same sharers."""
        return {f"a{n.owner_id}": n.handle for n in self.tree.nodes if self._named(n)}

    def _named(self, node: TreeNode) -> bool:
        return f"a{node.owner_id}" in self.names

    @cached_property
    def numbers(self) -> dict[str, int]:
        """A number for each person, in the order they joined; the others who opened follow."""
        people = dict.fromkeys(self.tree.members)
        people |= dict.fromkeys(each.person for each in self.tree.unproven)
        return {person: number for number, person in enumerate(people, start=1)}

    def who(self, person: str) -> str:
        """Return a sharer's name, or the number of somebody who only opened."""
        number = self.numbers.get(person, 0)
        return self.names.get(person) or _("Person %(number)s") % {"number": number}

    @cached_property
    def by_link(self) -> dict[int, TreeNode]:
        """The links by id."""
        return {node.link_id: node for node in self.tree.nodes}

    @cached_property
    def openings_by_person(self) -> Counter[str]:
        """How often each person opened something, robots and own looks aside."""
        return Counter(e.person for e in self.tree.openings if e.verdict in HUMAN_VERDICTS)

    def sharer(self, link_id: int | None) -> str:
        """Return who shared a link."""
        return "" if link_id is None else self.who(f"a{self.by_link[link_id].owner_id}")

    def list_url(self, room: str, **narrowed: object) -> str:
        """Return the address of a list, narrowed."""
        return f"{self.url(room)}?{urlencode(narrowed)}" if narrowed else self.url(room)


def story(request: HttpRequest, travel: Travel, context: dict[str, Any]) -> HttpResponse:
    """Draw the page of a share: tree, figures, a row per link, what was left out.

    ``?part=now`` answers what refreshes itself.
    """
    tree = travel.tree
    # Where rewarded sharing is forbidden, no word of what it earned.
    restricted = is_restricted(channel_of(request.headers.get("user-agent", "")))
    now = {
        "picture": travelled(
            travel.link, viewer=travel.viewer, whole=False, shop_id=travel.shop_id
        ),
        "reach": reach(Scope.link(travel.link.pk)),
        "live": ticket(request, f"tree:{travel.link.root_id or travel.link.pk}"),
        "now_url": travel.list_url("story", part="now"),
        "figures": _figures(travel),
        "money": [f for f in _money(travel) if not (restricted and f["key"] == "earned")],
    }
    if request.GET.get("part") == "now":
        return render(request, "shop/sharing/story_now.html", now)
    rest = {
        "link": travel.link,
        "card": ports.card(travel.link.target_kind, travel.link.target_id),
        "path": _path(travel),
        "commissions": [] if restricted else _commissions(travel),
        "generations": _generations(travel),
        "rows": [_link_row(travel, node) for node in tree.nodes[:PAGE]],
        "more_rows": max(0, len(tree.nodes) - PAGE),
        "left_out": [row for row in _left_out(travel) if row["count"]],
        "export_url": travel.url("export"),
    }
    return render(request, "shop/sharing/story.html", context | now | rest)


def _path(travel: Travel) -> list[dict[str, Any]]:
    steps = path_of(travel.link)
    hidden = hidden_from(travel.viewer, [step.owner_id for step in steps])
    return [
        {"name": step.display_name, "handle": step.handle, "at": step.at}
        if step.owner_id not in hidden
        else {"name": somebody().name, "handle": "", "at": step.at}
        for step in steps
    ]


def _commissions(travel: Travel) -> QuerySet[Commission]:
    """Return what the viewer earned through the link itself, for the way to each reason."""
    return (
        visible_commissions(travel.viewer)
        .filter(link=travel.link, payee_id=travel.viewer.id)
        .order_by("-pk")[:MOST_EARNINGS]
    )


def people(request: HttpRequest, travel: Travel, context: dict[str, Any]) -> HttpResponse:
    """List people: everybody, a generation, or those who opened one link."""
    tree, title = travel.tree, _("Everybody in it")
    chosen = list(tree.members)
    node = _node(travel, request.GET.get("via", ""))
    step = request.GET.get("step", "")
    generation = number(request.GET, "generation")
    if node is not None and step in STEPS:
        chosen = tree.people_of(node.link_id, STEPS[step])
        said = {"name": travel.sharer(node.link_id)}
        title = _("Opened through %(name)s") if step == "opened" else _("Visited through %(name)s")
        title %= said
    elif generation is not None:
        chosen = [p for p, member in tree.members.items() if member.depth == generation]
        title = _("Generation %(n)s") % {"n": generation}
    rows, more = _paged(request, chosen)
    context = context | {
        "title": title,
        "count": len(chosen),
        "rows": [_person_row(travel, person) for person in rows],
        "more_url": more,
        "back_url": travel.url("story"),
    }
    return render(request, "shop/sharing/people.html", context)


def left_out(request: HttpRequest, travel: Travel, context: dict[str, Any]) -> HttpResponse:
    """List the openings of one reason that are not counted as people."""
    reasons = {row["why"]: row for row in _left_out(travel)}
    reason = reasons.get(request.GET.get("why", ""), reasons["robots"])
    rows, more = _paged(request, reason["openings"])
    context = context | {
        "reason": reason,
        "reasons": reasons.values(),
        "rows": [
            {
                "at": each.at,
                "sharer": travel.sharer(each.link_id),
                "channel": each.channel,
                "kind": _verdict_text(each),
            }
            for each in rows
        ],
        "more_url": more,
        "back_url": travel.url("story"),
    }
    return render(request, "shop/sharing/left_out.html", context)


def orders(request: HttpRequest, travel: Travel, context: dict[str, Any]) -> HttpResponse:
    """List the paid orders that came of the share, with their sums."""
    node = _node(travel, request.GET.get("via", ""))
    lines = [s for s in travel.tree.sold if node is None or s.link_id == node.link_id]
    by_order: dict[int, list[SoldLine]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    rows, more = _paged(request, list(by_order.values()))
    context = context | {
        "title": travel.sharer(node.link_id) if node else "",
        "count": len(by_order),
        "rows": [_order_row(travel, found) for found in rows],
        "sums": _sums(lines),
        "more_url": more,
        "back_url": travel.url("story"),
    }
    return render(request, "shop/sharing/orders.html", context)


COLUMNS = (
    "kind", "at", "link", "parent_link", "sharer", "person", "channel", "verdict", "page_ran_at",
    "order", "quantity", "currency", "goods", "refunded", "earned",
)  # fmt: skip


def export(_request: HttpRequest, travel: Travel, _context: dict[str, Any]) -> HttpResponse:
    """Return every share, opening, order and sold line as CSV: all that the figures are made of.

    People are the numbers of the lists; a sharer's handle stands beside theirs. Amounts are in
    minor units.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in _export_rows(travel):
        writer.writerow(row)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="share-{travel.link.code}.csv"'
    return response


Room = Callable[[HttpRequest, Travel, dict[str, Any]], HttpResponse]
# What hangs below a share's address, and what shows it there: for its owner and for the shop alike.
ROOMS: Mapping[str, tuple[str, Room]] = {
    "story": ("", story),
    "people": ("/people", people),
    "left": ("/left-out", left_out),
    "orders": ("/orders", orders),
    "export": ("/export.csv", export),
}


def routes(address: str, name: str, view: Callable[..., HttpResponseBase]) -> list[URLPattern]:
    """Return the routes of all rooms below ``address``; ``view`` is told which by ``room``."""
    return [
        path(address + tail, view, {"room": room}, name=f"{name}_{room}")
        for room, (tail, _show) in ROOMS.items()
    ]


def show(request: HttpRequest, room: str, travel: Travel, context: dict[str, Any]) -> HttpResponse:
    """Answer with one of the rooms."""
    return ROOMS[room][1](request, travel, context)


def _export_rows(travel: Travel) -> Iterator[dict[str, Any]]:
    numbers = dict(travel.numbers)
    for node in travel.tree.nodes:
        parent = travel.by_link.get(node.parent_id) if node.parent_id else None
        yield _of_link(travel, node) | {
            "kind": "share",
            "at": node.at.isoformat(),
            "parent_link": parent.code if parent else "",
            "person": numbers[f"a{node.owner_id}"],
        }
    for each in travel.tree.openings:
        counted = each.verdict in HUMAN_VERDICTS
        yield _of_link(travel, travel.by_link[each.link_id]) | {
            "kind": "opening",
            "at": each.at.isoformat(),
            "person": numbers[each.person] if counted else "",
            "channel": each.channel,
            "verdict": each.verdict,
            "page_ran_at": each.confirmed_at.isoformat() if each.confirmed_at else "",
        }
    placed = dict.fromkeys(each.order_id for each in travel.tree.orders)
    orders = {order_id: number for number, order_id in enumerate(placed, start=1)}
    for order in travel.tree.orders:
        yield _of_link(travel, travel.by_link[order.link_id]) | {
            "kind": "ordered",
            "at": order.at.isoformat(),
            "person": numbers[order.person],
            "order": orders[order.order_id],
        }
    for line in travel.tree.sold:
        yield _of_link(travel, travel.by_link[line.link_id]) | {
            "kind": "sold",
            "at": line.paid_at.isoformat(),
            "person": numbers[line.buyer],
            "order": orders[line.order_id],
            "quantity": line.quantity,
            "currency": line.currency,
            "goods": line.goods,
            "refunded": line.refunded,
            "earned": line.earned,
        }


def _of_link(travel: Travel, node: TreeNode) -> dict[str, Any]:
    return {"link": node.code, "sharer": travel.handles.get(f"a{node.owner_id}", "")}


def _figures(travel: Travel) -> list[dict[str, Any]]:
    shape = travel.tree.shape
    everybody = travel.list_url("people")
    return [
        {"key": "people", "label": _("How many people"), "value": shape.size, "href": everybody},
        {
            "key": "depth",
            "label": pgettext("of a share tree", "Depth"),
            "value": shape.depth,
            "href": travel.list_url("people", generation=shape.depth),
        },
        {"key": "r", "label": "R", "value": _exact(shape.mean_reproduction), "href": everybody},
        {
            "key": "virality",
            "label": _("Structural virality"),
            "value": _exact(shape.structural_virality),
            "href": everybody,
        },
        {
            "key": "broadcast",
            "label": _("Largest broadcast"),
            "value": _exact(shape.largest_broadcast, percent),
            "href": everybody,
        },
    ]


def _exact(
    value: float | None, told: Callable[[float], str] = lambda value: number_format(value, 2)
) -> str:
    """Write two decimals, with the whole number for machines; a dash where there is none."""
    if value is None:
        return "–"
    return format_html('<data value="{}">{}</data>', repr(value), told(value))


def _money(travel: Travel) -> list[dict[str, Any]]:
    sold, href = travel.tree.sold, travel.url("orders")
    count = len({line.order_id for line in sold})
    found = [{"key": "orders", "label": _("Orders"), "value": count, "href": href}]
    for key, what, label in (
        ("sales", "goods", _("Sales")),
        ("refunded", "refunded", _("Refunded")),
        ("earned", "earned", _("Earned")),
    ):
        for amount in totals(sold, what):
            if amount.amount or what == "goods":
                found.append({"key": key, "label": label, "value": amount, "href": href})
    return found


def _generations(travel: Travel) -> list[dict[str, Any]]:
    shape = travel.tree.shape
    return [
        {
            "number": number,
            "people": count,
            "r": _exact(shape.reproduction[number] if number < shape.depth else None),
            "url": travel.list_url("people", generation=number),
        }
        for number, count in enumerate(shape.depth_histogram)
    ]


def _link_row(travel: Travel, node: TreeNode) -> dict[str, Any]:
    return {
        "sharer": travel.sharer(node.link_id),
        "handle": travel.handles.get(f"a{node.owner_id}", ""),
        "at": node.at,
        "depth": node.depth - travel.tree.nodes[0].depth,
        "opened": len(travel.tree.people_of(node.link_id, STEPS["opened"])),
        "opened_url": travel.list_url("people", via=node.code, step="opened"),
        "visited": len(travel.tree.people_of(node.link_id, STEPS["visited"])),
        "visited_url": travel.list_url("people", via=node.code, step="visited"),
        "orders": travel.tree.orders_of(node.link_id),
        "orders_url": travel.list_url("orders", via=node.code),
    }


def _left_out(travel: Travel) -> list[dict[str, Any]]:
    tree = travel.tree
    rows: list[tuple[str, str, list[Opening]]] = [
        ("robots", _("Robots, link previews and prefetches"), tree.robots),
        ("own", _("Sharers who opened their own link"), tree.own),
        ("repeats", _("Repeated visits by people who are in it already"), tree.repeats),
        ("unproven", _("Openings whose page never said that it ran"), tree.unproven),
    ]
    return [
        {
            "why": why,
            "label": label,
            "openings": found,
            "count": len(found),
            "url": travel.list_url("left", why=why),
        }
        for why, label, found in rows
    ]


def _verdict_text(opening: Opening) -> str:
    texts = {
        "bot": pgettext("kind of visit", "Robot"),
        "preview": pgettext("kind of visit", "Link preview"),
        "prefetch": pgettext("kind of visit", "Prefetch"),
        "self": pgettext("kind of visit", "Own look"),
        "human": pgettext("kind of visit", "Visit"),
        "unknown": pgettext("kind of visit", "Opening"),
    }
    return texts.get(opening.verdict, opening.verdict)


def _person_row(travel: Travel, person: str) -> dict[str, Any]:
    member = travel.tree.members.get(person)
    return {
        "who": travel.who(person),
        "handle": travel.handles.get(person, ""),
        "parent": travel.sharer(member.link) if member else "",
        "depth": member.depth if member else None,
        "at": member.at if member else None,
        "openings": travel.openings_by_person[person],
        "bought": person in travel.tree.bought,
    }


def _order_row(travel: Travel, lines: Sequence[SoldLine]) -> dict[str, Any]:
    return _sums_of(lines) | {
        "at": lines[0].paid_at,
        "titles": ", ".join(f"{line.title} ×\u00a0{line.quantity}" for line in lines),
        "via": travel.sharer(lines[0].link_id),
    }


def _sums_of(lines: Sequence[SoldLine]) -> dict[str, Any]:
    return {what: totals(lines, what)[0] for what in ("goods", "refunded", "earned")}


def _sums(lines: Sequence[SoldLine]) -> list[dict[str, Money]]:
    currencies = sorted({line.currency for line in lines})
    return [_sums_of([s for s in lines if s.currency == currency]) for currency in currencies]


def _node(travel: Travel, code: str) -> TreeNode | None:
    return next((node for node in travel.tree.nodes if code and node.code == code), None)


def _paged(request: HttpRequest, rows: Sequence[Any]) -> tuple[Sequence[Any], str]:
    """Return a page of rows, and the address of the next one."""
    start = number(request.GET, "from", most=len(rows)) or 0
    if start + PAGE >= len(rows):
        return rows[start:], ""
    query = request.GET.copy()
    query["from"] = str(start + PAGE)
    return rows[start : start + PAGE], f"?{query.urlencode()}"
