"""The log, and metrics for Prometheus."""
