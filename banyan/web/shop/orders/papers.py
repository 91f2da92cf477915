"""The buyer's papers: receipt, invoice, credit notes, and a 发票 to ask for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.orders import actions as orders
from banyan.orders.access import get_document_for, get_order_for, get_order_for_buyer
from banyan.orders.models import Document, Fapiao

from ...http import actor, link_token, pressed, private


@require_POST
@private
def document_issue(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Write the receipt or invoice of an order, and send it."""
    order = get_order_for_buyer(actor(request), order_id, token)
    made = orders.issue_document(
        actor=actor(request),
        order_id=order.pk,
        kind=request.POST.get("kind", ""),
        access_token=token,
    )
    return pdf_answer(made)


@require_safe
@private
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Send a document as PDF to whoever may see its order."""
    found = get_document_for(actor(request), document_id, link_token(request))
    return pdf_answer(found)


def pdf_answer(found: Document) -> HttpResponse:
    """Return a document's bytes as a download."""
    file = orders.pdf_of(found)
    answer = HttpResponse(bytes(file.pdf), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["ETag"] = f'"{file.sha256}"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@private
def fapiao(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Ask for a 发票, correct what was asked, or see what became of it."""
    who = actor(request)
    order = get_order_for_buyer(who, order_id, token)
    found = Fapiao.objects.defer("file").filter(order=order).first()
    problem: Problem | None = None
    if request.method == "POST":
        data = request.POST
        try:
            if pressed(request, "", "withdraw") == "withdraw":
                orders.withdraw_fapiao(actor=who, order_id=order.pk, access_token=token)
            else:
                orders.ask_fapiao(
                    actor=who,
                    order_id=order.pk,
                    title_kind=data.get("title_kind", ""),
                    title=data.get("title", ""),
                    tax_id=data.get("tax_id", ""),
                    email=data.get("email", ""),
                    access_token=token,
                )
        except Problem as refused:
            if refused.status not in {409, 422}:
                raise
            problem = refused
        else:
            messages.success(request, _("Thank you. The shop has been told."))
            return redirect("order_fapiao", token, order.pk)
    values = request.POST if problem else _values(found, order.checkout.contact_email)
    chosen = values.get("title_kind", "personal")
    kinds = [("personal", pgettext("buyer", "A person")), ("company", _("A company"))]
    context = {
        "nav": "orders",
        "order": order,
        "token": token,
        "found": found,
        "amount": Money(found.amount, order.currency) if found else None,
        "values": values,
        "kinds": [{"value": v, "text": text, "checked": v == chosen} for v, text in kinds],
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = 422 if problem else 200
    return render(request, "shop/orders/fapiao.html", context, status=status)


def _values(found: Fapiao | None, email: str) -> dict[str, str]:
    if found is None:
        return {"email": email, "title_kind": "personal"}
    names = ("title_kind", "title", "tax_id", "email")
    return {name: str(getattr(found, name)) for name in names}


@require_safe
@private
def fapiao_file(request: HttpRequest, order_id: int) -> HttpResponse:
    """Send the 发票 that the shop has put there, to whoever may see the order."""
    order = get_order_for(actor(request), order_id, link_token(request))
    found = Fapiao.objects.filter(order=order, state="issued").exclude(file=None).first()
    if found is None or found.file is None:
        raise NotFound()
    answer = HttpResponse(bytes(found.file), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}.{found.file_kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
