"""Every public function of images holds one contract: uint8 is 0 to 255, float is [-1, 1], all else is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import peak_signal_noise_ratio

import keras_genssl as kg
from keras_genssl import analysis, backbones, callbacks, corruptions, layers, losses, metrics, views
from keras_genssl.checks import tensors

RNG = np.random.default_rng(5)
STORED = RNG.integers(0, 256, (4, 12, 12, 3), dtype=np.uint8)
OTHERS = RNG.integers(0, 256, (4, 12, 12, 3), dtype=np.uint8)
DIGITS = RNG.integers(0, 256, (2, 28, 28, 1), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1])


def mean_colour(images):
    """Features of images, whichever dtype they have by now."""
    images = np.asarray(images)
    return images.astype(np.float64).mean((1, 2)) / (255.0 if images.dtype == np.uint8 else 1.0)


def flat(images):
    return np.asarray(images).reshape(len(images), -1)


def shown(codes):
    return np.asarray(codes).reshape(-1, 12, 12, 3)


def classify(images):
    return (mean_colour(images)[:, 0] > 0.5).astype(int)


class Classifier:
    classify = staticmethod(classify)


def logits(images):
    return np.tile(np.asarray(images).mean((1, 2)), 10)


def trained(samples, labels, real):
    return metrics.train_on_synthetic_accuracy(samples, labels, real, labels, steps=1, batch_size=2)


def fine_tuned(images):
    encoder = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(2, trainable=False)]
    )
    encoder.set_weights([np.linspace(-1, 1, 864).reshape(432, 2), np.zeros(2)])
    pair = images, LABELS
    return analysis.fine_tuned_accuracy(encoder, pair, pair, steps=1, batch_size=4)


def scored(images):
    scores = metrics.translation_scores(lambda x: -x, images, OTHERS, OTHERS)
    return [scores[name] for name in ("error", "copy", "histogram_matching", "psnr", "ssim")]


def left_out(images):
    fit = lambda normal: {"mean": lambda x: mean_colour(x)[:, 0] - mean_colour(normal).mean()}  # noqa: E731
    return list(analysis.leave_one_class_out(fit, (images, LABELS), (images, LABELS))["mean"].values())


def climbed(images):
    classifier = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    classifier.set_weights([np.linspace(-1, 1, 864).reshape(432, 2), np.zeros(2)])
    return analysis.ascend(classifier, images, LABELS, steps=1, learning_rate=0.1).images


def mixture(images):
    return analysis.GaussianMixtureSampler(mean_colour, shown, 1).fit(images)


def few_labels(images):
    rows = analysis.few_label_comparison(mean_colour, (images, LABELS), (images, LABELS), 1, seeds=[0])
    return [rows[name]["mean"] for name in ("codes", "pca", "pixels")]


# What each makes of images `(4, 12, 12, 3)`, as numbers.
FUNCTIONS = {
    "metrics.FID": lambda x: metrics.FID(mean_colour, x)(OTHERS),
    "metrics.KID": lambda x: metrics.KID(mean_colour, x, 2, 3)(OTHERS),
    "metrics.PSNR": lambda x: metrics.PSNR("rgb")(x, OTHERS),
    "metrics.SSIM": lambda x: metrics.SSIM()(OTHERS, x),
    "metrics.DensityCoverage": lambda x: metrics.DensityCoverage(mean_colour, OTHERS, 2)(x),
    "metrics.FashionFeatures": lambda x: metrics.fashion_features()(np.tile(x[..., :1], (1, 3, 3, 1))[:, :28, :28]),
    "metrics.SmallFeatures": lambda x: metrics.SmallFeatures()(x),
    "metrics.PrecisionRecall": lambda x: metrics.PrecisionRecall(mean_colour, OTHERS, 1)(x),
    "metrics.extract_features": lambda x: metrics.extract_features(mean_colour, x),
    "metrics.feature_statistics": lambda x: metrics.feature_statistics(mean_colour, x).mean,
    "metrics.histogram_matching": lambda x: metrics.histogram_matching(x, OTHERS),
    "metrics.label_accuracy": lambda x: metrics.label_accuracy(Classifier, x, LABELS),
    "metrics.psnr": lambda x: metrics.psnr(OTHERS, x),
    "metrics.ssim": lambda x: metrics.ssim(x, OTHERS, channel="rgb"),
    "metrics.train_on_synthetic_accuracy": lambda x: trained(x, LABELS, OTHERS),
    "metrics.translation_scores": scored,
    "analysis.GaussianMixtureSampler": lambda x: mixture(x).log_prob(x),
    "analysis.PCA": lambda x: analysis.PCA(2).fit(x).reconstruct(x),
    "analysis.QuantizedPCA": lambda x: analysis.QuantizedPCA(2).fit(x).reconstruct(x),
    "analysis.add_attribute": lambda x: analysis.add_attribute(flat, shown, x, np.ones(432)),
    "analysis.analogy": lambda x: analysis.analogy(flat, shown, x, OTHERS[:1], x[:1]),
    "analysis.ascend": climbed,
    "analysis.closest_pairs": lambda x: analysis.closest_pairs(x)[1],
    "analysis.detect_anomalies": lambda x: analysis.detect_anomalies(lambda y: mean_colour(y)[:, 0], x, OTHERS).scores,
    "analysis.duplicate_rate": lambda x: analysis.duplicate_rate(x, 2, 0.75),
    "analysis.encode_images": lambda x: analysis.encode_images(flat, x),
    "analysis.encode_labelled": lambda x: analysis.encode_labelled(flat, (x, LABELS))[0],
    "analysis.few_label_comparison": few_labels,
    "analysis.fine_tuned_accuracy": fine_tuned,
    "analysis.image_grid": analysis.image_grid,
    "analysis.interpolate": lambda x: analysis.interpolate(flat, shown, x, OTHERS),
    "analysis.interpolation_grid": lambda x: analysis.interpolation_grid(flat, shown, x),
    "analysis.leave_one_class_out": left_out,
    "analysis.memorisation_rate": lambda x: analysis.memorisation_rate(x, OTHERS, OTHERS[::-1]),
    "analysis.morph": lambda x: analysis.morph(flat, shown, x),
    "analysis.nearest_images": lambda x: analysis.nearest_images(x, OTHERS, 2)[1],
    "analysis.negative_elbo": lambda x: analysis.negative_elbo(lambda y: mean_colour(y)[:, 0], x),
    "analysis.reconstruction_error": lambda x: analysis.reconstruction_error(lambda y: 0 * y, x),
    "analysis.save_image_grid": lambda x: analysis.image_grid(x),  # which it writes
    "analysis.stacked_classes": lambda x: analysis.to_float(analysis.stacked_classes(x[..., :1], LABELS, 2, 0)[0]),
    "analysis.stacked_predictions": lambda x: analysis.stacked_predictions(logits, x),
    "analysis.to_float": analysis.to_float,
    "analysis.to_uint8": analysis.to_uint8,
    "callbacks.LatentWalk": lambda x: callbacks.LatentWalk("out", images=x).images,
    "callbacks.ReconstructionGrid": lambda x: callbacks.ReconstructionGrid("out", x).images,
    "views.View": lambda x: views.RandomFlip(1.0)(x),
    "corruptions.GaussianNoise": lambda x: corruptions.GaussianNoise(0.1)(x, keras.random.SeedGenerator(1)),
    "corruptions.MaskingNoise": lambda x: corruptions.MaskingNoise(0.5)(x, keras.random.SeedGenerator(1)),
    "corruptions.SaltAndPepperNoise": lambda x: corruptions.SaltAndPepperNoise()(x, keras.random.SeedGenerator(1)),
    "layers.CaffePreprocessing": layers.CaffePreprocessing(),
    "layers.ImageStandardization": layers.ImageStandardization(),
    "layers.RGBToLab": layers.RGBToLab(),
    "losses.PerceptualLoss": lambda x: PERCEPTUAL(x, OTHERS),
    "backbones.PerceptualExtractor": lambda x: PERCEPTUAL.extractor(x)[0],
}
PERCEPTUAL = losses.PerceptualLoss(backbones.perceptual_extractor("small", ["block2_conv2"]), [0.1])
# Codes, and what networks make, may leave [-1, 1].
OF_ANY_FLOATS = {
    "analysis.closest_pairs",
    "analysis.duplicate_rate",
    "analysis.memorisation_rate",
    "analysis.nearest_images",
    "layers.CaffePreprocessing",
}
# Codes may be integers of any kind.
OF_ANY_NUMBERS = OF_ANY_FLOATS - {"layers.CaffePreprocessing"}

# The other public names: they take features, codes, labels or numbers, or images by way of those above.
WITHOUT_IMAGES = {
    "metrics": {
        "Discrepancy", "FeatureStatistics", "InceptionFeatures", "ModeCoverage", "cluster_agreement",
        "clustering_scores", "density_coverage", "fashion_features", "few_label_accuracy",
        "frechet_distance", "gaussian_mmd", "inception_features", "kernel_distance",
        "kfold_verification_accuracy", "knn_accuracy", "labelled_subset", "linear_accuracy", "map_at_r",
        "mode_coverage", "pair_similarities", "perceptual_path_length",
        "polynomial_mmd", "precision_recall", "r_precision", "recall_at_k",
        "resize_bilinear_v1", "retrieval_scores", "roc_auc", "tar_at_far", "verification_pairs",
    },
    "analysis": {
        "Ascent", "Detection", "attribute_direction", "class_log_probability", "class_logit", "classifier",
        "classifier_direction", "decode_codes", "dequantize",
        # of levels, integers whose number is an argument, and of files of uint8 alone
        "file_nats", "histogram_nats", "left_and_above_nats", "pixel_histogram_nats", "ten_neighbour_nats",
        "first_layer_filters", "gaussian_codes", "gaussian_quantiles", "latent_manifold", "lerp", "mine_triplets",
        "pca_projection", "plot_projection", "precision_at_k", "slerp", "stacked_mode_coverage", "support_size",
        "tsne_projection",
    },
}  # fmt: skip


def numbers(answer):
    return np.concatenate([np.ravel(np.asarray(part, np.float64)) for part in keras.tree.flatten(answer)])


@pytest.mark.parametrize("package", WITHOUT_IMAGES)
def test_every_public_name_says_whether_it_takes_images(package):
    taking = {name.split(".")[1] for name in FUNCTIONS if name.startswith(f"{package}.")}
    assert taking | WITHOUT_IMAGES[package] == set(getattr(kg, package).__all__)
    assert not taking & WITHOUT_IMAGES[package]


# They train a network each time, on what `level_batch` or `to_float` makes of images.
SLOW = {"analysis.fine_tuned_accuracy", "metrics.train_on_synthetic_accuracy"}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - SLOW))
def test_uint8_is_what_the_same_images_are_as_floats(name):
    stored = numbers(FUNCTIONS[name](STORED))
    np.testing.assert_allclose(numbers(FUNCTIONS[name](STORED / np.float32(127.5) - 1)), stored, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in OF_ANY_FLOATS])
def test_floats_of_255_are_refused(name):
    for images in (STORED.astype(np.float32), np.where(STORED > 9, np.nan, 0.0).astype(np.float32)):
        with pytest.raises(
            ValueError, match=r"Float images must lie in \[-1, 1\]; pass uint8, or scale them\. Received"
        ):
            FUNCTIONS[name](images)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in OF_ANY_NUMBERS])
def test_other_integers_are_refused(name):
    with pytest.raises(ValueError, match=r"Images must be uint8, or float in \[-1, 1\]\. Received: .* of int32"):
        FUNCTIONS[name](STORED.astype(np.int32))


def test_psnr_of_stored_images_is_that_of_scikit_image():
    expected = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(STORED, OTHERS, strict=True)]
    floats = STORED / 127.5 - 1, OTHERS / 127.5 - 1
    for pair in ((STORED, OTHERS), floats, (STORED, floats[1]), (floats[0], OTHERS)):
        np.testing.assert_allclose(metrics.psnr(*pair, channel="rgb"), expected, atol=1e-4)
    with pytest.raises(ValueError, match=r"`max_value` must be 255, or None, .* max_value=1, `y_true` of uint8"):
        metrics.psnr(STORED, OTHERS, max_value=1)
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\].*`y_pred` with values from 0 to 255"):
        metrics.psnr(STORED / 255, OTHERS.astype(float), max_value=1)


def test_in_a_graph_images_are_looked_at_when_it_runs():
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Identity()])
    model.compile(loss="mae", metrics=[metrics.PSNR(), metrics.SSIM()], jit_compile=False)
    floats = STORED / np.float32(127.5) - 1
    found = model.evaluate(floats, OTHERS, verbose=0, return_dict=True)
    for function in (metrics.psnr, metrics.ssim):
        assert found[function.__name__] == pytest.approx(np.mean(function(OTHERS, STORED)), rel=1e-5)
    for pair in ((floats, OTHERS.astype(np.float32)), (STORED.astype(np.float32), OTHERS)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Float images must lie in \[-1, 1\]"):
            model.evaluate(*pair, verbose=0)
    compiled = tf.function(lambda x: metrics.psnr(x, floats) + metrics.ssim(x, floats), jit_compile=True)
    assert np.isnan(compiled(tf.constant(STORED, tf.float32))).all()


def test_a_truth_of_the_perceptual_loss_is_looked_at_in_a_graph():
    loss = tf.function(PERCEPTUAL.call)
    made = tf.constant(1.5 * (STORED[:1] / np.float32(127.5) - 1))  # a network may overshoot
    assert np.isfinite(loss(STORED[:1], made)).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Float images must lie in \[-1, 1\].*`y_true`"):
        loss(tf.constant(STORED[:1], tf.float32), made)


def test_images_of_two_sizes_are_not_broadcast():
    for other in (STORED[:1], STORED[..., :1], STORED[:, :1, :1]):
        for pair in ((STORED, other), (other, STORED)):
            for function in (metrics.psnr, metrics.ssim):
                with pytest.raises(ValueError, match="must be RGB of one shape"):
                    function(*pair)
        with pytest.raises(ValueError, match="must have one shape"):
            metrics.translation_scores(lambda x: x, STORED, other, STORED)
    for function in (metrics.psnr, metrics.ssim):
        sizes_unknown = tf.function(
            function, input_signature=[tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None, None, None, 3))]
        )
        floats = STORED / np.float32(127.5) - 1
        np.testing.assert_allclose(sizes_unknown(floats, 0.5 * floats), function(floats, 0.5 * floats), rtol=1e-4)
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be RGB of one shape"):
            sizes_unknown(floats, floats[:1])
        with pytest.raises(ValueError, match=r"must be RGB of one shape.* of unknown rank"):
            tf.function(function, input_signature=[tf.TensorSpec(None), tf.TensorSpec(None)])(floats, floats)
    with pytest.raises(ValueError, match="must have codes of one shape"):
        analysis.analogy(lambda x: x, lambda x: x, STORED, STORED, STORED[:, :1])
    with pytest.raises(ValueError, match=r"`reconstruct` must keep the shape"):
        analysis.reconstruction_error(lambda x: x[..., :1], STORED)


def test_looking_at_values_leaves_no_operations_in_a_graph():
    traced = tf.function(tensors.signed).get_concrete_function(tf.TensorSpec((None, 4, 4, 3), tf.float32))
    assert {operation.type for operation in traced.graph.get_operations()} == {"Placeholder", "Identity"}
