"""Who may have a unit of a flash sale that a campaign has set up: the sale asks here."""

from __future__ import annotations

from banyan.kernel.actors import Actor
from banyan.sales.models import Sale
from banyan.sales.ports import register_entry_check

from .actions.switching import check_on
from .audience import check_audience, check_person
from .models import Campaign
from .persons import person_of

FLASH_SALE = "flash_sale"


def check_entry(actor: Actor, sale: Sale) -> None:
    """Refuse whoever the campaign of a sale is not for, and everybody while its kind is off.

    No statement where it is for all. Raises LoginRequired, and Refused: ``paused``, and what
    ``audience`` refuses.
    """
    check_on(FLASH_SALE)
    if not sale.asks:
        return
    campaign = Campaign.objects.select_related("shop").get(pk=sale.campaign_id or 0)
    person = person_of(actor)
    check_person(campaign, person, verb="join")
    check_audience(actor, campaign, person, owner_id=None)


register_entry_check(check_entry)
