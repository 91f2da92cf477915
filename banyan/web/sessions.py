"""Sessions as Django keeps them, read by a statement that is made once."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from banyan.kernel.remembered import remembered


@remembered
def _living(session_key: str, now: dt.datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=session_key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    """Django's own store; every page of a member begins with this reading."""

    def _get_session_from_db(self) -> Session | None:
        found = _living.first(str(self.session_key), timezone.now())
        if found is None:
            self._session_key = None
        return found
