"""Pages of reports, decisions, appeals and rights holders."""
