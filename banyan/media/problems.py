"""Refusals of uploads. Each message names the file, because several are chosen at once."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Invalid


class UploadRefused(Invalid):
    """A file that cannot become a picture; the message names it."""

    code = "upload_refused"


class NotAnImage(UploadRefused):
    """The file's first bytes are those of no picture we know."""

    code = "upload_not_an_image"


class UnsupportedPicture(UploadRefused):
    """A picture, but of a kind that is not taken (HEIC, GIF, TIFF, BMP, SVG, JPEG XL)."""

    code = "upload_unsupported"


class TooLarge(UploadRefused):
    """More bytes than ``settings.MAX_UPLOAD_BYTES``."""

    code = "upload_too_large"


class TooManyPixels(UploadRefused):
    """More pixels than ``settings.MAX_UPLOAD_PIXELS``; found in the header, before decoding."""

    code = "upload_too_many_pixels"


class TooNarrow(UploadRefused):
    """One side is more than twenty times the other; no page could show it."""

    code = "upload_too_narrow"


class BrokenPicture(UploadRefused):
    """The file begins like a picture and cannot be decoded: truncated or damaged."""

    code = "upload_broken"


class NotAVideo(UploadRefused):
    """The file's first bytes are those of no MP4 or WebM."""

    code = "upload_not_a_video"


class TooLong(UploadRefused):
    """The video plays longer than ``settings.MAX_VIDEO_SECONDS``, by its own header."""

    code = "upload_too_long"


class StagedGone(Invalid):
    """A token of a staged upload is unknown, swept or somebody else's; ``extra`` lists them."""

    code = "staged_gone"
    message = _("A picture of this form is no longer there. Please add it again.")
