"""Typed attributes: what goods of a category say of themselves in figures and fixed words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField

from .goods import Category


class Attribute(models.Model):
    """An attribute of the goods of a category and of those below it; of all goods without one.

    ``code`` is the key in ``Product.attributes``. ``names`` maps languages to names; ``kind`` see
    ``rules.ATTRIBUTE_KINDS``; ``choices`` is a list of {"code", "names"}.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    category = models.ForeignKey(
        Category, null=True, on_delete=models.CASCADE, related_name="attributes"
    )
    names = models.JSONField(default=dict)
    kind = models.CharField(max_length=8)
    unit = models.CharField(max_length=12, blank=True, default="")
    choices = models.JSONField(default=list)
    is_required = models.BooleanField(default=False)
    is_filterable = models.BooleanField(default=False)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_attribute"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["text", "number", "choice", "yesno", "date"]),
                name="attribute_kind",
            )
        ]
