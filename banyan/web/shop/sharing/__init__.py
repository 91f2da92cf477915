"""Share sheets, opened links, how a share travelled."""
