"""Who signs in, and from where: passwords, and turns at checking them."""
