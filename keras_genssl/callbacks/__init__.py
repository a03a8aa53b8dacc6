"""Callbacks: callbacks that measure, draw and save while `fit` runs.

images = data.load("prepared/photographs", batch_size=16)
model.fit(images, epochs=20, callbacks=[callbacks.Resume("out/train", images, every=50)])
"""

from keras_genssl.callbacks.fine_tuning_probe import FineTuningProbe
from keras_genssl.callbacks.image_metrics import ImageMetrics
from keras_genssl.callbacks.image_sheets import LatentWalk, ReconstructionGrid, SampleGrid
from keras_genssl.callbacks.input_wait import InputWait
from keras_genssl.callbacks.probes import ClusteringProbe, FewLabelProbe, KNNProbe, LinearProbe, Probe
from keras_genssl.callbacks.resume import Resume
from keras_genssl.callbacks.triplet_mining import TripletMining
from keras_genssl.engine.for_player import ForPlayer

__all__ = [
    "ClusteringProbe",
    "FewLabelProbe",
    "FineTuningProbe",
    "ForPlayer",
    "ImageMetrics",
    "InputWait",
    "KNNProbe",
    "LatentWalk",
    "LinearProbe",
    "Probe",
    "ReconstructionGrid",
    "Resume",
    "SampleGrid",
    "TripletMining",
]
