"""Everything that speaks HTTP: REST and media, the way to the dashboard, the description, and limits of uvicorn."""
