"""Batch jobs over images with an exported model."""
