"""Payouts by hand: finance pays by bank or wallet app, and says on the desk how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from ..problems import ForgedMessage, PayoutNotSupported, ProviderUnknown
from .base import (
    Acknowledgement,
    Capabilities,
    Charge,
    LedgerPlace,
    Message,
    PayoutOrder,
    ProviderState,
    RefundOrder,
    Started,
    Status,
)


class HandProvider:
    """The platform's own bank account: money leaves it by a person, and none comes in by it.

    Its account in the books stands for what left the bank this way.
    """

    name = "hand"
    label = _("By hand: bank or wallet app")
    capabilities = Capabilities(collects=False, payouts=True, by_hand=True)

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the account of what was paid by hand."""
        return LedgerPlace(kind="gateway", owner_kind="provider", label=self.name)

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Refuse: nobody pays in by hand."""
        raise ProviderUnknown(detail=f"{self.name} takes no payments")

    def query(self, charge: Charge) -> ProviderState:
        """Refuse: there is no payment to ask about."""
        raise ProviderUnknown(detail=f"{self.name} takes no payments")

    def cancel(self, charge: Charge) -> ProviderState:
        """Refuse: there is no payment to close."""
        raise ProviderUnknown(detail=f"{self.name} takes no payments")

    def refund(self, order: RefundOrder) -> ProviderState:
        """Refuse: what was never paid in does not go back."""
        raise PayoutNotSupported(detail=self.name)

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Refuse: there is no refund to ask about."""
        raise PayoutNotSupported(detail=self.name)

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Leave it to finance, whose word ends it."""
        return self._waits(order)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Say that it waits: only a person knows how it went."""
        return self._waits(order)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Refuse: nobody outside speaks for finance."""
        raise ForgedMessage(detail="payouts by hand send no messages")

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Answer whoever tried."""
        return Acknowledgement(status=200 if accepted else 503)

    def _waits(self, order: PayoutOrder) -> ProviderState:
        return ProviderState(status=Status.PENDING, provider_ref=order.provider_ref)
