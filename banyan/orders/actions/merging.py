"""A guest's purchases become an account's, and back."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.entitlements.actions import count_for, count_no_more_for
from banyan.kernel.actors import Actor

from ..models import Checkout


def hand_over(*, actor: Actor, account_id: int, checkout_ids: Sequence[int]) -> list[int]:
    """Give guest purchases to an account, in the caller's transaction with their locks held.

    Coupon uses count as the account's from then on. Who earned from them stays as it was frozen.
    """
    moved = []
    for checkout in Checkout.objects.filter(pk__in=checkout_ids, buyer=None):
        Checkout.objects.filter(pk=checkout.pk).update(buyer_id=account_id)
        count_for(checkout_id=checkout.pk, person_key=f"account:{account_id}")
        moved.append(checkout.pk)
    return moved


def give_back(*, actor: Actor, account_id: int, checkout_ids: Sequence[int]) -> list[int]:
    """Undo :func:`hand_over`."""
    back = []
    for checkout in Checkout.objects.filter(pk__in=checkout_ids, buyer_id=account_id):
        contact = (checkout.contact_email or checkout.contact_phone).lower()
        Checkout.objects.filter(pk=checkout.pk).update(buyer=None)
        count_no_more_for(
            checkout_id=checkout.pk,
            person_key=f"account:{account_id}",
            instead=f"contact:{contact}",
        )
        back.append(checkout.pk)
    return back
