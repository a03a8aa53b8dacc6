"""Metric learning: images to vectors that are close for images of the same class.

Guide: docs/faces.md, from photographs to names.
"""
