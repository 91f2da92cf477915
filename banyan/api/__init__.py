"""The HTTP API, a module for each subject; docs/reference/http-api.md is its contract."""
