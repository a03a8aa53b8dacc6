"""Quantized autoencoders against their formulas, and priors over codes against sums over all maps."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

import keras_genssl as kg
from keras_genssl.kinds.rules import RuleError
from keras_genssl.kinds.seeds import GivenSeed

SHAPE = (4, 2, 1)  # of which one halving makes maps of 2 x 1 codes


def vqvae(num_codes: int = 3, **arguments) -> kg.models.VQVAE:
    """A narrow VQ-VAE whose codes are spread as its vectors are."""
    keras.utils.set_random_seed(3)
    narrow = {"halvings": 1, "residual_filters": 2, "residual_blocks": 1}
    quantizer = kg.layers.VectorQuantizer(num_codes, 2, **arguments)
    quantizer.codebook.assign(np.random.default_rng(1).normal(size=(num_codes, 2)))
    encoder = kg.backbones.vqvae_encoder(2, 4, **narrow, input_shape=SHAPE)
    decoder = kg.backbones.vqvae_decoder(2, 4, **narrow, output_shape=SHAPE)
    return kg.models.VQVAE(encoder, decoder, quantizer, variance=0.5)


def vqvae2(num_codes: tuple[int, int] = (2, 2)) -> kg.models.VQVAE2:
    """A narrow VQ-VAE-2 of images of 4 x 4, with maps of 1 x 1 codes over 2 x 2."""
    keras.utils.set_random_seed(3)
    narrow = {"residual_filters": 2, "residual_blocks": 1}
    top, bottom = (kg.layers.VectorQuantizer(num, dim) for num, dim in zip(num_codes, (2, 3), strict=True))
    for quantizer in (top, bottom):
        quantizer.codebook.assign(np.random.default_rng(1).normal(size=quantizer.codebook.shape))
    return kg.models.VQVAE2(
        kg.backbones.vqvae_encoder(5, 4, **narrow, halvings=1, input_shape=(4, 4, 1)),
        kg.backbones.vqvae_encoder(2, 4, **narrow, halvings=1, input_shape=(2, 2, 5)),
        kg.backbones.vqvae2_merger(3, 4, **narrow, top_shape=(1, 1, 2), features=5),
        kg.backbones.vqvae2_decoder(2, 3, 4, **narrow, halvings=1, output_shape=(4, 4, 1)),
        top_quantizer=top,
        bottom_quantizer=bottom,
    )


def prior(num_codes: int = 3, shape: tuple[int, int] = (2, 1), **arguments) -> keras.Model:
    """A narrow prior whose distributions are far from even."""
    network = kg.backbones.pixelcnn(
        (*shape, 1), num_codes, num_codes, filters=4, blocks=2, first_kernel_size=3, embedding_dim=2, **arguments
    )
    rng = np.random.default_rng(2)
    network.set_weights([rng.normal(size=weight.shape) for weight in network.weights])
    return network


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (20, *SHAPE)).astype("float32")


def test_the_loss_is_the_error_over_the_variance_and_the_penalty(images):
    model = vqvae(commitment=0.3)
    vectors = np.array(model.encoder(images))
    codebook = np.array(model.quantizer.codebook)
    nearest = np.square(vectors[..., None, :] - codebook).sum(axis=-1).argmin(axis=-1)
    np.testing.assert_array_equal(model.encode(images), nearest)
    decoded = np.array(model.decoder(codebook[nearest]))
    np.testing.assert_allclose(model.decode(nearest), np.clip(decoded, -1, 1), atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(images), np.clip(decoded, -1, 1), atol=1e-6)
    squares = np.square(images - decoded).mean(axis=(1, 2, 3))
    expected = squares / 0.5 + 0.3 * np.square(vectors - codebook[nearest]).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model.example_losses(images, images, model(images)), expected, rtol=1e-5)
    model.compile("sgd", run_eagerly=True)
    logs = model.evaluate(images, verbose=0, return_dict=True)
    shares = np.bincount(nearest.ravel(), minlength=3) / nearest.size
    perplexity = np.exp(-sum(share * np.log(share) for share in shares if share))
    assert logs == pytest.approx(
        {
            "loss": expected.mean(),
            "squared_error": squares.mean(),
            "perplexity": perplexity,
            "used_codes": (shares > 0).mean(),
            "restarts": 0,
        },
        rel=1e-4,
    )


def test_training_moves_codes_to_the_means_of_their_vectors(images):
    model = vqvae(decay=0.0, from_data=False, restart_below=0.0)
    vectors, indices = np.array(model.encoder(images)), np.array(model.encode(images))
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.train_on_batch(images)
    for code in set(indices.ravel().tolist()):
        np.testing.assert_allclose(model.quantizer.codebook[code], vectors[indices == code].mean(axis=0), atol=1e-4)


def test_codes_are_the_same_when_saved_and_loaded(images, tmp_path):
    model = vqvae()
    model.compile("adam", run_eagerly=True)
    model.train_on_batch(images)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "model.keras").encode(images), model.encode(images)
    )


def test_more_codes_than_vectors_in_the_first_batch_are_refused_before_it_is_learnt(images):
    model = vqvae(num_codes=41)
    model.compile("sgd")
    before = [weight.numpy() for weight in model.weights]
    with pytest.raises(
        ValueError, match=r"^`num_codes` must be at most the number of vectors in the first batch.*: 40$"
    ):
        model.train_on_batch(images)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_codes_that_are_none_are_refused():
    model = vqvae()
    with pytest.raises(ValueError, match=r"`codes` must have shape \(batch, 2, 1\). Received: \(1, 1, 2\)"):
        model.decode(np.zeros((1, 1, 2), "int32"))
    with pytest.raises(RuleError, match=r"`codes` must lie in \[0, 3\)"):
        model.decode(np.full((1, 2, 1), 3))
    with pytest.raises(ValueError, match=r"`codes` must hold integers"):
        model.decode(np.zeros((1, 2, 1), "float32"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda it: kg.models.VQVAE(it.encoder, it.decoder, it.encoder), "`quantizer` must be a layers.Quantizer. Rec"),
        (
            lambda it: kg.models.VQVAE(it.encoder, it.decoder, kg.layers.VectorQuantizer(3, 5)),
            r"`encoder` must make a map \(batch, height, width, 5\) of fixed size for `quantizer`. Received:",
        ),
        (
            lambda it: kg.models.VQVAE(it.encoder, it.decoder, it.quantizer, variance=0.0),
            "`variance` must be positive and finite. Received: variance=0.0",
        ),
        (
            lambda it: kg.models.CodeGenerator(it.decoder, [prior()]),
            "`autoencoder` must be a models.VQVAE or models.VQ",
        ),
        (lambda it: kg.models.CodeGenerator(it, []), "`priors` must hold 1 networks for the levels codes. Received: 0"),
        (
            lambda it: kg.models.CodeGenerator(it, [prior(shape=(1, 2))]),
            r"`priors\[0\]` must take inputs of shape \(2, 1, 1\) and give 3 .* Received: inputs of shape \(1, 2, 1\)",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior(num_codes=4)]),
            r"`priors\[0\]` must take .* 3 outputs for each of the 2 x 1 codes of `codes`. Received: .* \(2, 1, 1, 4\)",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior()], num_classes=4),
            r"`priors\[0\]` must take inputs of shape \(2, 1, 1\), \(4,\) and give",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior()], num_classes=1),
            "`num_classes` must be an integer of at least 2",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior()]).sample(0),
            "`num_images` must be an integer of at least 1. Received: num_images=0",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior()]).sample(1, labels=[0]),
            r"`labels` are for models with `num_classes`. Received: labels=\[0\]",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(make, message):
    with pytest.raises(ValueError, match=message):
        make(vqvae())


def test_probabilities_of_all_maps_sum_to_one():
    """Of each class by itself."""
    model = kg.models.CodeGenerator(vqvae(), [prior(vector_dim=2)], num_classes=2)
    maps = np.array(list(itertools.product(range(3), repeat=2)), "int32").reshape(-1, 2, 1)
    for label in range(2):
        (log_probs,) = model.log_probs([maps], np.full(len(maps), label))
        assert float(ops.sum(ops.exp(log_probs))) == pytest.approx(1.0, abs=1e-5)


def test_the_loss_is_of_the_codes_of_images_and_trains_the_prior_alone(images):
    autoencoder = vqvae()
    model = kg.models.CodeGenerator(autoencoder, [prior()])
    before = [weight.numpy() for weight in autoencoder.weights]
    (log_probs,) = model.log_probs([autoencoder.encode(images)])
    model.compile("sgd", run_eagerly=True)
    np.testing.assert_allclose(model.predict(images, verbose=0), log_probs, rtol=1e-5)
    logs = model.evaluate(images, verbose=0, return_dict=True)
    assert logs == pytest.approx({"loss": -np.mean(log_probs), "nats": -np.mean(log_probs) / 2}, rel=1e-5)
    model.fit(images, verbose=0)
    assert model.evaluate(images, verbose=0, return_dict=True)["loss"] < logs["loss"]
    for weight, old in zip(autoencoder.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_a_code_is_where_the_distribution_function_of_the_prior_passes_that_of_the_latent():
    """Of a prior without weights all codes are equally likely, so the thirds of the normal distribution choose."""
    network = prior()
    network.set_weights([np.zeros(weight.shape) for weight in network.weights])
    model = kg.models.CodeGenerator(vqvae(), [network])
    latents = np.array([[-0.44, -0.42], [0.42, 0.44], [9.0, -9.0]], "float32")  # a third is at -0.4307
    (codes,) = model.draw(latents)
    np.testing.assert_array_equal(ops.squeeze(codes, -1), [[0, 1], [1, 2], [2, 0]])
    np.testing.assert_allclose(model.generate(latents), model.autoencoder.decode(codes), atol=1e-6)


def test_samples_have_the_frequencies_of_the_prior_and_a_seed():
    model = kg.models.CodeGenerator(vqvae(), [prior(vector_dim=2)], num_classes=2)
    latents = np.random.default_rng(0).standard_normal((4000, 2), dtype="float32")
    labels = np.ones(4000, "int32")
    (codes,) = model.draw(latents, labels)
    maps = np.array(list(itertools.product(range(3), repeat=2)), "int32").reshape(-1, 2, 1)
    expected = np.exp(model.log_probs([maps], np.ones(9, "int32"))[0])
    found = np.bincount(np.ravel(codes[:, 0, 0] * 3 + codes[:, 1, 0]), minlength=9) / 4000
    np.testing.assert_allclose(found, expected, atol=4 * 0.5 / np.sqrt(4000))
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(7, seed=1)[:5])
    np.testing.assert_array_equal(model.sample(4, seed=1), model.sample(4, seed=1, labels=[0, 1, 0, 1]))
    assert (model.sample(5) != model.sample(5)).any()


def test_served_functions_are_those_in_memory(images):
    model = kg.models.CodeGenerator(vqvae(), [prior(vector_dim=2)], num_classes=2)
    served = {name: serving.function for name, serving in model.serving().items()}
    codes = served["encode"](images)["codes"]
    assert tuple(codes.shape) == (20, 2)
    np.testing.assert_array_equal(served["decode"](codes), model.reconstruct(images))
    drawn = served["generate"](3, GivenSeed(5))
    latents = keras.random.normal((3, 2), seed=GivenSeed(5))
    np.testing.assert_array_equal(drawn, model.generate(latents, np.array([0, 1, 0])))
    np.testing.assert_array_equal(drawn, served["generate_class"](latents, np.array([0, 1, 0])))


def test_two_levels_are_quantized_one_after_the_other():
    model, images = vqvae2((3, 4)), np.random.default_rng(0).uniform(-1, 1, (6, 4, 4, 1)).astype("float32")
    features = model.encoder(images)
    of_top = model.top_encoder(features)
    codes, top = model.top_quantizer(of_top)
    of_bottom = model.merger([features, codes])
    finer, bottom = model.bottom_quantizer(of_bottom)
    for found, expected in zip(model.encode(images), (top, bottom), strict=True):
        np.testing.assert_array_equal(found, expected)
    decoded = model.decoder([codes, finer])
    np.testing.assert_allclose(model.decode(top, bottom), np.clip(decoded, -1, 1), atol=1e-6)
    penalties = model.top_quantizer.penalties(of_top, top) + model.bottom_quantizer.penalties(of_bottom, bottom)
    expected = np.square(images - decoded).mean(axis=(1, 2, 3)) + np.array(penalties)
    np.testing.assert_allclose(model.example_losses(images, images, model(images)), expected, rtol=1e-5)
    model.compile("sgd", run_eagerly=True)
    assert {"perplexity_top", "used_codes_bottom"} <= model.evaluate(images, verbose=0, return_dict=True).keys()


def of_two_levels(num_classes: int | None = None) -> kg.models.CodeGenerator:
    conditioner = kg.backbones.code_map((1, 1), 2, (2, 2), 3)
    rng = np.random.default_rng(4)
    conditioner.set_weights([rng.normal(size=weight.shape) for weight in conditioner.weights])
    classes = {} if num_classes is None else {"vector_dim": num_classes}
    priors = [prior(2, (1, 1), **classes), prior(2, (2, 2), map_channels=3, **classes)]
    return kg.models.CodeGenerator(vqvae2(), priors, conditioners=[conditioner], num_classes=num_classes)


def test_probabilities_of_all_maps_of_two_levels_sum_to_one():
    """Of the bottom given each map of the top, and of both."""
    model = of_two_levels(num_classes=2)
    maps = np.array(list(itertools.product(range(2), repeat=5)), "int32")
    top, bottom = model.log_probs([maps[:, :1].reshape(-1, 1, 1), maps[:, 1:].reshape(-1, 2, 2)], np.ones(32, "int32"))
    np.testing.assert_allclose(np.exp(bottom).reshape(2, 16).sum(axis=1), 1.0, atol=1e-5)
    assert np.exp(np.array(top) + np.array(bottom)).sum() == pytest.approx(1.0, abs=1e-5)
    given = np.array(bottom).reshape(2, 16)
    assert np.abs(given[0] - given[1]).max() > 0.01  # the bottom depends on the top


def test_the_bottom_is_drawn_given_the_top():
    model = of_two_levels()
    top, bottom = model.draw(np.random.default_rng(0).standard_normal((4000, 5), dtype="float32"))
    maps = np.array(list(itertools.product(range(2), repeat=5)), "int32")
    log_probs = model.log_probs([maps[:, :1].reshape(-1, 1, 1), maps[:, 1:].reshape(-1, 2, 2)])
    drawn = np.concatenate([np.reshape(top, (-1, 1)), np.reshape(bottom, (-1, 4))], axis=1)
    found = np.bincount(drawn @ [16, 8, 4, 2, 1], minlength=32) / 4000
    np.testing.assert_allclose(found, np.exp(sum(log_probs)), atol=4 * 0.5 / np.sqrt(4000))
    assert model.sample(3, seed=0).shape == (3, 4, 4, 1)
    assert model.latent_dim == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda it: kg.models.VQVAE2(
                it.encoder,
                it.top_encoder,
                it.merger,
                it.decoder,
                top_quantizer=it.top_quantizer,
                bottom_quantizer=it.top_quantizer,
            ),
            r"`merger` must make a map \(batch, height, width, 2\) of fixed size for `bottom_quantizer`",
        ),
        (
            lambda it: kg.models.VQVAE2(
                it.encoder,
                it.encoder,
                it.merger,
                it.decoder,
                top_quantizer=kg.layers.VectorQuantizer(2, 5),
                bottom_quantizer=it.bottom_quantizer,
            ),
            r"`top_encoder` must take inputs of shape \(2, 2, 5\) beside the batch",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior(2, (1, 1)), prior(2, (2, 2))]),
            "`conditioners` must hold 1 networks for the levels top, bottom. Received: 0",
        ),
        (
            lambda it: kg.models.CodeGenerator(
                it, [prior(2, (1, 1)), prior(2, (2, 2))], conditioners=[kg.backbones.code_map((2, 2), 2, (2, 2))]
            ),
            r"`conditioners\[0\]` must map codes \(batch, 1, 1, 1\) to a map \(batch, 2, 2, channels\) for `bottom`",
        ),
    ],
)
def test_levels_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(vqvae2())
