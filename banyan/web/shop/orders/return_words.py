"""Returns in words: reasons, states and conditions, alike for buyer and shop."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.orders.models import Return
from banyan.orders.queries import state_history
from banyan.web.ui.shapes import Entry


def reason_texts() -> dict[str, str]:
    """Return what can be wrong with goods, in the order of a form."""
    return {
        "changed_mind": _("I changed my mind"),
        "wrong_size": _("It does not fit"),
        "damaged": _("It arrived damaged"),
        "wrong_item": _("I got something else"),
        "not_as_described": _("It is not as described"),
        "other": _("Another reason"),
    }


def condition_texts() -> dict[str, str]:
    """Return in what condition goods come back, in the order of a form."""
    return {
        "as_new": _("As new"),
        "opened": _("Unpacked"),
        "used": _("Used"),
        "damaged": _("Damaged"),
        "missing": _("Not in the parcel"),
    }


def return_state(state: str) -> tuple[str, str]:
    """Return the text and the tone of a return's state."""
    known = {
        "asked": (_("Asked for; the shop decides"), "gold"),
        "approved": (_("Agreed; to be sent back"), "gold"),
        "sent": (_("On its way back"), "gold"),
        "received": (_("With the shop, which looks at it"), "gold"),
        "refunded": (_("Paid back"), "good"),
        "exchanged": (_("Exchanged"), "good"),
        "refused": (_("Turned down"), "bad"),
        "withdrawn": (_("Withdrawn"), ""),
        "lapsed": (_("Never sent"), ""),
    }
    return known.get(state, (state, ""))


def return_url(found: Return, token: str = "") -> str:
    """Return the buyer's page of a return; a guest's address carries the order's link."""
    url = reverse("return", args=[found.pk])
    return f"{url}?o={token}" if token else url


def _until_answered(found: Return) -> Entry:
    if found.escalated_at is not None:
        text = _("Not answered in time; the platform decides")
        return Entry(text=text, time=found.escalated_at, state="next")
    return Entry(text=_("The shop answers until"), time=found.due_by, state="next")


def return_entries(found: Return) -> list[Entry]:
    """Return what happened to a return, in order of time."""
    entries = [Entry(text=_("Asked for"), time=found.created_at, state="good")]
    for change in state_history("orders.return.state", found.pk):
        text, tone = return_state(change.target)
        detail = f"{found.carrier} {found.tracking}".strip() if change.target == "sent" else ""
        entries.append(
            Entry(
                text=text,
                time=change.at,
                detail=detail,
                state="bad" if tone == "bad" else "good",
            )
        )
    if found.state == "asked":
        entries.append(_until_answered(found))
    if found.state == "approved":
        entries.append(Entry(text=_("To be sent until"), time=found.due_by, state="next"))
    return entries
