"""Contrastive learning: representations from comparing views of images, without labels.

Guide: docs/contrastive.md; for the methods with a memory, `MoCo` and `InstanceDiscrimination`,
docs/momentum_methods.md.
"""
