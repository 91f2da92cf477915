"""Pictures: intake, renditions, staged uploads, posters and QR codes."""
