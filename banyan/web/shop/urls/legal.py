"""URLs of legal texts, export and erasure."""

from django.urls import path

from ..legal import data, texts

urlpatterns = [
    path("legal", texts.index, name="legal"),
    path("legal/agree", texts.agree, name="legal_agree"),
    path("legal/terms", texts.text, {"kind": "terms"}, name="legal_terms"),
    path("legal/privacy", texts.text, {"kind": "privacy"}, name="legal_privacy"),
    path("legal/<slug:kind>", texts.text, name="legal_text"),
    path("legal/<slug:kind>/<int:version>", texts.text, name="legal_version"),
    path("me/data", data.mine, name="my_data"),
    path("me/data/export", data.export_ask, name="export_ask"),
    path("me/data/export/<int:export_id>", data.export_take, name="export_take"),
    path("o/<str:token>/data", data.purchase, name="purchase_data"),
    path(
        "o/<str:token>/data/<int:export_id>",
        data.purchase_export_take,
        name="purchase_export_take",
    ),
]
