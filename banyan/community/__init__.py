"""Posts, boards, comments, likes."""
