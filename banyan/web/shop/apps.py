"""App configuration."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Pages of the shop."""

    name = "banyan.web.shop"
    label = "web_shop"
