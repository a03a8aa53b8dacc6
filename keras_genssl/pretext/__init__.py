"""Training examples of pretext tasks: pure functions of single images, NumPy and Pillow only, uint8 in and out.

The same function makes an example on disk (in a Beam pipeline) and on the fly (in `data.load`):

    pair = pretext.low_high(photograph, scale=2)
    patches = pretext.aligned_patches(pair, patch_size=96, stride=48)
    pairs = data.load("photographs", batch_size=16, transform=pretext.low_high_patch)

A random function takes the example and an integer seed, and draws from nothing else.
"""

from keras_genssl.pretext.ab_bins import ab_bin_frequencies, ab_bins, nearest_ab_bin
from keras_genssl.pretext.binarized import binarized
from keras_genssl.pretext.binned_colours import binned_colours
from keras_genssl.pretext.camera_path import camera_path, camera_tuple
from keras_genssl.pretext.canvas import canvas_print
from keras_genssl.pretext.codec import DECODE_ERRORS, EXTENSIONS, MAX_PIXELS, decode_image, encode_png
from keras_genssl.pretext.coloured_crop import coloured_crop
from keras_genssl.pretext.degradation import DEGRADATIONS, degrade, degraded_pair
from keras_genssl.pretext.dihedral import dihedral
from keras_genssl.pretext.edges import drawn_pair, edge_drawing
from keras_genssl.pretext.frame_order import frame_motion, frame_order
from keras_genssl.pretext.jigsaw import jigsaw
from keras_genssl.pretext.lab import lab_planes, lab_to_rgb, rgb_to_lab
from keras_genssl.pretext.masks import block_masked, center_masked
from keras_genssl.pretext.neighbouring_crops import neighbouring_crops
from keras_genssl.pretext.overlapping_patches import overlapping_patches
from keras_genssl.pretext.patch_augmentation import OPERATIONS, augment
from keras_genssl.pretext.patches import aligned_patches, low_high_patch
from keras_genssl.pretext.permutations import permutation_set
from keras_genssl.pretext.relative_position import POSITIONS, relative_position
from keras_genssl.pretext.resize import crop_to_multiple, downscale, low_high, upscale
from keras_genssl.pretext.rotation import rotated
from keras_genssl.pretext.scene_crop import scene_crop
from keras_genssl.pretext.unpaired import Unpaired

__all__ = [
    "DECODE_ERRORS",
    "DEGRADATIONS",
    "EXTENSIONS",
    "MAX_PIXELS",
    "OPERATIONS",
    "POSITIONS",
    "Unpaired",
    "ab_bin_frequencies",
    "ab_bins",
    "aligned_patches",
    "augment",
    "binarized",
    "binned_colours",
    "block_masked",
    "camera_path",
    "camera_tuple",
    "canvas_print",
    "center_masked",
    "coloured_crop",
    "crop_to_multiple",
    "decode_image",
    "degrade",
    "degraded_pair",
    "dihedral",
    "downscale",
    "drawn_pair",
    "edge_drawing",
    "encode_png",
    "frame_motion",
    "frame_order",
    "jigsaw",
    "lab_planes",
    "lab_to_rgb",
    "low_high",
    "low_high_patch",
    "nearest_ab_bin",
    "neighbouring_crops",
    "overlapping_patches",
    "permutation_set",
    "relative_position",
    "rgb_to_lab",
    "rotated",
    "scene_crop",
    "upscale",
]
