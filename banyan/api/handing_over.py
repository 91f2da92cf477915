"""What comes in no parcel: files, licence keys, vouchers, their terms, what buyers were given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import File, Path, Router, Status, UploadedFile
from pydantic import Field, StringConstraints

from banyan.catalog.access import get_product_for_staff, get_variant_for_staff
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery import actions as delivery
from banyan.delivery.models import DigitalFile, Scan, Terms, Voucher
from banyan.delivery.queries import Bought, bought, file_of, pool_counts, terms_of
from banyan.kernel import ratelimits
from banyan.kernel.keyrings import Ring, sign
from banyan.kernel.problems import NotFound
from banyan.orders.access import get_order_for_buyer

from .gate import ANYONE, READ, WRITE, actor, caller_of, goods, keyed
from .reading import check_form
from .schemas import Answer, Body, Id, IdOut, Moment, MomentIn

router = Router(tags=["handing over"])
FILES = (120, 3600)
Key = Annotated[str, StringConstraints(pattern=r"^[^\r\n]{1,500}$")]


class HandoverTermsBody(Body):
    """How it is handed over: a digital product by ``file`` or ``keys``, a voucher by ``voucher``.

    ``downloads`` is how often one bought copy may be fetched. A voucher is good from ``valid_from``
    until ``valid_until`` and for ``valid_days`` from the purchase, whichever ends first, at
    ``places``.
    """

    way: Literal["file", "keys", "voucher"]
    downloads: Annotated[int, Field(strict=True, ge=1, le=100)] = 5
    valid_from: MomentIn | None = None
    valid_until: MomentIn | None = None
    valid_days: Annotated[int | None, Field(strict=True, ge=1, le=3650)] = None
    places: Annotated[str, StringConstraints(max_length=400)] = ""


class HandoverTermsAnswer(Answer):
    """How a product is handed over."""

    product_id: IdOut
    way: str
    downloads: int
    valid_from: Moment | None
    valid_until: Moment | None
    valid_days: int | None
    places: str


class SoldFileAnswer(Answer):
    """The file that buyers of a product fetch: ``bytes`` long, ``sha256`` in hexadecimal."""

    product_id: IdOut
    name: str
    bytes: int
    sha256: str
    uploaded_at: Moment


class KeysBody(Body):
    """Licence keys, each once."""

    keys: Annotated[list[Key], Field(min_length=1, max_length=1000)]


class PoolAnswer(Answer):
    """A variant's pool: keys that are free, were given to buyers, and were withdrawn."""

    variant_id: IdOut
    free: int
    taken: int
    withdrawn: int


class VoucherAnswer(Answer):
    """A bought voucher; ``code`` is shown where it is redeemed. ``state`` is one of the machine
    ``delivery.voucher.state``.
    """

    id: IdOut
    code: str
    state: str
    places: str
    valid_from: Moment
    valid_until: Moment | None
    redeemed_at: Moment | None
    redeemed_place: str


class FileLinkAnswer(Answer):
    """A page to fetch a bought file from, good for an hour, and how often it still can be: not
    while it is taken down.
    """

    name: str
    size: int
    url: str
    left: int


class HandedAnswer(Answer):
    """What a line gave; ``missing`` units could not be given, and are paid back."""

    line_id: IdOut
    keys: list[str]
    file: FileLinkAnswer | None
    vouchers: list[VoucherAnswer]
    missing: int


class ScanBody(Body):
    """A voucher's code as it was read, and where."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    place: Annotated[str, StringConstraints(max_length=80)] = ""


class ScanAnswer(Answer):
    """How it went. ``result``: accepted, or why not: voucher_redeemed, voucher_refunded,
    voucher_expired, voucher_early, voucher_unknown. ``redeemed_at`` and ``redeemed_place`` say when
    and where it was redeemed.
    """

    result: str
    title: str
    redeemed_at: Moment | None
    redeemed_place: str


@router.get("/products/{product_id}/terms", auth=READ, response=HandoverTermsAnswer)
def read_terms(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Return how a product without a parcel is handed over. For those who work in its shop."""
    product = get_product_for_staff(actor(request), product_id)
    found = terms_of([product.pk]).get(product.pk)
    if found is None:
        raise NotFound()
    return _terms(found)


@router.put("/products/{product_id}/terms", auth=WRITE, response=HandoverTermsAnswer)
def set_terms(request: HttpRequest, product_id: Path[Id], body: HandoverTermsBody) -> Any:
    """Say how a product without a parcel is handed over. For the shop's managers. Repeatable."""
    terms = delivery.TermsInput(**body.model_dump())
    return _terms(delivery.set_terms(actor=actor(request), product_id=product_id, terms=terms))


