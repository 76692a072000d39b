"""Who signs in, and from where: passwords, one-time tickets, and turns at checking them."""
