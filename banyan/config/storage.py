"""Static files: hashed names, compressed once at collect time."""

from contextvars import ContextVar
from typing import Any

import brotli  # type: ignore[import-untyped]
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Brotli's best takes twenty times as long as this for a tenth less. What every page loads is worth
# it; the back office and the API viewer, which are most of the bytes, are not.
QUICK, BEST = 7, 11
_quality: ContextVar[int] = ContextVar("quality", default=QUICK)


class TwoSpeedCompressor(Compressor):  # type: ignore[misc] # the library is untyped
    """Compresses what our own pages load as well as it goes, the rest quickly."""

    def compress(self, path: str) -> Any:
        """Compress one file; called from several threads."""
        ours = "/ui/" in path or "/django_htmx/" in path
        _quality.set(BEST if ours else QUICK)
        return super().compress(path)

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the Brotli bytes."""
        return bytes(brotli.compress(data, quality=_quality.get()))


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # as above
    """Hash module imports too, so that every script may be cached for a year."""

    support_js_module_import_aggregation = True
    manifest_strict = False

    def create_compressor(self, **kwargs: Any) -> TwoSpeedCompressor:
        """Return the compressor of collected files."""
        return TwoSpeedCompressor(**kwargs)
