"""How videos enter and leave the catalogue: upload, import, review and deletion."""
