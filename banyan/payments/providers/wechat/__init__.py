"""WeChat Pay, API v3: JSAPI inside WeChat, native QR codes, H5 in a phone's browser."""

from .provider import WechatProvider

__all__ = ["WechatProvider"]
