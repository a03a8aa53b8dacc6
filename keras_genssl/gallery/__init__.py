"""Galleries: embeddings with names; who is it, are these two the same, and a new person from one photograph.

Guide: docs/faces.md.

Galleries need NumPy only: with an exported encoder, neither Keras nor TensorFlow is needed. With FAISS installed
(`pip install keras_genssl[faiss]`) large galleries are searched faster, with the same results.

    people = kg.gallery.Gallery()
    people.enrol(model.encode(photographs), names)
    people.calibrate(false_accept_rate=0.01)
    people.identify(model.encode(strangers))
"""

from keras_genssl.gallery.gallery import Gallery
from keras_genssl.gallery.matches import Calibration, Match, calibrate_threshold

__all__ = ["Calibration", "Gallery", "Match", "calibrate_threshold"]
