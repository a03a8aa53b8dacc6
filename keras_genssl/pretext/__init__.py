"""Pure per-image functions that make training examples: NumPy and Pillow only, uint8 in and out.

The same function makes an example on disk (in a Beam pipeline) and on the fly (in `data.load`):

    pair = pretext.low_high(photograph, scale=2)
    patches = pretext.aligned_patches(pair, patch_size=96, stride=48)

A random function takes the example and an integer seed, and draws from nothing else.
"""

from keras_genssl.pretext.binarized import binarized
from keras_genssl.pretext.canvas import canvas_print
from keras_genssl.pretext.codec import DECODE_ERRORS, EXTENSIONS, MAX_PIXELS, decode_image, encode_png
from keras_genssl.pretext.degradation import DEGRADATIONS, degrade, degraded_pair
from keras_genssl.pretext.dihedral import dihedral
from keras_genssl.pretext.edges import drawn_pair, edge_drawing
from keras_genssl.pretext.jigsaw import jigsaw
from keras_genssl.pretext.masks import block_masked, center_masked
from keras_genssl.pretext.overlapping_patches import overlapping_patches
from keras_genssl.pretext.patch_augmentation import OPERATIONS, augment
from keras_genssl.pretext.patches import aligned_patches
from keras_genssl.pretext.permutations import permutation_set
from keras_genssl.pretext.relative_position import POSITIONS, relative_position
from keras_genssl.pretext.resize import crop_to_multiple, downscale, low_high, upscale
from keras_genssl.pretext.rotation import rotated
from keras_genssl.pretext.unpaired import Unpaired

__all__ = [
    "DECODE_ERRORS",
    "DEGRADATIONS",
    "EXTENSIONS",
    "MAX_PIXELS",
    "OPERATIONS",
    "POSITIONS",
    "Unpaired",
    "aligned_patches",
    "augment",
    "binarized",
    "block_masked",
    "canvas_print",
    "center_masked",
    "crop_to_multiple",
    "decode_image",
    "degrade",
    "degraded_pair",
    "dihedral",
    "downscale",
    "drawn_pair",
    "edge_drawing",
    "encode_png",
    "jigsaw",
    "low_high",
    "overlapping_patches",
    "permutation_set",
    "relative_position",
    "rotated",
    "upscale",
]