def _terms(found: Terms) -> HandoverTermsAnswer:
    names = ("product_id", "way", "downloads", "valid_from", "valid_until", "valid_days", "places")
    return HandoverTermsAnswer(**{name: getattr(found, name) for name in names})


@router.get("/products/{product_id}/file", auth=READ, response=SoldFileAnswer)
def read_sold_file(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Return which file buyers of a product fetch. For those who work in its shop."""
    found = file_of(get_product_for_staff(actor(request), product_id).pk)
    if found is None:
        raise NotFound()
    return _sold_file(found)


@router.post("/products/{product_id}/file", auth=WRITE, response={201: SoldFileAnswer})
@goods
def upload_sold_file(request: HttpRequest, product_id: Path[Id], file: File[UploadedFile]) -> Any:
    """Upload the file that buyers of a product fetch from now on, earlier ones too. For the shop's
    managers.
    """
    who = actor(request)
    check_form(request)
    ratelimits.hit(f"sold-file:{who.id}", *FILES)
    kept = delivery.put_file(actor=who, product_id=product_id, file=file)
    return Status(201, _sold_file(kept))


def _sold_file(found: DigitalFile) -> SoldFileAnswer:
    return SoldFileAnswer(
        product_id=found.product_id,
        name=found.name,
        bytes=found.size,
        sha256=found.digest,
        uploaded_at=found.created_at,
    )


@router.get("/variants/{variant_id}/keys", auth=READ, response=PoolAnswer)
def count_keys(request: HttpRequest, variant_id: Path[Id]) -> Any:
    """Count a variant's licence keys. For those who work in the shop; no key is shown."""
    return _pool(get_variant_for_staff(actor(request), variant_id).pk)


@router.post("/variants/{variant_id}/keys", auth=WRITE, response=PoolAnswer)
def add_keys(request: HttpRequest, variant_id: Path[Id], body: KeysBody) -> Any:
    """Add licence keys to a variant's pool, which is its stock. For the shop's managers."""
    # As the column of a CSV file: a comma or a quote in a key is a part of it.
    column = "\n".join('"' + key.replace('"', '""') + '"' for key in body.keys)
    delivery.add_keys(actor=actor(request), variant_id=variant_id, text=column)
    return _pool(variant_id)


def _pool(variant_id: int) -> PoolAnswer:
    none = {"free": 0, "taken": 0, "withdrawn": 0}
    return PoolAnswer(variant_id=variant_id, **pool_counts([variant_id]).get(variant_id, none))


@router.get("/orders/{order_id}/handed-over", auth=ANYONE, response=list[HandedAnswer])
def list_handed_over(request: HttpRequest, order_id: Path[Id]) -> Any:
    """List keys, files and vouchers of a paid order. For its buyer only."""
    caller = caller_of(request)
    order = get_order_for_buyer(caller.actor, order_id, caller.access_token)
    lines = order.lines.exclude(kind__in=IN_PARCELS).order_by("id")
    given = bought(lines.values_list("id", flat=True))
    return [_handed(request, line_id, found) for line_id, found in sorted(given.items())]


def _handed(request: HttpRequest, line_id: int, found: Bought) -> HandedAnswer:
    return HandedAnswer(
        line_id=line_id,
        keys=found.keys,
        file=_file(request, found),
        vouchers=[_voucher(voucher, code) for voucher, code in found.vouchers],
        missing=found.missing,
    )


def _file(request: HttpRequest, found: Bought) -> FileLinkAnswer | None:
    if found.grant is None or found.file is None:
        return None
    path = reverse("bought_file", args=[sign(Ring.DELIVERY, f"grant-{found.grant.pk}")])
    return FileLinkAnswer(
        name=found.file.name,
        size=found.file.size,
        url=request.build_absolute_uri(path),
        left=found.grant.left,
    )


def _voucher(found: Voucher, code: str) -> VoucherAnswer:
    names = ("state", "places", "valid_from", "valid_until", "redeemed_at", "redeemed_place")
    return VoucherAnswer(id=found.pk, code=code, **{name: getattr(found, name) for name in names})


@router.post("/shops/{shop_id}/voucher-scans", auth=WRITE, response=ScanAnswer)
@keyed
def scan_voucher(request: HttpRequest, shop_id: Path[Id], body: ScanBody) -> Any:
    """Redeem a voucher, once. For those who work in the shop."""
    caller = caller_of(request)
    scan = delivery.redeem(
        actor=caller.actor, shop_id=shop_id, code=body.code, key=caller.key, place=body.place
    )
    return _scan(scan)


def _scan(found: Scan) -> ScanAnswer:
    voucher = found.voucher
    if voucher is not None:
        voucher.refresh_from_db()
    return ScanAnswer(
        result=found.result,
        title=voucher.title if voucher else "",
        redeemed_at=voucher.redeemed_at if voucher else None,
        redeemed_place=voucher.redeemed_place if voucher else "",
    )
