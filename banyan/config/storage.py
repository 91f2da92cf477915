"""Static files: hashed names, compressed once at collect time."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # the library is untyped
    """Hash module imports too, so that every script may be cached for a year."""

    support_js_module_import_aggregation = True
    manifest_strict = False
