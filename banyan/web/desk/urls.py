"""URLs of the desk."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from . import cascades

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", RedirectView.as_view(pattern_name="admin:index")),
    # Before the back office, which answers everything else below its address.
    path("desk/cascades", cascades.cascade_list, name="cascades"),
    path("desk/cascades/<int:cascade_id>", cascades.cascade_page, name="cascade"),
    path("desk/", admin.site.urls),
]
