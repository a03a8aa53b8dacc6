"""Density: the probability of images, and images drawn from it."""
