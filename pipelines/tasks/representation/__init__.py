"""Representation: images to vectors, compared with raw pixels, PCA and a random encoder."""
