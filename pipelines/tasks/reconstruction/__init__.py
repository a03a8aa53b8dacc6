"""Reconstruction: images through a narrow code and back, compared with PCA."""
