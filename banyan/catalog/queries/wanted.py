"""How it stands with the pictures that a product file names."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from ..models import ProductImport, WantedPicture

ADDRESSES = Q(source__contains="://")
# What the button tries: what failed, and what waited before anything fetched it.
AGAIN = ADDRESSES & (Q(state="failed") | Q(state="waiting", next_try_at=None))


@dataclass(frozen=True, slots=True)
class PictureCounts:
    """Rows of a file by state; ``coming`` of the waiting ones are fetched by themselves, ``again``
    are addresses that can be tried again."""

    taken: int
    waiting: int
    failed: int
    coming: int
    again: int

    @property
    def all(self) -> int:
        """Return how many pictures the file names."""
        return self.taken + self.waiting + self.failed

    @property
    def missing(self) -> int:
        """Return how many are not here."""
        return self.waiting + self.failed


def picture_counts(kept: ProductImport) -> PictureCounts:
    """Count the pictures of a file; one statement."""
    return PictureCounts(
        **kept.pictures.aggregate(
            taken=Count("id", filter=Q(state="taken")),
            waiting=Count("id", filter=Q(state="waiting")),
            failed=Count("id", filter=Q(state="failed")),
            coming=Count("id", filter=Q(state="waiting", next_try_at__isnull=False)),
            again=Count("id", filter=AGAIN),
        )
    )


def wanted_pictures(kept: ProductImport) -> QuerySet[WantedPicture]:
    """Return the pictures of a file with their products: failed first, then waiting, by line."""
    rank = Case(
        When(state="failed", then=Value(0)),
        When(state="waiting", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = kept.pictures.select_related("product")
    return rows.order_by(rank, "line", "product_id", "position", "id")
