"""发票: asked for by the buyer, issued or turned down by the shop."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router
from pydantic import Field, StringConstraints

from banyan.kernel.problems import Invalid, NotFound
from banyan.orders import actions as orders
from banyan.orders.access import get_fapiao_for, visible_fapiao
from banyan.orders.models import Fapiao

from .gate import ANYONE, ANYONE_WRITES, READ, WRITE, actor, caller_of
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Id, IdOut, Moment, Money

router = Router(tags=["fapiao"])
State = Literal["asked", "issued", "refused", "withdrawn"]
STATE: Any = Query(None, description="Only these.")  # type: ignore[type-arg]  # ninja leaves it open


class FapiaoBody(Body):
    """On whom it is written. A company's ``tax_id`` is its unified social credit code."""

    title_kind: Literal["personal", "company"]
    title: Annotated[str, StringConstraints(max_length=120)]
    tax_id: Annotated[str, StringConstraints(max_length=20)] = ""
    email: Annotated[str, StringConstraints(max_length=254)]


class IssuedBody(Body):
    """Its number, and the file (PDF or OFD, at most 1.5 MB here) in Base64 if there is one."""

    number: Annotated[str, StringConstraints(min_length=6, max_length=40)]
    file: Annotated[
        Annotated[str, StringConstraints(max_length=2_000_000)] | None,
        Field(json_schema_extra={"contentEncoding": "base64"}),
    ] = None


class NotIssuedBody(Body):
    """Why not; the buyer reads it."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class FapiaoAnswer(Answer):
    """A 发票 of an order. ``state`` is one of the machine ``orders.fapiao.state``.

    ``amount`` is what is paid and not paid back. ``answer`` says why it was refused; ``file_kind``
    is pdf or ofd where the file can be read, else empty.
    """

    order_id: IdOut
    state: str
    title_kind: str
    title: str
    tax_id: str
    email: str
    amount: Money
    number: str
    file_kind: str
    answer: str
    created_at: Moment
    settled_at: Moment | None


class FapiaoFileAnswer(Answer):
    """The file as the shop put it there, in Base64; ``kind`` is pdf or ofd."""

    number: str
    kind: str
    file: str


def _fapiao(found: Fapiao) -> FapiaoAnswer:
    words = ("state", "title_kind", "title", "tax_id", "email", "number", "file_kind", "answer")
    return FapiaoAnswer(
        order_id=found.order_id,
        **{name: getattr(found, name) for name in words},
        amount=Money.at(found.amount, found.order.currency),
        created_at=found.created_at,
        settled_at=found.settled_at,
    )


@router.get("/orders/{order_id}/fapiao", auth=ANYONE, response=FapiaoAnswer)
def read_fapiao(request: HttpRequest, order_id: Path[Id]) -> Any:
    """Return what was asked for and what became of it; 404 where nobody asked."""
    caller = caller_of(request)
    return _fapiao(get_fapiao_for(caller.actor, order_id, caller.access_token))


@router.put("/orders/{order_id}/fapiao", auth=ANYONE_WRITES, response=FapiaoAnswer)
def ask_fapiao(request: HttpRequest, order_id: Path[Id], body: FapiaoBody) -> Any:
    """Ask for a 发票, or correct what was asked until it is issued. For the buyer."""
    caller = caller_of(request)
    found = orders.ask_fapiao(
        actor=caller.actor,
        order_id=order_id,
        **body.model_dump(),
        access_token=caller.access_token,
    )
    return _fapiao(found)


@router.post("/orders/{order_id}/fapiao/withdraw", auth=ANYONE_WRITES, response=FapiaoAnswer)
def withdraw_fapiao(request: HttpRequest, order_id: Path[Id]) -> Any:
    """Need none after all. For the buyer. Repeatable until it is issued."""
    caller = caller_of(request)
    found = orders.withdraw_fapiao(
        actor=caller.actor, order_id=order_id, access_token=caller.access_token
    )
    return _fapiao(found)


@router.post("/orders/{order_id}/fapiao/issue", auth=WRITE, response=FapiaoAnswer)
def issue_fapiao(request: HttpRequest, order_id: Path[Id], body: IssuedBody) -> Any:
    """Say that it is issued. For those who work in the shop. Repeatable."""
    file = None if body.file is None else _bytes(body.file)
    return _fapiao(
        orders.issue_fapiao(actor=actor(request), order_id=order_id, number=body.number, file=file)
    )


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Invalid(fields={"file": _("Send the file in Base64.")}) from error


@router.post("/orders/{order_id}/fapiao/refuse", auth=WRITE, response=FapiaoAnswer)
def refuse_fapiao(request: HttpRequest, order_id: Path[Id], body: NotIssuedBody) -> Any:
    """Say why it cannot be issued as asked. For those who work in the shop. Repeatable."""
    return _fapiao(
        orders.refuse_fapiao(actor=actor(request), order_id=order_id, reason=body.reason)
    )


@router.get("/orders/{order_id}/fapiao/file", auth=ANYONE, response=FapiaoFileAnswer)
def read_fapiao_file(request: HttpRequest, order_id: Path[Id]) -> Any:
    """Return the file of an issued 发票, for whoever may see its order."""
    caller = caller_of(request)
    found = get_fapiao_for(caller.actor, order_id, caller.access_token)
    if found.state != "issued" or found.file is None:
        raise NotFound()
    return FapiaoFileAnswer(
        number=found.number,
        kind=found.file_kind,
        file=base64.b64encode(bytes(found.file)).decode(),
    )


@router.get("/shops/{shop_id}/fapiao", auth=READ, response=Page[FapiaoAnswer])
def list_fapiao(
    request: HttpRequest,
    shop_id: Path[Id],
    state: State | None = STATE,
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List what a shop's buyers asked for, newest first. For those who work in it."""
    rows = visible_fapiao(actor(request), shop_id)
    if state is not None:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    return page_of(found, limit, lambda row: int(row.pk), _fapiao)
