"""Authentication: passwords, permissions, tokens, and limits for password checks."""
