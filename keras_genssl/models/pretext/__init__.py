"""Pretext tasks: labels that the images make themselves.

Guide: docs/pretext.md; of patches docs/pretext_patches.md, of colour and of frames docs/pretext_colour.md. What came of
`DegradationPrediction`, which `benchmarks/perceptual_extractor.py` trains: docs/perceptual_extractor.md.
"""

from keras_genssl.models.pretext.adversarial_context_encoder import AdversarialContextEncoder
from keras_genssl.models.pretext.colorization import Colorization
from keras_genssl.models.pretext.colorization_regression import ColorizationRegression
from keras_genssl.models.pretext.context_encoder import ContextEncoder
from keras_genssl.models.pretext.cpc import CPC
from keras_genssl.models.pretext.degradation_prediction import DegradationPrediction
from keras_genssl.models.pretext.jigsaw import Jigsaw
from keras_genssl.models.pretext.relative_position import RelativePosition
from keras_genssl.models.pretext.rotation import Rotation
from keras_genssl.models.pretext.shuffle_and_learn import ShuffleAndLearn
from keras_genssl.models.pretext.split_brain_autoencoder import SplitBrainAutoencoder
from keras_genssl.models.pretext.split_brain_regression import SplitBrainRegression

__all__ = [
    "CPC",
    "AdversarialContextEncoder",
    "Colorization",
    "ColorizationRegression",
    "ContextEncoder",
    "DegradationPrediction",
    "Jigsaw",
    "RelativePosition",
    "Rotation",
    "ShuffleAndLearn",
    "SplitBrainAutoencoder",
    "SplitBrainRegression",
]
