"""Pages of the chat."""
