"""Pure rules of people: contacts, handles, addresses. No database, no clock."""

from .address_lines import ParsedAddress, parse_address_line
from .addresses import (
    ADDRESS_FIELDS,
    ADDRESS_FORMS,
    EU_COUNTRIES,
    AddressField,
    address_form,
    clean_address,
)
from .contacts import Contact, clean_email, clean_phone, mask_contact, read_contact
from .handles import clean_handle, handle_problem, suggest_handle

__all__ = [
    "ADDRESS_FIELDS",
    "ADDRESS_FORMS",
    "EU_COUNTRIES",
    "AddressField",
    "Contact",
    "ParsedAddress",
    "address_form",
    "clean_address",
    "clean_email",
    "clean_handle",
    "clean_phone",
    "handle_problem",
    "mask_contact",
    "parse_address_line",
    "read_contact",
    "suggest_handle",
]
