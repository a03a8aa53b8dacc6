"""Representation: images to vectors, measured frozen, beside raw pixels, PCA and a random encoder."""
