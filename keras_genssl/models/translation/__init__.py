"""Image-to-image translation: one domain in, another out.

Guide: docs/translation.md. `benchmarks/unpaired_translation.py` measures `CycleGAN` on photographs and prints.
"""
