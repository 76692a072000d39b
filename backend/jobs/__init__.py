"""Background jobs: the worker, the runners it calls, and scheduling."""
