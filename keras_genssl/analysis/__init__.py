"""Analyses: what a trained model learned, by codes to compare, to interpolate, to judge and to draw.

Guide: docs/analysis.md has pictures.

Everything takes NumPy arrays and callables, so it works for any model with `encode` and `decode`:

    rows = kg.analysis.interpolate(model.encode, model.decode, images[:5], images[5:10])
    kg.analysis.save_image_grid("out/rows.png", rows.reshape(-1, 28, 28, 1), columns=8)

Images go in as uint8 or as floats in [-1, 1]; functions of images see float32 in [-1, 1], a batch at a time.
"""

from keras_genssl.analysis.anomaly import (
    Detection,
    detect_anomalies,
    leave_one_class_out,
    negative_elbo,
    reconstruction_error,
)
from keras_genssl.analysis.ascent import Ascent, ascend, class_log_probability, class_logit
from keras_genssl.analysis.batches import decode_codes, encode_images, to_float
from keras_genssl.analysis.code_lengths import (
    file_nats,
    histogram_nats,
    left_and_above_nats,
    pixel_histogram_nats,
    ten_neighbour_nats,
)
from keras_genssl.analysis.dequantize import dequantize
from keras_genssl.analysis.few_labels import classifier, few_label_comparison, fine_tuned_accuracy
from keras_genssl.analysis.image_grid import first_layer_filters, image_grid, save_image_grid, to_uint8
from keras_genssl.analysis.interpolation import gaussian_codes, interpolate, interpolation_grid, lerp, morph, slerp
from keras_genssl.analysis.labelled import encode_labelled
from keras_genssl.analysis.latent_arithmetic import add_attribute, analogy, attribute_direction, classifier_direction
from keras_genssl.analysis.mixture_sampler import GaussianMixtureSampler
from keras_genssl.analysis.neighbours import (
    closest_pairs,
    duplicate_rate,
    memorisation_rate,
    mine_triplets,
    nearest_images,
    precision_at_k,
    support_size,
)
from keras_genssl.analysis.pca import PCA
from keras_genssl.analysis.projection import (
    gaussian_quantiles,
    latent_manifold,
    pca_projection,
    plot_projection,
    tsne_projection,
)
from keras_genssl.analysis.quantized_pca import QuantizedPCA
from keras_genssl.analysis.stacked import stacked_classes, stacked_mode_coverage, stacked_predictions

__all__ = [
    "PCA",
    "Ascent",
    "Detection",
    "GaussianMixtureSampler",
    "QuantizedPCA",
    "add_attribute",
    "analogy",
    "ascend",
    "attribute_direction",
    "class_log_probability",
    "class_logit",
    "classifier",
    "classifier_direction",
    "closest_pairs",
    "decode_codes",
    "dequantize",
    "detect_anomalies",
    "duplicate_rate",
    "encode_images",
    "encode_labelled",
    "few_label_comparison",
    "file_nats",
    "fine_tuned_accuracy",
    "first_layer_filters",
    "gaussian_codes",
    "gaussian_quantiles",
    "histogram_nats",
    "image_grid",
    "interpolate",
    "interpolation_grid",
    "latent_manifold",
    "leave_one_class_out",
    "left_and_above_nats",
    "lerp",
    "memorisation_rate",
    "mine_triplets",
    "morph",
    "nearest_images",
    "negative_elbo",
    "pca_projection",
    "pixel_histogram_nats",
    "plot_projection",
    "precision_at_k",
    "reconstruction_error",
    "save_image_grid",
    "slerp",
    "stacked_classes",
    "stacked_mode_coverage",
    "stacked_predictions",
    "support_size",
    "ten_neighbour_nats",
    "to_float",
    "to_uint8",
    "tsne_projection",
]
