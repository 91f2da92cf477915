"""Reports, decisions and appeals; rules against spam."""
