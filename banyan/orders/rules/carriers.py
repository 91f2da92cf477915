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

IN_CHINESE: dict[str, dict[str, str]] = {
    "zh-hans": {
        "SF Express": "顺丰速运",
        "ZTO Express": "中通快递",
        "YTO Express": "圆通速递",
        "STO Express": "申通快递",
        "Yunda Express": "韵达快递",
        "JD Logistics": "京东物流",
        "China Post": "中国邮政",
        "Hongkong Post": "香港邮政",
    },
    "zh-hant": {
        "SF Express": "順豐速運",
        "ZTO Express": "中通快遞",
        "YTO Express": "圓通速遞",
        "STO Express": "申通快遞",
        "Yunda Express": "韻達快遞",
        "JD Logistics": "京東物流",
        "China Post": "中國郵政",
        "Hongkong Post": "香港郵政",
    },
}
"""By language, what carriers of China call themselves; none of these has an address here."""


def suggested(language: str) -> list[str]:
    """Return the names that a shop chooses from, as its reader knows them."""
    names = IN_CHINESE.get(language, {})
    return [names.get(name, name) for name in CARRIERS]


_BY_NAME = {name.casefold(): url for name, url in CARRIERS.items()}


def tracking_url(carrier: str, number: str) -> str:
    """Return where a parcel can be followed, or nothing."""
    pattern = _BY_NAME.get(carrier.strip().casefold(), "")
    return pattern.format(number=quote(number, safe="")) if pattern and number else ""
