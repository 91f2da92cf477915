"""All pages."""

from django.conf import settings
from django.urls import include, path, re_path

from . import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("language", views.set_language, name="set_language"),
    path("theme", views.set_theme, name="set_theme"),
    path("", include("banyan.web.shop.urls")),
    path("studio/", include("banyan.web.studio.urls")),
    path("", include("banyan.web.desk.urls")),
    path("", include("banyan.web.payments.urls")),
    path("", include("banyan.web.media.urls")),
]
if settings.DEMO or settings.DEBUG or settings.TESTING:
    # One machine: the web process serves pictures itself; behind a proxy the proxy does.
    urlpatterns.append(re_path(r"^media/(?P<path>.+)$", views.media, name="media"))
