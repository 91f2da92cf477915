"""The tags of `{% load ui %}`, by kind."""
