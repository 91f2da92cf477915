"""URLs of reports, decisions, appeals and rights holders."""

from django.urls import path

from ..moderation import pages, rights

urlpatterns = [
    path("report/<slug:kind>/<int:subject_id>", pages.report, name="report"),
    path("decision/<str:token>", pages.decision, name="decision"),
    path("me/decisions", pages.decisions, name="decisions"),
    path("rights", rights.figures, name="rights"),
    path("rights/<slug:kind>/<int:subject_id>", rights.file, name="rights_file"),
    path("rights/<str:token>", rights.notice, name="rights_notice"),
]
