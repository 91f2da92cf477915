"""Addresses as they are written on a parcel of their country."""

from __future__ import annotations

from collections.abc import Mapping

from .countries import country_name


def written_address(address: Mapping[str, str], language: str) -> list[str]:
    """Return the lines of an address: who, telephone, then the place, its country by name last.

    ``address`` has the fields of ``ADDRESS_FORMS``; what is empty is left out. Only the country is
    in ``language``: the rest is for who delivers it.
    """
    country = address.get("country", "")
    place = _from_large_to_small if country in ("CN", "TW") else _from_small_to_large
    lines = [address.get("recipient", ""), address.get("phone", ""), *place(address)]
    return [line for line in (*lines, country_name(country, language)) if line]


def _from_large_to_small(address: Mapping[str, str]) -> list[str]:
    parts = [address.get(name, "") for name in ("level1", "level2", "level3", "street")]
    glue = " " if "".join(parts).isascii() else ""
    return [" ".join(filter(None, (address.get("postcode"), glue.join(filter(None, parts)))))]


def _from_small_to_large(address: Mapping[str, str]) -> list[str]:
    town, state, code = (address.get(name, "") for name in ("level2", "level1", "postcode"))
    if address.get("country") == "US":
        last = ", ".join(filter(None, (town, f"{state} {code}".strip())))
        return [address.get("street", ""), address.get("level3", ""), last]
    return [address.get("street", ""), address.get("level3", ""), f"{code} {town}".strip(), state]
