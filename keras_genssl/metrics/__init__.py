"""Measures of images, as functions per image and as Keras metrics, and of generated sets of images."""

from keras_genssl.metrics.classifier_scores import label_accuracy, train_on_synthetic_accuracy
from keras_genssl.metrics.eight_bit import eight_bit
from keras_genssl.metrics.fashion_features import FashionFeatures, fashion_features
from keras_genssl.metrics.feature_statistics import FeatureStatistics
from keras_genssl.metrics.fid import FID
from keras_genssl.metrics.frechet_distance import frechet_distance
from keras_genssl.metrics.histogram_matching import histogram_matching
from keras_genssl.metrics.inception_features import InceptionFeatures, inception_features, resize_bilinear_v1
from keras_genssl.metrics.kernel_distance import kernel_distance, polynomial_mmd
from keras_genssl.metrics.kid import KID
from keras_genssl.metrics.mode_coverage import ModeCoverage, mode_coverage
from keras_genssl.metrics.precision_recall import PrecisionRecall, precision_recall
from keras_genssl.metrics.psnr import PSNR, psnr
from keras_genssl.metrics.reference import extract_features, feature_statistics
from keras_genssl.metrics.ssim import SSIM, ssim
from keras_genssl.metrics.translation import translation_scores

__all__ = [
    "FID",
    "KID",
    "PSNR",
    "SSIM",
    "FashionFeatures",
    "FeatureStatistics",
    "InceptionFeatures",
    "ModeCoverage",
    "PrecisionRecall",
    "eight_bit",
    "extract_features",
    "fashion_features",
    "feature_statistics",
    "frechet_distance",
    "histogram_matching",
    "inception_features",
    "kernel_distance",
    "label_accuracy",
    "mode_coverage",
    "polynomial_mmd",
    "precision_recall",
    "psnr",
    "resize_bilinear_v1",
    "ssim",
    "train_on_synthetic_accuracy",
    "translation_scores",
]
