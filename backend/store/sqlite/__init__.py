"""The store's engine for SQLite: connections, schema, search, export, and throttling of sign-ins."""
