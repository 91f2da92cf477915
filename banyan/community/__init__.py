"""Posts and what people do with them: feeds, topics, boards, polls, comments, likes."""
