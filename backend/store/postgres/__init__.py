"""PostgreSQL engine of the store: connections, schema, video search and bulk export."""
