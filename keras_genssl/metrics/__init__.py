"""Metrics: of images, per image and as Keras metrics, of generated sets of images, and of features.

Guide: docs/metrics.md says what each number means, and the traps; docs/probes.md does so for representations.
"""

from keras_genssl.metrics.classifier_scores import label_accuracy, train_on_synthetic_accuracy
from keras_genssl.metrics.clustering import cluster_agreement, clustering_scores
from keras_genssl.metrics.eight_bit import eight_bit
from keras_genssl.metrics.fashion_features import FashionFeatures, fashion_features
from keras_genssl.metrics.feature_statistics import FeatureStatistics
from keras_genssl.metrics.few_labels import few_label_accuracy, labelled_subset
from keras_genssl.metrics.fid import FID
from keras_genssl.metrics.frechet_distance import frechet_distance
from keras_genssl.metrics.histogram_matching import histogram_matching
from keras_genssl.metrics.inception_features import InceptionFeatures, inception_features, resize_bilinear_v1
from keras_genssl.metrics.kernel_distance import kernel_distance, polynomial_mmd
from keras_genssl.metrics.kid import KID
from keras_genssl.metrics.knn import knn_accuracy
from keras_genssl.metrics.linear import linear_accuracy
from keras_genssl.metrics.mode_coverage import ModeCoverage, mode_coverage
from keras_genssl.metrics.pairs import pair_similarities, verification_pairs
from keras_genssl.metrics.precision_recall import PrecisionRecall, precision_recall
from keras_genssl.metrics.psnr import PSNR, psnr
from keras_genssl.metrics.reference import extract_features, feature_statistics
from keras_genssl.metrics.retrieval import map_at_r, r_precision, recall_at_k, retrieval_scores
from keras_genssl.metrics.small_features import SmallFeatures
from keras_genssl.metrics.ssim import SSIM, ssim
from keras_genssl.metrics.translation import translation_scores
from keras_genssl.metrics.verification import kfold_verification_accuracy, roc_auc, tar_at_far

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
    "SmallFeatures",
    "cluster_agreement",
    "clustering_scores",
    "eight_bit",
    "extract_features",
    "fashion_features",
    "feature_statistics",
    "few_label_accuracy",
    "frechet_distance",
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
