"""Feed, posts, boards, profiles."""
