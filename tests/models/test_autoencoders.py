import keras
import numpy as np
import pytest
from sklearn import decomposition

import keras_genssl as kg
from tests import toys

SHAPE = (4, 4, 1)


def networks(code_dim=3, units=(6,), activation=None):
    keras.utils.set_random_seed(3)
    encoder = kg.backbones.dense_encoder(code_dim, units, input_shape=SHAPE, code_activation=activation)
    return encoder, kg.backbones.dense_decoder(code_dim, units, output_shape=SHAPE)


def pictures(count=8):
    return np.random.default_rng(5).uniform(-1, 1, (count, *SHAPE)).astype("float32")


def loss_of(model, images, training=True):
    return np.array(model.example_losses(images, images, model(images, training=training)))


def test_the_loss_is_the_mean_square_over_pixels():
    encoder, decoder = networks()
    images = pictures()
    expected = ((np.array(decoder(encoder(images))) - images) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of(kg.models.Autoencoder(encoder, decoder), images), expected, rtol=1e-5)


def test_a_linear_autoencoder_with_the_components_is_pca():
    images = pictures(40)
    pca = decomposition.PCA(3).fit(images.reshape(40, -1))
    encoder, decoder = networks(units=())
    encoder.set_weights([pca.components_.T, -pca.components_ @ pca.mean_])
    decoder.set_weights([pca.components_, pca.mean_])
    model = kg.models.Autoencoder(encoder, decoder)
    np.testing.assert_allclose(model.encode(images), pca.transform(images.reshape(40, -1)), atol=1e-5)
    expected = pca.inverse_transform(pca.transform(images.reshape(40, -1))).reshape(images.shape)
    np.testing.assert_allclose(model.reconstruct(images), np.clip(expected, -1, 1), atol=1e-5)
    np.testing.assert_allclose(model(images)["image"], expected, atol=1e-5)
    # One batch: kernels may round by the batch's size.
    np.testing.assert_array_equal(model.predict(images, batch_size=40, verbose=0), model.reconstruct(images))


def test_another_image_loss():
    encoder, decoder = networks()
    images = pictures()
    model = kg.models.Autoencoder(encoder, decoder, loss=keras.losses.MeanAbsoluteError())
    expected = abs(np.array(decoder(encoder(images))) - images).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of(model, images), expected, rtol=1e-5)


def test_a_perceptual_loss():
    encoder, decoder = networks()
    source = kg.backbones.small_extractor((2,), input_shape=(None, None, 1), seed=1)
    loss = kg.losses.PerceptualLoss(kg.backbones.perceptual_extractor(source, ["block1_conv1"]), [0.5], pixel=None)
    images = pictures()
    layer = source.get_layer("block1_conv1")
    difference = np.array(layer(np.array(decoder(encoder(images))))) - np.array(layer(images))
    expected = 0.5 * (difference**2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of(kg.models.Autoencoder(encoder, decoder, loss=loss), images), expected, rtol=1e-4)


def test_metrics_compare_images_with_reconstructions():
    model = kg.models.Autoencoder(*networks())
    model.compile("sgd", metrics=[keras.metrics.MeanSquaredError()])
    result = model.evaluate(pictures(), batch_size=4, verbose=0, return_dict=True)
    assert result["mean_squared_error"] == pytest.approx(result["loss"], rel=1e-5)


def test_labels_beside_images_are_not_looked_at():
    images = pictures()
    plain, labelled = (kg.models.Autoencoder(*networks()) for _ in range(2))
    for model, batch in ((plain, images), (labelled, (images, np.arange(8)))):
        model.compile(keras.optimizers.SGD(0.1))
        model.train_step(batch)
    for a, b in zip(plain.weights, labelled.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sparse_adds_the_penalty_of_the_code():
    encoder, decoder = networks(activation="sigmoid")
    images = pictures()
    plain = loss_of(kg.models.Autoencoder(encoder, decoder), images)
    codes = np.array(encoder(images))
    sparse = kg.models.SparseAutoencoder(encoder, decoder, kg.losses.L1Sparsity(0.2))
    np.testing.assert_allclose(loss_of(sparse, images) - plain, 0.2 * abs(codes).sum(axis=1), rtol=1e-4)
    mean = codes.mean(axis=0)
    divergence = 0.05 * np.log(0.05 / mean) + 0.95 * np.log(0.95 / (1 - mean))
    sparse = kg.models.SparseAutoencoder(encoder, decoder, kg.losses.KLSparsity(0.05, 2.0))
    np.testing.assert_allclose(loss_of(sparse, images) - plain, np.full(8, 2 * divergence.sum()), rtol=1e-4)


@pytest.mark.parametrize("encoder", [networks()[0], networks(activation="relu")[0], kg.backbones.lecture_encoder()])
def test_kl_refuses_codes_that_are_no_probabilities(encoder):
    decoder = kg.backbones.dense_decoder(encoder.output_shape[1], (), output_shape=encoder.input_shape[1:])
    with pytest.raises(ValueError, match=r"`sparsity` needs codes in \[0, 1\].* Received: .*'(linear|relu)'"):
        kg.models.SparseAutoencoder(encoder, decoder, kg.losses.KLSparsity())
    kg.models.SparseAutoencoder(encoder, decoder, kg.losses.L1Sparsity())


def test_redundant_drops_units_of_the_code_and_scales_the_rest():
    identity = keras.Sequential([keras.Input((16,)), keras.layers.Reshape(SHAPE)])
    flatten = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
    model = kg.models.RedundantAutoencoder(flatten, identity, rate=0.75)
    images = pictures(500)
    dropped = np.array(model(images, training=True)["image"])
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], 4 * images[kept], rtol=1e-6)
    assert abs(kept.mean() - 0.25) < 4 * np.sqrt(0.1875 / kept.size)
    np.testing.assert_array_equal(model(images, training=False)["image"], images)


