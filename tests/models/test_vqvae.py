"""Quantized autoencoders against their formulas, and priors over codes against sums over all maps."""

import itertools
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import keras_genssl as kg
from keras_genssl.kinds.rules import RuleError
from keras_genssl.kinds.seeds import GivenSeed
from tests import processes

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
            lambda it: kg.models.CodeGenerator(it, [any_network(it, 3)]),
            r"`priors\[0\]` must be a network of backbones.pixelcnn, .* Received: 'any', a Functional",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [kg.backbones.pixelcnn((2, 1, 1), 2, 3, filters=4, blocks=1)]),
            r"`priors\[0\]` must have num_levels=3 and num_outputs=3, the codes of `codes`. "
            "Received: num_levels=2 and num_outputs=3",
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
            r"`labels` must be None without `num_classes`. Received: labels=\[0\]",
        ),
        (
            lambda it: kg.models.CodeGenerator(it, [prior()]).log_probs([np.zeros((1, 2, 1), int)], [0]),
            r"`labels` must be None without `num_classes`. Received: labels=\[0\]",
        ),
        (
            lambda it: of_two_classes(it).log_probs([np.zeros((1, 2, 1), int)]),
            r"`labels` must be integers \(batch,\) in \[0, 2\): the priors know classes. Received: labels=None",
        ),
        (lambda it: it.encode(np.zeros((0, *SHAPE), "float32")), "`images` must hold at least one example. Received:"),
        (lambda it: it.decode(np.zeros((0, 2, 1), int)), r"`codes` must hold at least one example. .* \(0, 2, 1\)"),
    ],
)
def test_errors_name_argument_rule_and_value(make, message):
    with pytest.raises(ValueError, match=message):
        make(vqvae())


def any_network(autoencoder: kg.models.VQVAE, num_codes: int) -> keras.Model:
    """A network of the shapes of a prior, in which each code sees itself."""
    levels = keras.Input((*autoencoder.code_shapes[0], 1), dtype="int32")
    outputs = keras.layers.Dense(num_codes)(ops.cast(levels, "float32")[..., None])
    return keras.Model(levels, outputs, name="any")


def of_two_classes(autoencoder: kg.models.VQVAE | None = None) -> kg.models.CodeGenerator:
    return kg.models.CodeGenerator(autoencoder or vqvae(), [prior(vector_dim=2)], num_classes=2)


def of_none() -> kg.models.CodeGenerator:
    return kg.models.CodeGenerator(vqvae(), [prior()])


LATENTS = np.zeros((3, 2), "float32")


@pytest.mark.parametrize("name", ["generate", "generate_codes"])
@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (of_two_classes, (LATENTS, [0, 1, 2]), r"`labels` must lie in \[0, 2\). Received: numbers from 0 to 2"),
        (of_two_classes, (LATENTS, [0, -1, 1]), r"`labels` must lie in \[0, 2\). Received: numbers from -1 to 1"),
        (of_two_classes, (LATENTS, [0, 1]), "`labels` must hold as many examples as `latents`. Received: 2 and 3"),
        (of_two_classes, (LATENTS, [0.0, 1.0, 1.0]), "`labels` must hold integers"),
        (of_two_classes, (LATENTS,), r"`labels` must be integers \(batch,\) in \[0, 2\): .* Received: labels=None"),
        (of_none, (LATENTS, [0, 1, 1]), r"`labels` must be None without `num_classes`. Received: labels=\[0, 1, 1\]"),
        (of_none, (np.zeros((3, 3), "float32"),), r"`latents` must have shape \(batch, 2\) .* Received: .* \(3, 3\)"),
        (of_none, (np.zeros((3, 1), "float32"),), r"`latents` must have shape \(batch, 2\) .* Received: .* \(3, 1\)"),
        (of_none, (LATENTS * np.nan,), "`latents` must be finite. Received: NaN or infinity"),
        (of_none, (LATENTS[:0],), r"`latents` must hold at least one example. Received: a batch of shape \(0, 2\)"),
    ],
)
def test_latents_and_labels_that_are_none_are_refused(
    make: Callable[[], kg.models.CodeGenerator], given: tuple, message: str, name: str
):
    with pytest.raises(ValueError, match=message):
        getattr(make(), name)(*given)


def test_empty_batches_are_refused_where_their_size_is_known_only_at_a_run():
    model, generator = vqvae(), of_none()
    for function, shape, dtype, rule in (
        (model.encode, SHAPE, tf.float32, "`images` must hold at least one example"),
        (model.decode, (2, 1), tf.int32, "`codes` must hold at least one example"),
        (generator.generate, (2,), tf.float32, "`latents` must hold at least one example"),
    ):
        graph = tf.function(function, input_signature=[tf.TensorSpec((None, *shape), dtype)])
        assert len(graph(tf.zeros((1, *shape), dtype))) == 1
        with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
            graph(tf.zeros((0, *shape), dtype))


