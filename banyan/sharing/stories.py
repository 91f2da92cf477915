"""The share that led to something: who shared, and who came through it."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from banyan.kernel.stories import Chapter

from .models import Link, Touch


def story_of(*, link_ids: Collection[int], touch_ids: Collection[int]) -> list[Chapter]:
    """Return the sharing of these links and the opening of them. Two queries."""
    links = Link.objects.filter(pk__in=list(link_ids)).select_related("owner")
    touches = Touch.objects.filter(pk__in=list(touch_ids)).select_related("link__owner")
    told = [
        Chapter(
            link.created_at,
            "share",
            _("Shared a link") if link.depth == 0 else _("Shared it on"),
            link.pk,
            who=f"@{link.owner.handle}",
            detail=" ".join(filter(None, (link.channel, link.place))),
            ref=link.code,
            row=("link", link.pk),
        )
        for link in links
    ]
    told += [
        Chapter(
            touch.at,
            "share",
            _("Opened the link of @%(handle)s") % {"handle": touch.link.owner.handle},
            touch.pk,
            who=_("member %(id)s") % {"id": touch.account_id} if touch.account_id else _("visitor"),
            detail=", ".join(filter(None, (_verdict(touch.verdict), touch.channel))),
            ref=touch.link.code,
            row=("link", touch.link_id),
        )
        for touch in touches
    ]
    return told


def _verdict(verdict: str) -> str:
    known = {
        "human": _("a person: the page ran"),
        "unknown": _("opened, not proven a person"),
        "bot": _("a robot"),
        "preview": _("a preview"),
        "prefetch": _("a prefetch"),
        "self": _("the sharer's own visit"),
    }
    return known.get(verdict, verdict)


def links_of_code(code: str) -> list[int]:
    """Return the ids of the link with this code, revoked or not. One query."""
    return list(Link.objects.filter(code=code.strip()).values_list("pk", flat=True)[:1])
