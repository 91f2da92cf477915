"""Sign-in settings of django-allauth: typed codes by e-mail or phone, never a link."""
