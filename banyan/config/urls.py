"""URL root: each surface brings its own list."""

from django.conf import settings
from django.urls import include, path

from banyan.web.urls import urlpatterns as pages

urlpatterns = [
    *pages,
    path("api/", include("banyan.api.urls")),
]
if settings.DEBUG or settings.TESTING:
    urlpatterns.append(path("_ui/", include("banyan.web.ui.urls")))

handler404 = "banyan.web.problems.not_found"
handler500 = "banyan.web.problems.server_error"
