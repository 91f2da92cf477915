"""WSGI entry: the share-link edge first, then Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
django_application = get_wsgi_application()

from banyan.payments.checks import tell_findings  # noqa: E402  (apps must be ready first)
from banyan.web.edge.app import Edge  # noqa: E402  (as above)

tell_findings()
application = Edge(django_application)
