"""Components shared by pages: session, dialogs, tables, filters and formatting."""
