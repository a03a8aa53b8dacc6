"""Layers: those that the field needs and Keras lacks."""

from keras_genssl.layers.batch_normalization import BatchNormalization
from keras_genssl.layers.bicubic_upsampling import BicubicUpsampling
from keras_genssl.layers.caffe_preprocessing import CaffePreprocessing
from keras_genssl.layers.crop_to_size import CropToSize
from keras_genssl.layers.image_standardization import ImageStandardization
from keras_genssl.layers.instance_normalization import InstanceNormalization
from keras_genssl.layers.lab import LabToRGB, RGBToLab
from keras_genssl.layers.minibatch_stddev import MinibatchStdDev
from keras_genssl.layers.pad_to_multiple import PadToMultiple
from keras_genssl.layers.pixel_shuffle import PixelShuffle
from keras_genssl.layers.reflection_padding import ReflectionPadding2D
from keras_genssl.layers.self_attention import SelfAttention2D
from keras_genssl.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "BicubicUpsampling",
    "CaffePreprocessing",
    "CropToSize",
    "ImageStandardization",
    "InstanceNormalization",
    "LabToRGB",
    "MinibatchStdDev",
    "PadToMultiple",
    "PixelShuffle",
    "RGBToLab",
    "ReflectionPadding2D",
    "SelfAttention2D",
    "SpectralNormalization",
]
