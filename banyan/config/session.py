"""What this process is called on the database's server."""

import os

# ``pg_stat_activity`` shows it; a command knows its own sessions by it.
SESSION_NAME = f"banyan {os.getpid()}"
