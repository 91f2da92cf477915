"""Reports, decisions, limits and appeals; word filter, blocked pictures, rights holders."""
