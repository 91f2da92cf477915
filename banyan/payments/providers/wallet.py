"""Closed-loop credit: pays at once from the payer's wallet account in our own ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock

from ..problems import ForgedMessage, PayoutNotSupported
from .base import (
    Acknowledgement,
    Action,
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


class WalletProvider:
    """Credit that can be spent here and nowhere else; it never leaves as cash.

    The money moves in the capture's own journal, from a guarded account that cannot go below
    zero; so a start is only the payer's word, and a refund only the refund's own journal.
    """

    name = "wallet"
    label = _("Wallet credit")
    capabilities = Capabilities(internal=True, needs_account=True)

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the payer's wallet."""
        if payer_id is None:
            raise ValueError("a wallet belongs to an account")
        return LedgerPlace(kind="wallet", owner_kind="account", owner_id=payer_id)

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Take the payer's word; nothing is left to do for them."""
        return Started(provider_ref=charge.reference, action=Action(kind="none"))

    def query(self, charge: Charge) -> ProviderState:
        """Say that the payer has agreed; whether the credit suffices is seen when it is taken."""
        return self._done(Status.SUCCEEDED, charge)

    def cancel(self, charge: Charge) -> ProviderState:
        """Forget the payer's word."""
        return self._done(Status.CANCELLED, charge)

    def refund(self, order: RefundOrder) -> ProviderState:
        """Say yes: the refund's journal gives the credit back."""
        return self._done(Status.SUCCEEDED, order)

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Say yes again."""
        return self._done(Status.SUCCEEDED, order)

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: closed-loop credit never leaves."""
        raise PayoutNotSupported(detail=self.name)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: closed-loop credit never leaves."""
        raise PayoutNotSupported(detail=self.name)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Refuse: nobody outside speaks for the wallet."""
        raise ForgedMessage(detail="the wallet sends no messages")

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Answer whoever tried."""
        return Acknowledgement(status=200 if accepted else 503)

    def _done(self, status: Status, order: Charge | RefundOrder) -> ProviderState:
        return ProviderState(
            status=status,
            provider_ref=order.provider_ref or order.reference,
            money=order.money,
            at=clock.now(),
        )
