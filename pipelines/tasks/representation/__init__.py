"""Representation: images to vectors, measured frozen, next to raw pixels, PCA and a random encoder."""
