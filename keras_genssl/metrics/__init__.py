"""Metrics: of images, per image and as Keras metrics, of generated sets of images, and of features.

Guide: docs/metrics.md says what each number means, and the traps; docs/probes.md does so for representations.
"""

from keras_genssl.labelled_subset import labelled_subset
from keras_genssl.metrics.classifier_scores import (
    ModeCoverage,
    label_accuracy,
    mode_coverage,
    train_on_synthetic_accuracy,
)
from keras_genssl.metrics.density_coverage import DensityCoverage, density_coverage
from keras_genssl.metrics.feature_networks import (
    FashionFeatures,
    InceptionFeatures,
    fashion_features,
    inception_features,
    resize_bilinear_v1,
)
from keras_genssl.metrics.feature_statistics import FeatureStatistics
from keras_genssl.metrics.frechet_distance import FID, frechet_distance
from keras_genssl.metrics.image_quality import PSNR, SSIM, psnr, ssim
from keras_genssl.metrics.kernel_distance import KID, kernel_distance, polynomial_mmd
from keras_genssl.metrics.neighbours import knn_accuracy, map_at_r, r_precision, recall_at_k, retrieval_scores
from keras_genssl.metrics.path_length import perceptual_path_length
from keras_genssl.metrics.precision_recall import PrecisionRecall, precision_recall
from keras_genssl.metrics.reference import extract_features, feature_statistics
from keras_genssl.metrics.representation import (
    cluster_agreement,
    clustering_scores,
    few_label_accuracy,
    linear_accuracy,
)
from keras_genssl.metrics.small_features import SmallFeatures
from keras_genssl.metrics.translation import histogram_matching, translation_scores
from keras_genssl.metrics.two_sample import Discrepancy, gaussian_mmd
from keras_genssl.metrics.verification import (
    kfold_verification_accuracy,
    pair_similarities,
    roc_auc,
    tar_at_far,
    verification_pairs,
)

__all__ = [
    "FID",
    "KID",
    "PSNR",
    "SSIM",
    "DensityCoverage",
    "Discrepancy",
    "FashionFeatures",
    "FeatureStatistics",
    "InceptionFeatures",
    "ModeCoverage",
    "PrecisionRecall",
    "SmallFeatures",
    "cluster_agreement",
    "clustering_scores",
    "density_coverage",
    "extract_features",
    "fashion_features",
    "feature_statistics",
    "few_label_accuracy",
    "frechet_distance",
    "gaussian_mmd",
    "histogram_matching",
    "inception_features",
    "kernel_distance",
    "kfold_verification_accuracy",
    "knn_accuracy",
    "label_accuracy",
    "labelled_subset",
    "linear_accuracy",
    "map_at_r",
    "mode_coverage",
    "pair_similarities",
    "perceptual_path_length",
    "polynomial_mmd",
    "precision_recall",
    "psnr",
    "r_precision",
    "recall_at_k",
    "resize_bilinear_v1",
    "retrieval_scores",
    "roc_auc",
    "ssim",
    "tar_at_far",
    "train_on_synthetic_accuracy",
    "translation_scores",
    "verification_pairs",
]
