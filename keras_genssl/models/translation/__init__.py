"""Image-to-image translation: turns images of one domain into images of another.

Guide: docs/translation.md. `benchmarks/unpaired_translation.py` measures `CycleGAN` on photographs and prints.
"""
