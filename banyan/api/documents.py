"""Documents of an order: receipt, invoice, credit notes; their PDF."""

from __future__ import annotations

import base64
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Router

from banyan.orders import actions as orders
from banyan.orders.access import get_document_for, get_order_for
from banyan.orders.models import Document

from .gate import ANYONE, ANYONE_WRITES, caller_of
from .schemas import Answer, Body, Id, IdOut, Moment

router = Router(tags=["documents"])


class DocumentBody(Body):
    """Which document."""

    kind: Literal["receipt", "invoice"]


class DocumentAnswer(Answer):
    """A document; ``content_hash`` is the SHA-256 of its content in canonical JSON."""

    id: IdOut
    order_id: IdOut
    kind: str
    number: str
    refund_id: IdOut | None
    corrects_id: IdOut | None
    language: str
    content_hash: str
    issued_at: Moment


class FileAnswer(Answer):
    """The PDF of a document, in Base64, and its SHA-256."""

    number: str
    pdf: str
    sha256: str


def _document(found: Document) -> DocumentAnswer:
    return DocumentAnswer(
        id=found.pk,
        order_id=found.order_id,
        kind=found.kind,
        number=found.number,
        refund_id=found.refund_id,
        corrects_id=found.corrects_id,
        language=found.language,
        content_hash=found.content_hash,
        issued_at=found.issued_at,
    )


@router.get("/orders/{order_id}/documents", auth=ANYONE, response=list[DocumentAnswer])
def list_documents(request: HttpRequest, order_id: Path[Id]) -> Any:
    """List the documents of an order, oldest first, for whoever may see it."""
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    return [_document(each) for each in order.documents.order_by("id")]


@router.post("/orders/{order_id}/documents", auth=ANYONE_WRITES, response=DocumentAnswer)
def issue_document(request: HttpRequest, order_id: Path[Id], body: DocumentBody) -> Any:
    """Write the receipt or invoice of a paid order, once; repeatable."""
    caller = caller_of(request)
    found = orders.issue_document(
        actor=caller.actor,
        order_id=order_id,
        kind=body.kind,
        access_token=caller.access_token,
    )
    return _document(found)


@router.get("/documents/{document_id}/file", auth=ANYONE, response=FileAnswer)
def read_document_file(request: HttpRequest, document_id: Path[Id]) -> Any:
    """Return the PDF of a document, for whoever may see its order."""
    caller = caller_of(request)
    found = get_document_for(caller.actor, document_id, caller.access_token)
    file = orders.pdf_of(found)
    return FileAnswer(
        number=found.number,
        pdf=base64.b64encode(bytes(file.pdf)).decode(),
        sha256=file.sha256,
    )
