"""What a browser did before it signed in joins the account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.orders.actions import join_cart
from banyan.orders.actions.merging import give_back, hand_over
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.people.ports import GuestPurchase
from banyan.sharing.actions import claim_touches


def join_touches(*, account: Account, visitor: str | None, request_token: str) -> None:
    """Join the browser's touches to the account."""
    claim_touches(actor=Actor(kind="member", id=account.pk), visitor=visitor, account_id=account.pk)


def join_cart_of_browser(*, account: Account, visitor: str | None, request_token: str) -> None:
    """Join the browser's cart to the account's."""
    join_cart(actor=Actor(kind="member", id=account.pk), token=request_token)


class GuestOrders:
    """Purchases that were made as a guest."""

    name = "orders"

    def find(self, *, channel: str, contact: str) -> Sequence[GuestPurchase]:
        """Return guest purchases made with a verified contact."""
        rows = Checkout.objects.filter(buyer=None)
        if channel == "email":
            rows = rows.filter(contact_email__iexact=contact)
        else:
            rows = rows.filter(contact_phone=contact)
        return [
            GuestPurchase(
                id=row.pk,
                number=row.number,
                title=row.number,
                total=Money(row.total_amount, row.currency),
                at=row.created_at,
            )
            for row in rows.order_by("-id")[:50]
        ]

    def locks(self, ids: Sequence[int]) -> Iterable[LockKey]:
        """Return the locks that moving needs."""
        return [LockKey("checkout", checkout_id) for checkout_id in ids]

    def move(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """Give the purchases to the account."""
        return hand_over(actor=actor, account_id=account_id, checkout_ids=ids)

    def undo(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """Take them from it again."""
        return give_back(actor=actor, account_id=account_id, checkout_ids=ids)
