"""Static files: hashed names, compressed once at collect time."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import brotli  # type: ignore[import-untyped]  # it has no types
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Brotli's best takes twenty times as long as this for a tenth less. What every page loads is worth
# it; the back office and the API viewer, which are most of the bytes, are not.
QUICK, BEST = 7, 11
_HASHED = re.compile(r"\.[0-9a-f]{12}\.")
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

    def compress_files(self, paths: Iterable[str]) -> Any:
        """Compress what pages load: by its hashed name, and no maps of sources.

        The same bytes lie there under their plain name, too, which no page asks for.
        """
        loaded = [one for one in paths if _HASHED.search(one) and not one.endswith(".map")]
        return super().compress_files(loaded)

    def create_compressor(self, **kwargs: Any) -> TwoSpeedCompressor:
        """Return the compressor of collected files."""
        return TwoSpeedCompressor(**kwargs)
