"""Carriers that shops choose from. Only addresses that the carriers publish are here: no guesses.

A shop may name any other carrier; its parcels then have a number and no link.
"""

from __future__ import annotations

from urllib.parse import quote

CARRIERS: dict[str, str] = {
    "SF Express": "",
    "ZTO Express": "",
    "YTO Express": "",
    "STO Express": "",
    "Yunda Express": "",
    "JD Logistics": "",
    "EMS": "",
    "China Post": "",
    "Hongkong Post": "",
    "DHL": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "La Poste": "https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
}
"""Name of a carrier to the address of its public tracking page; empty where none is known."""

_BY_NAME = {name.casefold(): url for name, url in CARRIERS.items()}


def tracking_url(carrier: str, number: str) -> str:
    """Return where a parcel can be followed, or nothing."""
    pattern = _BY_NAME.get(carrier.strip().casefold(), "")
    return pattern.format(number=quote(number, safe="")) if pattern and number else ""
