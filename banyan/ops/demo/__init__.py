"""The demo: people, shops and their history, made by the same actions that members use."""
