"""URLs of the pages for shoppers and members, one list per area."""

from django.urls import include, path

urlpatterns = [
    path("", include(f"banyan.web.shop.urls.{area}"))
    for area in ("community", "earnings", "market", "orders", "people", "sharing")
]
