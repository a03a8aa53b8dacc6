"""Training examples of pretext tasks: pure functions of single images, without TensorFlow, uint8 in and out.

The same function makes an example on disk (in a Beam pipeline) and on the fly (in `data.load`):

    pair = pretext.low_high(photograph, scale=2)
    patches = pretext.aligned_patches(pair, patch_size=96, stride=48)
    pairs = data.load("photographs", batch_size=16, transform=pretext.low_high_patch)

A random function takes the example and an integer seed, and draws from nothing else.
"""

from keras_genssl.pretext.binarized import binarized
from keras_genssl.pretext.camera import camera_path, camera_tuple, neighbouring_crops
from keras_genssl.pretext.codec import DECODE_ERRORS, EXTENSIONS, MAX_PIXELS, decode_image, encode_jpeg, encode_png
from keras_genssl.pretext.colours import (
    ab_bin_frequencies,
    ab_bins,
    binned_colours,
    coloured_crop,
    lab_planes,
    lab_to_rgb,
    nearest_ab_bin,
    rgb_to_lab,
)
from keras_genssl.pretext.degradation import DEGRADATIONS, degrade, degraded_pair
from keras_genssl.pretext.domains import Unpaired, drawn_pair, edge_drawing
from keras_genssl.pretext.frame_order import frame_motion, frame_order
from keras_genssl.pretext.jigsaw import jigsaw, permutation_set
from keras_genssl.pretext.masks import block_masked, center_masked
from keras_genssl.pretext.overlapping_patches import OPERATIONS, augment, overlapping_patches
from keras_genssl.pretext.patches import POSITIONS, aligned_patches, low_high_patch, relative_position
from keras_genssl.pretext.processes import OnProcesses
from keras_genssl.pretext.quantized import level_numbers, quantize, quantized
from keras_genssl.pretext.resize import canvas_print, crop_to_multiple, downscale, low_high, upscale
from keras_genssl.pretext.rotation import dihedral, rotated
from keras_genssl.pretext.scene_crop import scene_crop

__all__ = [
    "DECODE_ERRORS",
    "DEGRADATIONS",
    "EXTENSIONS",
    "MAX_PIXELS",
    "OPERATIONS",
    "POSITIONS",
    "OnProcesses",
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
    "encode_jpeg",
    "encode_png",
    "frame_motion",
    "frame_order",
    "jigsaw",
    "lab_planes",
    "lab_to_rgb",
    "level_numbers",
    "low_high",
    "low_high_patch",
    "nearest_ab_bin",
    "neighbouring_crops",
    "overlapping_patches",
    "permutation_set",
    "quantize",
    "quantized",
    "relative_position",
    "rgb_to_lab",
    "rotated",
    "scene_crop",
    "upscale",
]
