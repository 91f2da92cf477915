"""What pages behind addresses in posts say of themselves, fetched by a job."""

from __future__ import annotations

import logging
from time import monotonic

from banyan.kernel import clock
from banyan.kernel.sweeps import sweep
from banyan.media.fetching import NotFetched, fetch_page

from .. import rules
from ..linkcards import Card, card_of
from ..models import LinkPreview, Post

logger = logging.getLogger(__name__)
WAITING, SHOWN, NOTHING = 0, 1, 2
LONGEST = 500
TRIES = 3
SECONDS = 8.0


def ask_for_preview(post: Post) -> None:
    """Give a post the preview of its first address, to be fetched later; none for none."""
    url = rules.link_of(post.body)
    wanted = None
    if url and len(url) <= LONGEST:
        wanted, _new = LinkPreview.objects.get_or_create(
            url=url, defaults={"created_at": clock.now()}
        )
    if post.preview_id != (wanted.pk if wanted else None):
        post.preview = wanted
        post.save(update_fields=["preview"])


def fetch_previews(*, most: int = 20) -> int:
    """Fetch what waits, outside of any transaction; returns how many. May run twice.

    After ``SECONDS`` no further address is begun: with ten for each, slow hosts, which anybody can
    name in posts, would take every thread of the worker.
    """
    waiting = LinkPreview.objects.filter(state=WAITING)
    until = monotonic() + SECONDS

    def fetch(preview_id: int) -> int:
        still = waiting.filter(pk=preview_id).first() if monotonic() < until else None
        if still is None:
            return 0
        _fetch(still)
        return 1

    return sweep("community.previews", waiting, fetch, piece=most, most=most)


def _fetch(one: LinkPreview) -> None:
    card: Card | None = None
    try:
        card = card_of(fetch_page(one.url), one.url)
    except NotFetched as error:
        if error.passing and one.tries + 1 < TRIES:
            LinkPreview.objects.filter(pk=one.pk).update(tries=one.tries + 1)
            return
    except Exception:
        # A page that breaks us is one that says nothing: asked again, it would do so for ever.
        logger.exception("preview %s", one.pk)
    LinkPreview.objects.filter(pk=one.pk).update(
        state=SHOWN if card else NOTHING,
        title=card.title if card else "",
        description=card.description if card else "",
        site=card.site if card else "",
        fetched_at=clock.now(),
    )
