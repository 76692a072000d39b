"""What pages share: the session, dialogs, tables, filters, and how values are written."""
