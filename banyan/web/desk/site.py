"""The desk as a site: who gets in, which tables are on it, what its pages may load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from banyan.kernel.http import actor
from banyan.kernel.office import OfficeAdmin
from banyan.kernel.problems import NotFound

from ..shop.people.login import logout
from ..shop.people.second_factor import staff_only

ROLES = ("support", "finance", "moderation")
# Their own back offices write to their tables without a reason: none of them is on the desk.
NOT_OURS = ("allauth.", "procrastinate.", "django.contrib.")

# The desk's own policy: its Alpine build evaluates expressions, its colours are an inline style.
POLICY: dict[str, Any] = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "object-src": [NONE],
    "form-action": [SELF],
}

# What the library's own pages say in English; named here so that our catalogues hold them.
SAID_BY_THE_LIBRARY = (
    gettext_lazy("Apply Filters"),
    gettext_lazy("Clear all filters"),
    gettext_lazy("Filters"),
    gettext_lazy("No results found"),
    gettext_lazy("Reset filters"),
    gettext_lazy("This page yielded into no results. Create a new item or reset your filters."),
    gettext_lazy("Type to search"),
)

View = Callable[..., HttpResponseBase]


class DeskSite(UnfoldAdminSite):  # type: ignore[misc]  # an untyped base
    """Only tables on ``OfficeAdmin``; only staff with a role, and a second factor where asked."""

    site_title = "Banyan desk"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[Any] | None = None,
        **options: Any,
    ) -> None:
        """Take a table on ``OfficeAdmin``; leave libraries' own out; refuse everything else."""
        if admin_class is not None and issubclass(admin_class, OfficeAdmin):
            super().register(model_or_iterable, admin_class, **options)
            return
        given: Any = model_or_iterable
        models: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
        if not all(model.__module__.startswith(NOT_OURS) for model in models):
            raise ImproperlyConfigured(f"{model_or_iterable} must be registered on OfficeAdmin")

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with any role."""
        return actor(request).has_role(*ROLES)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap every view of the desk: sign in, be staff, have a second factor."""
        inner = super().admin_view(view, cacheable)

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                raise NotFound()
            answer: HttpResponseBase = inner(request, *args, **kwargs)
            return answer

        guarded: View = csp(POLICY)(staff_only(entered))
        return guarded

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Sign out the way everybody does."""
        return logout(request)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        """There is one home; packages have none of their own."""
        return redirect("admin:index")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return our own pages and the registered tables; no password pages, no shortcuts."""
        from . import mechanics, pages, persons

        found: list[URLPattern | URLResolver] = [
            path("", self.admin_view(pages.home), name="index"),
            path("words/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
            path("search/", self.admin_view(pages.find_order), name="search"),
            path("leave/", self.logout, name="logout"),
            path("orders/", self.admin_view(pages.find_order), name="find_order"),
            path("orders/<str:number>/", self.admin_view(pages.order_story), name="order_story"),
            path("mechanics/", self.admin_view(mechanics.mechanic_list), name="mechanics"),
            path("persons/", self.admin_view(persons.person_page), name="persons"),
            path("keys/", self.admin_view(pages.key_rings), name="key_rings"),
        ]
        for model, model_admin in self._registry.items():
            place = model_admin.place or f"{model._meta.app_label}/{model._meta.model_name}"
            found.append(path(f"{place}/", include(model_admin.get_urls())))
        found.append(path("in/<str:app_label>/", self.admin_view(self.app_index), name="app_list"))
        return found
