"""What has to be there before something without a parcel goes on sale."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Product
from banyan.kernel.problems import Conflict

from .actions import WAYS
from .models import DigitalFile, Terms


def may_publish(product: Product) -> None:
    """Refuse what nobody could be given: Conflict ``delivery_missing``. A pool may be empty."""
    if product.kind not in WAYS:
        return
    terms = Terms.objects.filter(product=product).first()
    if terms is None:
        raise Conflict(_("Say first how it is handed over."), code="delivery_missing")
    if terms.way != "file":
        return
    if not DigitalFile.objects.filter(product=product, is_current=True).exists():
        raise Conflict(_("Upload the file for the buyers first."), code="delivery_missing")
