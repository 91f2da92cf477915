"""The share-link edge: a WSGI layer that answers /s/CODE before Django is asked."""
