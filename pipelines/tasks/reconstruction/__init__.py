"""Reconstruction: images through a narrow code and back, against PCA."""
