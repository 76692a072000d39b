"""The schema of the SQLite database, and how older ones become it."""
