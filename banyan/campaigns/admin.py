"""Back office of campaigns: pictures of likes elsewhere, where a shop lacks a second person."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel import clock
from banyan.kernel.office import Act, Cell, Errand, OfficeAdmin, Panel
from banyan.media.queries import pictures

from . import actions
from .models import OutsidePicture
from .outside import alike

MODERATION = ("moderation",)
OPEN = frozenset({"waiting", "vouched"})


def _accept(errand: Errand) -> None:
    actions.accept_outside(actor=errand.actor, picture_id=errand.row.pk, reason=errand.reason)


def _refuse(errand: Errand) -> None:
    actions.refuse_outside(actor=errand.actor, picture_id=errand.row.pk, reason=errand.reason)


@admin.register(OutsidePicture)
class OutsidePictureAdmin(OfficeAdmin):
    """Pictures that people showed for their plays; those that wait first."""

    place, singular = "outside-pictures", gettext_lazy("Picture from elsewhere")
    plural = gettext_lazy("Pictures from elsewhere")
    roles = MODERATION
    words = {
        "waiting": gettext_lazy("Waits for two people"),
        "vouched": gettext_lazy("Waits for a second person"),
        "accepted": gettext_lazy("Accepted"),
        "refused": gettext_lazy("Refused"),
    }
    list_display = ("campaign", "who", "state", "shown_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("instance__campaign__shop", "account", "first", "second")
    ordering = ("-state", "-id")
    facts = ("campaign", "who", "state", "shown_at", "vouched", "decided", "decided_at", "why")
    acts = (
        Act(
            "accept",
            gettext_lazy("Accept"),
            _accept,
            gettext_lazy("The first of two people vouches for it; with the second it is given."),
            gettext_lazy("Noted."),
            MODERATION,
            offered=lambda row: row.state in OPEN,
        ),
        Act(
            "refuse",
            gettext_lazy("Refuse it"),
            _refuse,
            gettext_lazy("Whoever showed it reads your reason, and may show another one."),
            gettext_lazy("Refused."),
            MODERATION,
            offered=lambda row: row.state in OPEN,
            grave=True,
        ),
    )

    def title_of(self, row: OutsidePicture) -> str:
        """Return whose it is, and for what."""
        return f"{self.who(row)}, {row.instance.campaign.title}"

    @admin.display(description=gettext_lazy("Campaign"))
    def campaign(self, row: OutsidePicture) -> str:
        """Return its shop and campaign."""
        campaign = row.instance.campaign
        return f"{campaign.shop.name if campaign.shop else ''}: {campaign.title}"

    @admin.display(description=gettext_lazy("Who showed it"))
    def who(self, row: OutsidePicture) -> str:
        """Return who showed it."""
        return f"@{row.account.handle}"

    @admin.display(description=gettext_lazy("Accepted first by"))
    def vouched(self, row: OutsidePicture) -> str:
        """Return who vouched for it."""
        return f"@{row.first.handle}" if row.first else ""

    @admin.display(description=gettext_lazy("Decided by"))
    def decided(self, row: OutsidePicture) -> str:
        """Return who decided."""
        return f"@{row.second.handle}" if row.second else ""

    def panels(self, request: HttpRequest, row: OutsidePicture) -> list[Panel]:
        """Return the way to the picture, and to those that look the same."""
        same = alike([row.pk]).get(row.pk, [])
        shown = pictures([row.image_id, *(one.image_id for one in same)])
        rows = [
            (
                Cell(self.who(one)),
                Cell(clock.told(one.shown_at)),
                Cell(self.words[one.state]),
                Cell(_("Open the picture"), shown[one.image_id]["src"])
                if one.image_id in shown
                else Cell("–"),
            )
            for one in (row, *same)
        ]
        headings = (_("Who showed it"), _("Time"), _("State"), _("Picture"))
        return [Panel(_("The picture, and those that look the same"), headings, rows)]
