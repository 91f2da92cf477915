"""Uploading pictures, and the pictures of a share: QR code, poster, preview cards."""
