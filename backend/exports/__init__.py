"""Lists as files: columns, CSV, JSON Lines and Excel workbooks."""