def test_denoising_sees_damage_in_training_alone_and_aims_at_the_clean_image():
    identity = keras.Sequential([keras.Input((16,)), keras.layers.Reshape(SHAPE)])
    flatten = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
    images = pictures(500)
    model = kg.models.DenoisingAutoencoder(flatten, identity, kg.corruptions.MaskingNoise(1.0, value=0.5))
    expected = ((images - 0.5) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of(model, images), expected, rtol=1e-5)
    np.testing.assert_array_equal(loss_of(model, images, training=False), np.zeros(500))
    np.testing.assert_array_equal(model.reconstruct(images), images)
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)


def test_contractive_equals_the_papers_closed_form():
    """One sigmoid layer, Rifai et al., Section 3: |J|^2 = sum_j (h_j (1 - h_j))^2 sum_i W_ij^2."""
    encoder, decoder = networks(units=(), activation="sigmoid")
    model = kg.models.ContractiveAutoencoder(encoder, decoder, weight=0.5)
    images = pictures(3)
    kernel, codes = np.array(encoder.get_weights()[0]), np.array(encoder(images))
    expected = ((codes * (1 - codes)) ** 2) @ (kernel**2).sum(axis=0)
    draws = np.array([model.jacobian_norm(images) for _ in range(400)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (abs(draws.mean(axis=0) - expected) < 4 * error).all()
    assert (error < 0.05 * expected).all()


def test_contractive_is_exact_for_one_unit_and_enters_the_loss():
    encoder, decoder = networks(code_dim=1, units=(), activation="sigmoid")
    images = pictures(3)
    kernel, codes = np.array(encoder.get_weights()[0]), np.array(encoder(images))[:, 0]
    expected = 0.5 * (codes * (1 - codes)) ** 2 * (kernel**2).sum()
    plain = loss_of(kg.models.Autoencoder(encoder, decoder), images)
    contractive = kg.models.ContractiveAutoencoder(encoder, decoder, weight=0.5)
    np.testing.assert_allclose(loss_of(contractive, images) - plain, expected, rtol=1e-3, atol=1e-7)


def _broken(encoder=None, decoder=None, **changes):
    good = networks()
    return lambda: kg.models.Autoencoder(encoder or good[0], decoder or good[1], **changes)


def _no_code():
    images = keras.Input(SHAPE)
    return keras.Model(images, keras.layers.Flatten()(images)[:, :0])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (_broken(encoder=keras.Sequential([keras.layers.Dense(3)], name="young")), "`encoder` must be built.*'young'"),
        (_broken(decoder=keras.Sequential([keras.layers.Dense(3)], name="young")), "`decoder` must be built.*'young'"),
        (
            _broken(encoder=toys.Opaque(SHAPE)),
            "`encoder` must be a functional or sequential model.*'opaque', an? Opaque",
        ),
        (
            _broken(decoder=toys.Opaque((3,))),
            "`decoder` must be a functional or sequential model.*'opaque', an? Opaque",
        ),
        (_broken(encoder=_no_code()), r"`encoder` must give codes of .*code_dim at least 1.*\(None, 0\)"),
        (_broken(encoder=networks(code_dim=4)[0]), r"`encoder` must give the code that `decoder` takes.*4\).*3\)"),
        (
            _broken(decoder=kg.backbones.dense_decoder(3, output_shape=(4, 5, 1))),
            r"`decoder` must give images of the shape that `encoder` takes. Received: .*4, 5, 1\).*4, 4, 1\)",
        ),
        (_broken(encoder=keras.Sequential([keras.Input(SHAPE), keras.layers.Dense(3)])), r"`encoder` must give codes"),
        (lambda: kg.models.RedundantAutoencoder(*networks(), rate=1), r"`rate` must lie in \[0, 1\). Received: rate=1"),
        (
            lambda: kg.models.ContractiveAutoencoder(*networks(), weight=-1),
            "`weight` must be at least 0 and finite. Received: weight=-1",
        ),
    ],
)
def test_networks_that_do_not_fit_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