def test_images_are_generated_without_python():
    """From the second call on: no layer is called any more, for any number of images."""
    model = of_two_classes()
    pixel, calls = model.priors[0].pixel, []
    model.priors[0].pixel = lambda *given: (calls.append(1), pixel(*given))[1]
    model.generate(LATENTS, [0, 1, 0])
    model.generate(LATENTS[:2], [0, 1])
    assert calls
    calls.clear()
    model.generate(np.zeros((7, 2), "float32"), [0, 1, 0, 1, 1, 1, 1])
    assert not calls


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


def test_the_loss_has_the_penalties_of_the_prior_and_none_of_the_autoencoder(images):
    """0.25 times the sum of squares of a weight of the prior; of the frozen encoder nothing."""
    model = of_none()
    weight = model.priors[0].trainable_variables[0]
    weight.regularizer = keras.regularizers.L2(0.25)
    model.autoencoder.encoder.trainable_variables[0].regularizer = keras.regularizers.L2(100.0)
    (log_probs,) = model.log_probs([model.autoencoder.encode(images)])
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    expected = -np.mean(log_probs) + 0.25 * np.square(np.array(weight)).sum()
    assert model.evaluate(images, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(images, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-5)


PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
import keras_genssl as kg
from tests.models.test_vqvae import SHAPE, prior, vqvae

images = np.random.default_rng(0).uniform(-1, 1, (20, *SHAPE)).astype("float32")
data = tf.data.Dataset.from_tensor_slices(images).batch(10)

def learnt():
    model = vqvae(4)
    kg.models.CodeGenerator(model, [prior(4)]).compile("adam")
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(data, verbose=0)  # the first update places the codes at vectors that are drawn
    return model.quantizer.codebook

expected = np.array(learnt())
chosen = kg.engine.strategy("mirrored")
with chosen.scope():
    found = learnt()
values = chosen.experimental_local_results(found.value)
assert len(values) == 2
for value in values:
    np.testing.assert_allclose(value, expected, atol=1e-6)
print("a generator leaves the codebook's draws as they are")
"""


def test_compiling_a_generator_leaves_the_draws_of_the_codebook_equal_on_replicas():
    done = processes.run(["-c", PROGRAM])
    assert "a generator leaves the codebook's draws as they are" in done.output, done.errors[-4000:]


def test_a_code_is_where_the_distribution_function_of_the_prior_passes_that_of_the_latent():
    """Of a prior without weights all codes are equally likely, so the thirds of the normal distribution choose."""
    network = prior()
    network.set_weights([np.zeros(weight.shape) for weight in network.weights])
    model = kg.models.CodeGenerator(vqvae(), [network])
    latents = np.array([[-0.44, -0.42], [0.42, 0.44], [9.0, -9.0]], "float32")  # a third is at -0.4307
    (codes,) = model.generate_codes(latents)
    np.testing.assert_array_equal(ops.squeeze(codes, -1), [[0, 1], [1, 2], [2, 0]])
    np.testing.assert_allclose(model.generate(latents), model.autoencoder.decode(codes), atol=1e-6)


def test_samples_have_the_frequencies_of_the_prior_and_a_seed():
    model = kg.models.CodeGenerator(vqvae(), [prior(vector_dim=2)], num_classes=2)
    latents = np.random.default_rng(0).standard_normal((4000, 2), dtype="float32")
    labels = np.ones(4000, "int32")
    (codes,) = model.generate_codes(latents, labels)
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
    drawn = served["draw"](3, GivenSeed(5))
    latents = keras.random.normal((3, 2), seed=GivenSeed(5))
    np.testing.assert_array_equal(drawn["label"], [0, 1, 0])
    np.testing.assert_array_equal(drawn["image"], model.generate(latents, np.array([0, 1, 0])))
    np.testing.assert_array_equal(drawn["image"], served["generate"](latents, np.array([0, 1, 0])))
    assert list(model.serving()) == ["reconstruct", "encode", "decode", "generate", "draw"]


def test_served_functions_of_a_generator_without_classes_take_latents_alone():
    model = of_none()
    served = model.serving()
    assert list(served["generate"].inputs) == ["latent"]
    assert list(served["draw"].outputs) == ["image"]
    latents = keras.random.normal((3, 2), seed=GivenSeed(5))
    np.testing.assert_array_equal(served["draw"].function(3, GivenSeed(5)), model.generate(latents))
    np.testing.assert_array_equal(served["generate"].function(latents), model.generate(latents))


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
    top, bottom = model.generate_codes(np.random.default_rng(0).standard_normal((4000, 5), dtype="float32"))
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
        (
            lambda it: kg.models.CodeGenerator(
                it,
                [prior(2, (1, 1)), prior(2, (2, 2), map_channels=3)],
                conditioners=[kg.backbones.code_map((1, 1), 3, (2, 2), 3)],
            ),
            r"`conditioners\[0\]` must have num_codes=2, the codes of `top`. Received: num_codes=3",
        ),
    ],
)
def test_levels_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(vqvae2())
