"""Lists as files: columns, CSV, JSON lines and Excel workbooks."""
