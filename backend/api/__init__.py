"""The operation framework: declarations, parameters and JSON responses."""
