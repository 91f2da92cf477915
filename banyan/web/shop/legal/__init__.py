"""Legal texts, and the pages where people take their data along or leave."""
