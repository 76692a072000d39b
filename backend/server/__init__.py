"""The HTTP layer: REST, media, the proxy to the dashboard, OpenAPI, and uvicorn's limits."""
