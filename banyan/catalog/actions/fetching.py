"""Pictures that a product file names by their addresses, fetched one after another."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.actions import intake
from banyan.media.fetching import NotFetched, fetch
from banyan.media.models import Image
from banyan.media.problems import UploadRefused

from ..access import MANAGERS, get_import_for_staff, works_in
from ..models import ProductImport, WantedPicture
from ..queries.wanted import AGAIN
from .pictures import attach

logger = logging.getLogger(__name__)

# After each attempt begun; also how long an attempt whose process died keeps its addresses.
PAUSES = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30))
MOST_TRIES = len(PAUSES) + 1
BATCH = 20


@dataclass(slots=True)
class Fetched:
    """How many rows were taken, failed for good, and are to be tried again."""

    taken: int = 0
    failed: int = 0
    later: int = 0


def is_address(source: str) -> bool:
    """Tell whether a file names a picture by its address; else it is a file name, for a ZIP."""
    return "://" in source


def fetch_pictures(*, actor: Actor, stop: Callable[[], bool] = lambda: False) -> Fetched:
    """Fetch what is due, a batch of each import in turn, until nothing is or ``stop()`` says so.

    An address that several products of a file name is fetched once. Each is claimed by one
    conditional UPDATE and settled by itself, so that any number may run, and be killed: what a
    dead one claimed is due again a minute later. What fails in passing is tried four times.
    Blocks up to ten seconds for an address; call it outside transactions.
    """
    done = Fetched()
    while not stop() and (files := _due_files()):
        for kept in files:
            owner = _owner(kept)
            for row in _due().filter(file=kept).order_by("product_id", "position", "id")[:BATCH]:
                if stop():
                    return done
                _fetch_one(owner, kept, row, done)
    return done


def fetch_again(*, actor: Actor, token: str) -> int:
    """Have the failed addresses of a file fetched once more; return how many. Managers only.

    Addresses that were waiting before anything fetched them are included.
    """
    kept = get_import_for_staff(actor, token)
    left = kept.pictures.filter(AGAIN)
    return left.update(state="waiting", reason="", tries=0, next_try_at=clock.now())


def _due_files() -> list[ProductImport]:
    ids = _due().values("file")
    return list(ProductImport.objects.filter(pk__in=ids).select_related("shop").defer("content"))


def _due() -> QuerySet[WantedPicture]:
    return WantedPicture.objects.filter(
        state="waiting", next_try_at__lte=clock.now(), file__isnull=False
    )


def _owner(kept: ProductImport) -> Actor:
    """Return whose pictures they become: who sent the file, or the shop's owner in their place."""
    sender = Actor(kind="member", id=kept.account_id)
    if works_in(sender, kept.shop_id, MANAGERS):
        return sender
    return Actor(kind="member", id=kept.shop.owner_id)


def _fetch_one(owner: Actor, kept: ProductImport, row: WantedPicture, done: Fetched) -> None:
    rows = _claim(kept, row)
    if not rows:
        return
    tries = rows[0].tries
    try:
        if tries > MOST_TRIES:
            raise NotFetched("fetch_interrupted")
        image = _taken_before(kept, row) or intake(
            actor=owner, data=fetch(row.source), alt=row.alt, filename=row.source
        )
    except NotFetched as error:
        if error.passing and tries < MOST_TRIES:
            _mark(rows, state="waiting", reason=error.code)
            done.later += len(rows)
            return
        _mark(rows, state="failed", reason=error.code)
        done.failed += len(rows)
        return
    except UploadRefused as problem:
        _mark(rows, state="failed", reason=problem.code)
        done.failed += len(rows)
        return
    except Exception:
        # One picture that breaks us must not hold up the others; its tries run out.
        logger.exception("picture %s of import %s", row.pk, kept.pk)
        done.later += len(rows)
        return
    for one in rows:
        reason = attach(one, image)
        if reason:
            _mark([one], state="failed", reason=reason)
            done.failed += 1
        else:
            done.taken += 1


def _claim(kept: ProductImport, row: WantedPicture) -> list[WantedPicture]:
    """Claim every row of the same address by moving its next try on; empty: somebody else did."""
    pause = PAUSES[min(row.tries, len(PAUSES) - 1)]
    again = clock.now() + pause
    claimed = (
        _due().filter(file=kept, digest=row.digest).update(next_try_at=again, tries=F("tries") + 1)
    )
    if not claimed:
        return []
    mine = kept.pictures.filter(digest=row.digest, state="waiting", next_try_at=again)
    return list(mine.order_by("product_id", "position", "id"))


def _taken_before(kept: ProductImport, row: WantedPicture) -> Image | None:
    """Return the picture of this address that another product of the file has got already."""
    twin = (
        kept.pictures.filter(digest=row.digest, state="taken", image__isnull=False)
        .select_related("image")
        .first()
    )
    return twin.image if twin is not None else None


def _mark(rows: list[WantedPicture], *, state: str, reason: str) -> None:
    """Note what came of rows that are still waiting: a ZIP may have brought them meanwhile."""
    waiting = WantedPicture.objects.filter(pk__in=[row.pk for row in rows], state="waiting")
    waiting.update(state=state, reason=reason)
