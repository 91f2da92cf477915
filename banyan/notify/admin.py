"""Back office of messages: what was sent to whom, and whether it left."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from banyan.kernel.office import OfficeAdmin

from .models import Message
from .stories import masked


@admin.register(Message)
class MessageAdmin(OfficeAdmin):
    """E-mails and text messages; contacts are masked, and the text may hold an order's link."""

    place, singular, plural = "messages", gettext_lazy("Message"), gettext_lazy("Messages")
    roles = ("support",)
    words = {
        "people.code": gettext_lazy("Sign-in code"),
        "order.link": gettext_lazy("Link to an order"),
        "order.receipt": gettext_lazy("Receipt"),
        "order.shipped": gettext_lazy("Parcel sent"),
        "order.refunded": gettext_lazy("Refund granted"),
        "order.return": gettext_lazy("Return"),
        "order.changed": gettext_lazy("Changed an order"),
        "shop.invited": gettext_lazy("Invitation to a shop"),
        "refund.sent": gettext_lazy("Refund sent"),
        "refund.failed": gettext_lazy("Refund failed"),
        "refund.refused": gettext_lazy("Refund turned down"),
        "payment.back": gettext_lazy("Payment sent back"),
        "fapiao.answered": gettext_lazy("发票"),
        "stock.back": gettext_lazy("Back in stock"),
        "coupon.ending": gettext_lazy("A coupon ends"),
        "price.ending": gettext_lazy("A price ends"),
        "sale.starts": gettext_lazy("A sale begins"),
        "remind.confirm": gettext_lazy("Confirm a reminder"),
        "digest": gettext_lazy("Digest"),
    }
    list_display = ("created_at", "kind", "channel", "to", "state", "error")
    list_filter = ("state", "kind", "channel")
    search_fields = ("=destination", "=cause_id")
    search_help_text = gettext_lazy("The whole e-mail address or phone number")
    ordering = ("-id",)
    facts = ("created_at", "kind", "channel", "to", "subject", "state", "sent_at", "error")

    @admin.display(description=gettext_lazy("Recipient"))
    def to(self, row: Message) -> str:
        """Return the contact with its middle struck out."""
        return masked(row.destination)
