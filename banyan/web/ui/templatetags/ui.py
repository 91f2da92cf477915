"""`{% load ui %}`: every component as a tag. Signatures are listed in docs/explanation/look.md."""

from __future__ import annotations

from django import template

from banyan.web.ui.tags import basics, figures, fixed, forms, goods, people, places, telling

register = template.Library()
for _part in (basics, figures, fixed, forms, goods, people, places, telling):
    register.tags.update(_part.register.tags)
    register.filters.update(_part.register.filters)
