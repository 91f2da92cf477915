"""Pure rules of moderation."""
