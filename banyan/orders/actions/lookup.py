"""Finding a guest's order again, without telling strangers that it exists."""

from __future__ import annotations

from banyan.kernel import clock
from banyan.notify.actions import send
from banyan.people.rules import clean_phone

from ..models import Checkout


def send_order_link(*, number: str, contact: str) -> None:
    """Send the order's link to the contact it was placed with; silent when nothing matches.

    ``number`` may be the purchase's or an order's. At most one message a minute per purchase.
    """
    checkout = Checkout.objects.filter(number=number.strip().upper().split("-")[0]).first()
    if checkout is None:
        return
    given = contact.strip().lower()
    phone = clean_phone(contact, checkout.address.get("country", "CN"))
    minute = int(clock.now().timestamp() // 60)
    if given and given == checkout.contact_email.lower():
        channel, destination = "email", checkout.contact_email
    elif phone and phone == checkout.contact_phone:
        channel, destination = "sms", checkout.contact_phone
    else:
        return
    send(
        channel=channel,
        destination=destination,
        kind="order.link",
        context={"number": checkout.number, "path": f"/o/{checkout.access_token}"},
        language=checkout.language,
        key=f"order.link:{checkout.pk}:{minute}",
        cause_id=checkout.pk,
    )
