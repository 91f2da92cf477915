"""Operations: the command line, the embedded database, the supervisor and the checks."""
