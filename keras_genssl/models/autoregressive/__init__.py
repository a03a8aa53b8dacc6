"""Autoregressive methods: images whose pixels are drawn one after the other, with exact likelihoods.

Guide: docs/autoregressive.md.
"""
