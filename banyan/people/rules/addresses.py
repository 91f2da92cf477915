"""Address forms: per country, only the fields that a parcel needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .contacts import clean_phone

ADDRESS_FIELDS = (
    "recipient",
    "phone",
    "country",
    "level1",
    "level2",
    "level3",
    "street",
    "postcode",
)
_LONGEST = {"street": 200, "recipient": 80, "phone": 20, "postcode": 12}

# Per country: the fields that are asked for, and those of them that must be filled.
ADDRESS_FORMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CN": (
        ("recipient", "phone", "level1", "level2", "level3", "street"),
        ("recipient", "phone", "level1", "level2", "street"),
    ),
    "TW": (
        ("recipient", "phone", "postcode", "level1", "level2", "street"),
        ("recipient", "phone", "level1", "level2", "street"),
    ),
    "US": (
        ("recipient", "street", "level2", "level1", "postcode"),
        ("recipient", "street", "level2", "level1", "postcode"),
    ),
}
_EU = (
    ("recipient", "street", "postcode", "level2"),
    ("recipient", "street", "postcode", "level2"),
)
EU_COUNTRIES = [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
for _code in EU_COUNTRIES:
    ADDRESS_FORMS[_code] = _EU

# A full match of the postcode once it is upper case with single spaces, and an example of it.
POSTCODES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(["AT", "BE", "BG", "CY", "DK", "HU", "LU", "SI"], (r"\d{4}", "1010")),
    **dict.fromkeys(["DE", "EE", "ES", "FI", "FR", "HR", "IT"], (r"\d{5}", "10115")),
    **dict.fromkeys(["CZ", "GR", "SE", "SK"], (r"\d{3} ?\d{2}", "110 00")),
    "IE": (r"[A-Z]\d[\dW] ?[A-Z\d]{4}", "D02 X285"),
    "LT": (r"(LT-)?\d{5}", "LT-01100"),
    "LV": (r"(LV-)?\d{4}", "LV-1010"),
    "MT": (r"[A-Z]{3} ?\d{4}", "VLT 1117"),
    "NL": (r"\d{4} ?[A-Z]{2}", "1012 AB"),
    "PL": (r"\d{2}-?\d{3}", "00-001"),
    "PT": (r"\d{4}(-\d{3})?", "1100-148"),
    "RO": (r"\d{6}", "010011"),
    "TW": (r"\d{3}(\d{2,3})?", "106"),
    "US": (r"\d{5}(-\d{4})?", "94110"),
}

US_STATES = {
    "ALABAMA": "AL", "ALASKA": "AK", "ARIZONA": "AZ", "ARKANSAS": "AR", "CALIFORNIA": "CA",
    "COLORADO": "CO", "CONNECTICUT": "CT", "DELAWARE": "DE", "DISTRICT OF COLUMBIA": "DC",
    "FLORIDA": "FL", "GEORGIA": "GA", "HAWAII": "HI", "IDAHO": "ID", "ILLINOIS": "IL",
    "INDIANA": "IN", "IOWA": "IA", "KANSAS": "KS", "KENTUCKY": "KY", "LOUISIANA": "LA",
    "MAINE": "ME", "MARYLAND": "MD", "MASSACHUSETTS": "MA", "MICHIGAN": "MI", "MINNESOTA": "MN",
    "MISSISSIPPI": "MS", "MISSOURI": "MO", "MONTANA": "MT", "NEBRASKA": "NE", "NEVADA": "NV",
    "NEW HAMPSHIRE": "NH", "NEW JERSEY": "NJ", "NEW MEXICO": "NM", "NEW YORK": "NY",
    "NORTH CAROLINA": "NC", "NORTH DAKOTA": "ND", "OHIO": "OH", "OKLAHOMA": "OK", "OREGON": "OR",
    "PENNSYLVANIA": "PA", "PUERTO RICO": "PR", "RHODE ISLAND": "RI", "SOUTH CAROLINA": "SC",
    "SOUTH DAKOTA": "SD", "TENNESSEE": "TN", "TEXAS": "TX", "UTAH": "UT", "VERMONT": "VT",
    "VIRGINIA": "VA", "WASHINGTON": "WA", "WEST VIRGINIA": "WV", "WISCONSIN": "WI", "WYOMING": "WY",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressField:
    """One field of a country's form; ``autocomplete`` is the browser's word for it."""

    name: str
    label: Any
    autocomplete: str
    required: bool
    example: str = ""
    inputmode: str = "text"


_LABELS: dict[str, Any] = {
    "recipient": _("Name of the recipient"),
    "phone": _("Phone for the courier"),
    "level1": _("Province"),
    "level2": _("City"),
    "level3": _("District"),
    "street": _("Street and house number"),
    "postcode": _("Postcode"),
}
_LABELS_OF: dict[str, dict[str, Any]] = {
    "CN": {"level3": _("District or county"), "street": _("Street, building, door")},
    "TW": {"level1": _("County or city"), "level2": _("District or township")},
    "US": {"level1": pgettext_lazy("United States", "State"), "postcode": _("ZIP code")},
}
_AUTOCOMPLETE = {
    "recipient": "name",
    "phone": "tel",
    "level1": "address-level1",
    "level2": "address-level2",
    "level3": "address-level3",
    "street": "address-line1",
    "postcode": "postal-code",
}


def address_form(country: str) -> list[AddressField]:
    """Return the fields of a country's form in the order people write them; KeyError if unknown."""
    shown, required = ADDRESS_FORMS[country]
    return [_field(name, country, required=name in required) for name in shown]


