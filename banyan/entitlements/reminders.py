"""What a member is reminded of: a coupon of theirs that ends."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.notify import kinds
from banyan.notify.kinds import Happening

ENDING = "coupon.ending"


def _ending(happening: Happening) -> str:
    return _("Your coupon “%(title)s” ends soon.") % {"title": happening.data["title"]}


kinds.register(ENDING, _ending, icon="tag", family="ending")
