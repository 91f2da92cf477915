"""Contacts: what somebody types as "e-mail or phone", in its one stored form."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

EMAIL = "email"
SMS = "sms"
REGIONS = {"zh-hans": "CN", "zh-hant": "TW", "en": "US"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A reachable address: ``channel`` is email or sms, ``value`` lower case or E.164."""

    channel: str
    value: str

    @property
    def masked(self) -> str:
        """The contact as it is shown before it is proven."""
        return mask_contact(self.value)


def clean_phone(text: str, country: str = "CN") -> str | None:
    """Return ``text`` as E.164, or None when it is not a possible phone number."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(text: str) -> str | None:
    """Return ``text`` as a lower-case e-mail address, or None when it is none.

    The whole address is lowered, because people do not know that it may matter.
    """
    email = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        return None
    return email if len(email) <= 120 else None


def read_contact(text: str, region: str = "CN") -> Contact | None:
    """Tell an e-mail address from a phone number; None when it is neither.

    A number without a country code is read as one of ``region``, and must be valid there.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if "@" in text:
        email = clean_email(text)
        return Contact(EMAIL, email) if email else None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return Contact(SMS, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def mask_contact(value: str) -> str:
    """Return enough of a contact for its owner to know it, too little for anybody else."""
    name, at, domain = value.partition("@")
    if at:
        return f"{name[:1]}•••@{domain}"
    return f"{value[:3]} ••• {value[-3:]}"
