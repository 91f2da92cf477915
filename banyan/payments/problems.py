"""What payments refuse, each with a stable code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Busy, Conflict, Invalid, NotFound, Problem


class ProviderUnknown(NotFound):
    """No enabled payment provider has this name."""

    code = "provider_unknown"
    message = _("This way to pay is not available.")


class ProviderUnreachable(Busy):
    """The provider did not answer, or answered with a fault of its own; trying again is right."""

    code = "provider_unreachable"
    message = _("The payment service does not answer right now. Please try again in a moment.")

    def __init__(self, message: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("retry_after", 5)
        super().__init__(message, **kwargs)


class ProviderRefused(Conflict):
    """The provider understood and said no; ``reason`` is its own code. Trying again is no use."""

    code = "provider_refused"
    message = _("The payment service refused this. Please choose another way to pay.")

    def __init__(self, reason: str, *, detail: str = "") -> None:
        self.reason = reason
        super().__init__(detail=f"{reason} {detail}".strip(), extra={"reason": reason})


class ForgedMessage(Problem):
    """A message's signature is missing, wrong, or too old: nothing is stored."""

    code = "message_forged"
    status = 401
    message = _("The signature of this message is not valid.")


class UnreadableMessage(Invalid):
    """A signed message has no shape that the provider's documents know."""

    code = "message_unreadable"
    message = _("This message cannot be read.")


class PaymentClosed(Conflict):
    """The intent was cancelled or has expired; ``extra.state`` says which."""

    code = "payment_closed"
    message = _("The time to pay has passed. Please order again.")


class PaymentInReview(Conflict):
    """An unexpected amount arrived; a person has to look before more is paid."""

    code = "payment_in_review"
    message = _(
        "We received an unexpected amount and are looking into it. Please do not pay again."
    )


class LinkNotOffered(Conflict):
    """Only the payer in person can pay this way, so nobody else is given a link to."""

    code = "link_not_offered"
    message = _("This way to pay cannot be handed to somebody else.")


class PayerNotKnown(Conflict):
    """Whoever came back was not sent by this browser, or too long ago, or came twice."""

    code = "payer_not_known"
    message = _("We could not see who pays. Please press Pay again.")


class RefundTooLarge(Conflict):
    """More was asked back than is left of what was captured."""

    code = "refund_too_large"
    message = _("This is more than what is left of the payment.")


class PaymentChargedBack(Conflict):
    """The payer's bank is taking the money back: what is left is known once that has an end."""

    code = "payment_charged_back"
    message = _(
        "The payer's bank is taking this payment back. It can be refunded once that is decided."
    )


class RefundKeyReused(Conflict):
    """The key already stands for a refund or payout with other content."""

    code = "refund_key_reused"
    message = _("This was already requested with another amount.")


class RefundHeld(Conflict):
    """A refund failed, and the provider keeps its money until somebody sees to it there."""

    code = "refund_held"
    message = _(
        "This money is kept at the provider. It cannot be sent once more the way it was paid."
    )


class DestinationNotSupported(Conflict):
    """The provider can only send money back the way it came."""

    code = "destination_not_supported"
    message = _("This payment can only be refunded the way it was paid.")


class RequestNotOpen(Conflict):
    """A payment request was paid, taken back, or has expired."""

    code = "payment_request_not_open"
    message = _("There is nothing to pay here any more.")


class SplitTooLarge(Conflict):
    """More was to be passed on than is left of a payment, or taken back than was passed on."""

    code = "split_too_large"
    message = _("This is more than what is left of the payment.")


class PayoutNotSupported(Conflict):
    """The provider cannot pay out."""

    code = "payout_not_supported"
    message = _("This way of payout is not available.")
