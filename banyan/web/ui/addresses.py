"""Addresses of pages and static files, remembered: Django works each out anew."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.templatetags.static import static as django_static
from django.urls import NoReverseMatch, reverse


def url(name: str, *args: Any) -> str:
    """Return the address of a URL name; raises NoReverseMatch."""
    return _address(settings.ROOT_URLCONF, name, args)


def find_url(name: str, *args: Any) -> str:
    """Return the address of a URL name, or nothing where the installation has no such name."""
    return _found(settings.ROOT_URLCONF, name, args)


# What an address, or a text that is compiled in, hangs on. Only tests change it while we run.
DECIDING = frozenset({"LANGUAGES", "LOCALE_PATHS", "ROOT_URLCONF", "STATIC_URL", "STORAGES"})


@lru_cache(maxsize=2000, typed=True)
def _address(urlconf: str, name: str, args: tuple[Any, ...]) -> str:
    return reverse(name, urlconf, args)


@lru_cache(maxsize=200, typed=True)
def _found(urlconf: str, name: str, args: tuple[Any, ...]) -> str:
    try:
        return reverse(name, urlconf, args)
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=200)
def static(path: str) -> str:
    """Return the address of a static file."""
    return django_static(path)


def _forget(*, setting: str, **_: Any) -> None:
    if setting in DECIDING:
        for kept in (_address, _found, static):
            kept.cache_clear()


setting_changed.connect(_forget, dispatch_uid="banyan.web.ui.addresses")
