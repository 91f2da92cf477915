"""All pages, in one flat list (see ``shop/urls``)."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

from banyan.web.studio import home, staff

from . import pwa, views
from .desk import urls as desk
from .media import urls as media
from .payments import urls as payments
from .shop import urls as shop

urlpatterns: list[URLPattern | URLResolver] = [
    *payments.urlpatterns,
    *shop.urlpatterns,
    *media.urlpatterns,
    path("join/<str:token>", staff.join, name="studio_join"),
    path("studio", home.home),  # typed by hand
    path("studio/", include("banyan.web.studio.urls")),
    *desk.urlpatterns,
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.worker, name="service_worker"),
    path("sw/version", pwa.version, name="service_worker_version"),
    path("offline", pwa.offline, name="offline"),
    path("language", views.set_language, name="set_language"),
    path("theme", views.set_theme, name="set_theme"),
]
if settings.DEMO or settings.DEBUG or settings.TESTING:
    # One machine: the web process serves pictures itself; behind a proxy the proxy does.
    urlpatterns.append(re_path(r"^media/(?P<path>.+)$", views.media, name="media"))
