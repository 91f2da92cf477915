"""The pages of pictures, whether or not the site's own list has them."""

from django.urls import include, path

urlpatterns = [
    path("", include("banyan.web.media.urls")),
    path("", include("banyan.config.urls")),
]
