"""WSGI entry: the share-link edge first, then Django."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
django_application = get_wsgi_application()

from banyan.payments.checks import tell_findings  # noqa: E402  (apps must be ready first)
from banyan.web.edge.app import Edge  # noqa: E402  (as above)

from .processor import placed  # noqa: E402  (as above)

tell_findings()
application = placed(Edge(django_application))

# What was loaded stays for good, and requests leave few cycles behind: the collector need not look
# through all of it after every few hundred new objects.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
