"""Layers: layers of generative and self-supervised networks that Keras lacks."""

from keras_genssl.layers.activations import LeakyReLU
from keras_genssl.layers.adaptive_augment import AdaptiveAugment
from keras_genssl.layers.adaptive_normalization import AdaptiveInstanceNormalization
from keras_genssl.layers.blur import Blur
from keras_genssl.layers.borders import CropToSize, PadToMultiple, ReflectionPadding2D
from keras_genssl.layers.conditional import ClassProjection, ConditionalBatchNormalization
from keras_genssl.layers.constant import LearnedConstant
from keras_genssl.layers.diff_augment import DiffAugment
from keras_genssl.layers.discriminators import MinibatchStdDev, SelfAttention2D
from keras_genssl.layers.equalized import EqualizedConv2D, EqualizedDense
from keras_genssl.layers.fading import FadeIn
from keras_genssl.layers.gated_pixels import GatedPixelBlock
from keras_genssl.layers.masked import HorizontalMaskedConv2D, VerticalMaskedConv2D
from keras_genssl.layers.modulated import ModulatedConv2D
from keras_genssl.layers.noise_injection import NoiseInjection
from keras_genssl.layers.normalization import BatchNormalization, InstanceNormalization, SpectralNormalization
from keras_genssl.layers.pixel_normalization import PixelNormalization
from keras_genssl.layers.preprocessing import CaffePreprocessing, ImageStandardization, LabToRGB, RGBToLab
from keras_genssl.layers.quantization import FiniteScalarQuantizer, Quantizer, VectorQuantizer
from keras_genssl.layers.upsampling import BicubicUpsampling, PixelShuffle
from keras_genssl.layers.weight_normalization import WeightNormalization

__all__ = [
    "AdaptiveAugment",
    "AdaptiveInstanceNormalization",
    "BatchNormalization",
    "BicubicUpsampling",
    "Blur",
    "CaffePreprocessing",
    "ClassProjection",
    "ConditionalBatchNormalization",
    "CropToSize",
    "DiffAugment",
    "EqualizedConv2D",
    "EqualizedDense",
    "FadeIn",
    "FiniteScalarQuantizer",
    "GatedPixelBlock",
    "HorizontalMaskedConv2D",
    "ImageStandardization",
    "InstanceNormalization",
    "LabToRGB",
    "LeakyReLU",
    "LearnedConstant",
    "MinibatchStdDev",
    "ModulatedConv2D",
    "NoiseInjection",
    "PadToMultiple",
    "PixelNormalization",
    "PixelShuffle",
    "Quantizer",
    "RGBToLab",
    "ReflectionPadding2D",
    "SelfAttention2D",
    "SpectralNormalization",
    "VectorQuantizer",
    "VerticalMaskedConv2D",
    "WeightNormalization",
]
