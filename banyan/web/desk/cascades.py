"""Imported cascades: the list, and one as a tree with its measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from banyan.insights.models import Cascade
from banyan.insights.queries import cascade_members, cascades
from banyan.insights.rules import measure
from banyan.kernel.problems import NotFound
from banyan.web.ui.shapes import TreeNode
from banyan.web.ui.svg import folded

from ..http import actor, private, signed_in

MOST_NODES = 320
MOST_ROWS = 20


def _check_staff(request: HttpRequest) -> None:
    if actor(request).kind != "staff":
        raise NotFound()


@require_safe
@private
@signed_in
def cascade_list(request: HttpRequest) -> HttpResponse:
    """List what was imported."""
    _check_staff(request)
    return render(request, "desk/cascades.html", {"cascades": cascades()})


@require_safe
@private
@signed_in
def cascade_page(request: HttpRequest, cascade_id: int) -> HttpResponse:
    """Draw one cascade; the figures are those of ``banyan cascades report``."""
    _check_staff(request)
    found = Cascade.objects.filter(pk=cascade_id).first()
    if found is None:
        raise NotFound()
    parents = cascade_members(found)
    children = Counter(parent for parent in parents.values() if parent is not None)
    context = {
        "cascade": found,
        "shape": measure(parents),
        "nodes": drawn(parents),
        "rows": children.most_common(MOST_ROWS),
    }
    return render(request, "desk/cascade.html", context)


def drawn(parents: Mapping[str, str | None]) -> list[TreeNode]:
    """Return the nodes to draw: those who were reshared first, tails folded into "+n"."""
    children = Counter(parent for parent in parents.values() if parent is not None)
    kept: set[str] = set()
    for user in sorted(parents, key=lambda user: -children[user]):
        way = []
        step: str | None = user
        while step is not None and step not in kept:
            way.append(step)
            step = parents[step]
        if len(kept) + len(way) <= MOST_NODES:
            kept.update(way)
    more: Counter[str] = Counter()
    nodes = []
    for user, parent in parents.items():
        if user in kept:
            kind = "root" if parent is None else "shared" if children[user] else "opened"
            nodes.append(TreeNode(user, parent, kind, user))
            continue
        above: str | None = parent
        while above is not None and above not in kept:
            above = parents[above]
        more[above or nodes[0].id] += 1
    for user, n in folded(more, nodes[0].id).items():
        label = ngettext("%(n)s more person", "%(n)s more people", n) % {"n": n}
        nodes.append(TreeNode(f"{user}+", user, "more", label, count=n))
    return nodes
