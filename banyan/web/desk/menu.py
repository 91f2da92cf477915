"""What stands in the desk's menu, by role."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from ..http import actor


def subheader(request: HttpRequest) -> str:
    """Return what stands below the name."""
    return _("Desk")


def stylesheet(request: HttpRequest) -> str:
    """Return our own additions to the look."""
    return static("desk/desk.css")


def favicon(request: HttpRequest) -> str:
    """Return the same icon as everywhere."""
    return static("ui/favicon.svg")


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """Return the ways out of the desk."""
    return [{"title": _("My account"), "link": reverse("me")}]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the menu that the actor's roles open."""
    who = actor(request)

    def entry(text: str, icon: str, name: str, *roles: str) -> dict[str, Any] | None:
        if not who.has_role(*roles):
            return None
        return {"title": text, "icon": icon, "link": reverse(name)}

    def table(text: str, icon: str, name: str, *roles: str) -> dict[str, Any] | None:
        return entry(text, icon, f"admin:{name}_changelist", *roles)

    groups = [
        (
            "",
            [
                entry(_("Home"), "home", "admin:index", "support", "finance", "moderation"),
                entry(_("Find an order"), "search", "admin:find_order", "support", "finance"),
            ],
        ),
        (
            _("People and shops"),
            [
                table(_("Shops"), "storefront", "catalog_shop", "moderation", "support", "finance"),
                table(_("Categories"), "category", "catalog_category", "moderation"),
                table(_("Attributes"), "sell", "catalog_attribute", "moderation"),
                table(_("Searches without a result"), "search_off", "catalog_emptysearch",
                      "moderation"),
                table(_("Permits"), "verified", "standing_permit", "moderation"),
                table(_("Guarded categories"), "shield", "standing_guardedcategory", "moderation"),
                table(_("Reports"), "flag_circle", "standing_report", "moderation"),
                table(_("Takedowns"), "block", "standing_takedown", "moderation", "support"),
                table(_("Appeals"), "balance", "standing_appeal", "moderation"),
                table(_("Cases"), "report", "moderation_case", "moderation"),
                table(_("Appeals of members"), "balance", "moderation_appeal", "moderation"),
                table(_("Limits"), "do_not_disturb", "moderation_sanction", "moderation"),
                table(_("Notices of rights holders"), "copyright", "moderation_rightsnotice",
                      "moderation"),
                table(_("Listed words"), "spellcheck", "moderation_listedword", "moderation"),
                table(_("Blocked pictures"), "hide_image", "moderation_blockedpicture",
                      "moderation"),
                table(_("People"), "group", "people_account", "support", "moderation"),
                entry(_("Who is one person"), "diversity_3", "admin:persons", "moderation"),
                table(_("Circles"), "cycle", "trust_circle", "moderation", "finance"),
                table(_("Groups"), "groups", "groups_group", "moderation"),
                entry(_("How shares travel"), "account_tree", "cascades",
                      "support", "finance", "moderation"),
                table(_("Pictures from elsewhere"), "photo_library",
                      "campaigns_outsidepicture", "moderation"),
                entry(_("Mechanics of campaigns"), "toggle_on", "admin:mechanics", "moderation"),
                table(_("Messages"), "mail", "notify_message", "support"),
                table(_("Legal texts"), "contract", "legal_legaltext", "support", "moderation"),
                table(_("Erasures"), "person_off", "legal_erasure", "support"),
                table(_("Exports"), "download", "legal_export", "support"),
            ],
        ),
        (
            _("Money"),
            [
                table(_("Refunds"), "undo", "orders_orderrefund", "support", "finance"),
                table(_("Disputes"), "gavel", "market_dispute", "support", "finance"),
                table(
                    _("Chargebacks"), "gavel", "payments_chargeback", "support", "finance",
                ),
                table(_("Escrows"), "lock_clock", "market_escrow", "support", "finance"),
                table(_("Payouts"), "payments", "earnings_payoutbatch", "finance"),
                table(_("Balances"), "account_balance_wallet", "ledger_account", "finance"),
                table(
                    _("Commissions"), "share", "earnings_commission",
                    "finance", "support", "moderation",
                ),
                table(_("Payments"), "credit_card", "payments_intent", "support", "finance"),
                table(
                    _("Provider messages"), "webhook", "payments_providermessage",
                    "support", "finance",
                ),
                table(
                    _("Refunds at the provider"), "currency_exchange", "payments_refund",
                    "support", "finance",
                ),
                table(
                    _("Payouts at the provider"), "account_balance", "payments_payout", "finance"
                ),
                table(_("Orders"), "receipt_long", "orders_order", "support", "finance"),
                table(_("Coupons"), "local_activity", "entitlements_coupon", "finance"),
                table(_("Books"), "menu_book", "ledger_journal", "finance"),
            ],
        ),
        (
            _("Machine room"),
            [
                table(
                    _("Audit log"), "history", "kernel_auditentry",
                    "support", "finance", "moderation",
                ),
                table(_("Events"), "bolt", "kernel_storedevent", "owner"),
                table(_("Undelivered events"), "running_with_errors", "kernel_deadevent", "owner"),
                table(_("Jobs"), "schedule", "procrastinate_procrastinatejob", "owner"),
                table(_("State changes"), "moving", "kernel_statechange", "owner"),
                table(_("Idempotency keys"), "key", "kernel_idempotencyrecord", "owner"),
                table(_("Flags"), "flag", "kernel_flag", "owner"),
                entry(_("Key rings"), "lock", "admin:key_rings", "owner"),
            ],
        ),
    ]  # fmt: skip
    shown = [(title, [item for item in items if item]) for title, items in groups]
    return [{"title": title, "separator": bool(title), "items": i} for title, i in shown if i]
