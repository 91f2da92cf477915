"""What purchases hold of people: sums and goods stay, contacts and addresses go."""

from __future__ import annotations

from banyan.kernel.personal import Erase, Person, holds, names_nobody
from banyan.sharing.personal import links_near, unnamed

from .models import OrderLine

BOOKS = "At least ten years, without names: what was sold for how much."
INVOICE = "At least ten years: invoices are kept as they were issued, by the law on tax."


def _unname_paths(person: Person) -> None:
    """Leave a number where a sharer stood in the paths of what others bought."""
    if person.account_id is None:
        return
    for line in OrderLine.objects.filter(link__in=links_near(person.account_id)).order_by("id"):
        path = unnamed(line.path, person.account_id)
        if path != line.path:
            OrderLine.objects.filter(pk=line.pk).update(path=path)


holds("orders.Cart", Erase.DELETE, "Until it is emptied.", owner=("account_id",))
holds("orders.CartItem", Erase.DELETE, "Until it is emptied.", owner=("cart__account_id",))
holds(
    "orders.Checkout", Erase.BLANK, BOOKS, owner=("buyer_id",), guest=("pk",),
    contact=("contact_email", "contact_phone"),
    fields=("contact_email", "contact_phone", "address", "visitor"),
)  # fmt: skip
holds("orders.Order", Erase.PSEUDONYM, BOOKS, owner=("checkout__buyer_id",), guest=("checkout_id",))
holds(
    "orders.OrderLine", Erase.BLANK, BOOKS, fields=("path",), act=_unname_paths,
    owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",),
)  # fmt: skip
holds(
    "orders.OrderRefund", Erase.BLANK, BOOKS, owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",), fields=("reason", "destination"),
)  # fmt: skip
holds(
    "orders.OrderNote", Erase.BLANK, BOOKS,
    owner=("author_id", "order__checkout__buyer_id"), guest=("order__checkout_id",),
    fields=("body",),
)  # fmt: skip
holds("orders.LegalEntity", Erase.KEEP, INVOICE, owner=("shop__owner_id",),
      fields=("name", "address", "tax_id"))  # fmt: skip
holds(
    "orders.Document", Erase.KEEP, INVOICE, owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",), fields=("content",),
)  # fmt: skip
holds("orders.DocumentFile", Erase.KEEP, INVOICE)
holds(
    "orders.Fapiao", Erase.KEEP, INVOICE, owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",), fields=("title", "tax_id", "email"),
)  # fmt: skip
holds(
    "orders.Shipment", Erase.BLANK, BOOKS, owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",), fields=("tracking",),
)  # fmt: skip
holds(
    "orders.AfterSaleTerms", Erase.BLANK, "As long as the shop.", owner=("shop__owner_id",),
    fields=("return_address", "instructions"),
)  # fmt: skip
holds(
    "orders.Return", Erase.BLANK, BOOKS,
    owner=("order__checkout__buyer_id", "order__shop__owner_id"), guest=("order__checkout_id",),
    fields=("text", "address", "tracking", "label"),
)  # fmt: skip
holds(
    "orders.ReturnPhoto", Erase.DELETE,
    "As long as the return, whose proof it is, or until its buyer leaves.",
    owner=("of__order__checkout__buyer_id",), guest=("of__order__checkout_id",),
)  # fmt: skip
holds(
    "orders.OrderChange", Erase.BLANK, BOOKS, owner=("order__checkout__buyer_id",),
    guest=("order__checkout_id",), fields=("before", "after", "reason"),
)  # fmt: skip
names_nobody(
    "orders.DocumentCounter", "orders.OrderChargeback", "orders.ShipmentLine", "orders.ReturnLine"
)
