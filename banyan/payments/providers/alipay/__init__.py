"""Alipay: ``adapter`` is the provider; the other modules are what it is made of."""

from .adapter import AlipayProvider

__all__ = ["AlipayProvider"]
