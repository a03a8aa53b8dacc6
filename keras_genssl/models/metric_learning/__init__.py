"""Metric learning: images to vectors whose distances tell who is who.

Guide: docs/faces.md leads from photographs to names.
"""
