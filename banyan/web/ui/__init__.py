"""The design system: tokens, icons, template components, layouts and their gallery."""
