"""Settings, URL root, lock order."""