def _field(name: str, country: str, *, required: bool) -> AddressField:
    label = _LABELS_OF.get(country, {}).get(name, _LABELS[name])
    example = POSTCODES[country][1] if name == "postcode" and country in POSTCODES else ""
    numeric = name == "postcode" and example.isdigit()
    inputmode = "tel" if name == "phone" else "numeric" if numeric else "text"
    return AddressField(name, label, _AUTOCOMPLETE[name], required, example, inputmode)


def clean_address(given: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return (address with only the country's fields, errors by field)."""
    country = str(given.get("country") or "").upper()
    if country not in ADDRESS_FORMS:
        return {}, {"country": _("We do not deliver to this country yet.")}
    shown, required = ADDRESS_FORMS[country]
    address = {"country": country}
    errors: dict[str, Any] = {}
    for name in shown:
        value = " ".join(str(given.get(name) or "").split())
        if len(value) > _LONGEST.get(name, 60):
            errors[name] = _("This is too long.")
        elif not value and name in required:
            errors[name] = _("Please fill this in.")
        address[name] = value
    _check_phone(address, errors, country)
    _check_postcode(address, errors, country)
    if country == "US" and "level1" not in errors:
        _check_state(address, errors)
    return address, errors


def _check_phone(address: dict[str, str], errors: dict[str, Any], country: str) -> None:
    if not address.get("phone") or "phone" in errors:
        return
    phone = clean_phone(address["phone"], country)
    if phone is None:
        errors["phone"] = _("This is not a phone number.")
    else:
        address["phone"] = phone


def _check_postcode(address: dict[str, str], errors: dict[str, Any], country: str) -> None:
    if not address.get("postcode") or "postcode" in errors or country not in POSTCODES:
        return
    address["postcode"] = address["postcode"].upper()
    pattern, example = POSTCODES[country]
    if re.fullmatch(pattern, address["postcode"]):
        return
    if country == "US":
        errors["postcode"] = _("Enter a ZIP code of five digits.")
    else:
        errors["postcode"] = _("A postcode looks like %(example)s here.") % {"example": example}


def _check_state(address: dict[str, str], errors: dict[str, Any]) -> None:
    state = address["level1"].upper().replace(".", "")
    state = US_STATES.get(state, state)
    if state not in US_STATES.values():
        errors["level1"] = _("Enter a state, such as CA or California.")
    else:
        address["level1"] = state
