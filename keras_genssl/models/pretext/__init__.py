"""Pretext tasks: labels that the images make themselves.

Guide: docs/pretext.md; of patches docs/pretext_patches.md, of colour and of frames docs/pretext_colour.md. What came of
`DegradationPrediction`, which `benchmarks/perceptual_extractor.py` trains: docs/perceptual_extractor.md.
"""
