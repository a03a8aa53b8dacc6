"""Pretext tasks: representations from labels that are made from the images themselves.

Guide: docs/pretext.md; for patches docs/pretext_patches.md, for colour and frames docs/pretext_colour.md. Results of
`DegradationPrediction`, which `benchmarks/perceptual_extractor.py` trains: docs/perceptual_extractor.md.
"""
