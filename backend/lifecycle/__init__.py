"""How videos come in and go: uploads, imported catalogues, deletion."""
