"""Translation: images of one domain to another."""
