"""A step of each two-view method against the same step by hand; what views see, and when."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests import toys
from tests.contracts import photographs

RATE = 0.1
METHODS = (kg.models.SimCLR, kg.models.SimSiam, kg.models.BYOL, kg.models.BarlowTwins, kg.models.VICReg)


def pair(count: int = 6) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {field: photographs(rng, count, toys.SIZE).astype("float32") / 127.5 - 1 for field in ("first", "second")}


def made(method: type[kg.engine.Method], **arguments) -> kg.engine.Method:
    keras.utils.set_random_seed(3)
    model = method(toys.encoder("encoder"), **arguments)
    model.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
    return model


def unit(x: tf.Tensor) -> tf.Tensor:
    return x / tf.norm(x, axis=1, keepdims=True)


def views_of(model, batch, training=True):
    return (model.head(model.encoder(batch[key], training=training), training=training) for key in batch)


def simclr(model, batch):
    """As a classification among the 2N - 1 other views."""
    both = tf.concat([batch["first"], batch["second"]], axis=0)
    views = unit(model.head(model.encoder(both, training=True), training=True))
    count = len(views)
    logits = tf.linalg.set_diag(views @ tf.transpose(views) / 0.2, tf.fill((count,), -1e9))
    others = np.roll(np.arange(count), count // 2)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(others, logits))


def simsiam(model, batch):
    z1, z2 = views_of(model, batch)
    p1, p2 = (model.predictor(z, training=True) for z in (z1, z2))
    z1, z2 = tf.stop_gradient(z1), tf.stop_gradient(z2)
    cosines = [tf.reduce_sum(unit(p) * unit(z), axis=1) for p, z in ((p1, z2), (p2, z1))]
    return -tf.reduce_mean(cosines)


def byol(model, batch):
    q1, q2 = (unit(model.predictor(z, training=True)) for z in views_of(model, batch))
    t1, t2 = (
        unit(model.target_head.copy(model.target_encoder.copy(batch[key], training=True), training=True))
        for key in batch
    )
    return tf.reduce_mean(tf.reduce_sum((q1 - t2) ** 2, axis=1) + tf.reduce_sum((q2 - t1) ** 2, axis=1))


def barlow_twins(model, batch):
    first, second = views_of(model, batch)
    first, second = (
        (z - tf.reduce_mean(z, axis=0)) / tf.sqrt(tf.math.reduce_variance(z, axis=0) + 1e-5) for z in (first, second)
    )
    correlation = tf.transpose(first) @ second / len(first)
    on = tf.reduce_sum((1 - tf.linalg.diag_part(correlation)) ** 2)
    return on + 0.005 * tf.reduce_sum(tf.linalg.set_diag(correlation, tf.zeros(len(correlation))) ** 2)


def vicreg(model, batch):
    views = list(views_of(model, batch))
    loss = 25 * tf.reduce_mean((views[0] - views[1]) ** 2)
    for z in views:
        centred = z - tf.reduce_mean(z, axis=0)
        covariance = tf.transpose(centred) @ centred / (len(z) - 1)
        deviation = tf.sqrt(tf.linalg.diag_part(covariance) + 1e-4)
        loss += 25 * tf.reduce_mean(tf.nn.relu(1 - deviation)) / 2
        loss += tf.reduce_sum(tf.linalg.set_diag(covariance, tf.zeros(len(covariance))) ** 2) / len(covariance)
    return loss


@pytest.mark.parametrize(
    ("method", "by_hand"), list(zip(METHODS, (simclr, simsiam, byol, barlow_twins, vicreg), strict=True))
)
def test_a_step_on_prepared_pairs_is_the_step_by_hand(method, by_hand) -> None:
    # A hidden layer of one unit, SimSiam's default here, would make predictions of zero, which have no direction.
    model, again = (
        made(method, predictor=kg.backbones.projection_head(4, 4, 16)) if by_hand is simsiam else made(method)
        for _ in range(2)
    )
    again.set_weights(model.get_weights())
    batch = pair()
    with tf.GradientTape() as tape:
        loss = by_hand(again, {key: tf.constant(images) for key, images in batch.items()})
    variables = again.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    logs = model.train_on_batch(batch["first"], batch["second"], return_dict=True)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-4)
    for trained, start, gradient in zip(model.trainable_variables, variables, gradients, strict=True):
        np.testing.assert_allclose(trained, start - RATE * gradient, atol=2e-5, err_msg=trained.path)


@pytest.mark.parametrize("momentum", [0.75, kg.schedules.CosineMomentum(0.75, steps=4)])
def test_byols_target_follows_after_each_step(momentum) -> None:
    model = made(kg.models.BYOL, momentum=momentum)
    pairs = ((model.target_encoder.copy, model.encoder), (model.target_head.copy, model.head))
    expected = [[weight.numpy() for weight in target.weights] for target, _ in pairs]
    for step in range(3):
        model.train_on_batch(pair())
        kept = 0.75 if momentum == 0.75 else 1 - 0.25 * (math.cos(math.pi * step / 4) + 1) / 2
        for weights, (target, online) in zip(expected, pairs, strict=True):
            for index, (own, source) in enumerate(zip(target.weights, online.weights, strict=True)):
                if source.trainable:
                    weights[index] = kept * weights[index] + (1 - kept) * source.numpy()
                    np.testing.assert_allclose(own, weights[index], atol=1e-6)
    moving = [weight for weight in model.target_encoder.copy.weights if "moving" in weight.path]
    for own, source in zip(moving, [w for w in model.encoder.weights if "moving" in w.path], strict=True):
        assert np.abs(own.numpy() - source.numpy()).max() > 1e-6  # its own statistics, not an average of those


def rescaling(scale: float, shape: tuple[int, ...] = (None, toys.SIZE, toys.SIZE, 3)) -> keras.layers.Layer:
    layer = keras.layers.Rescaling(scale)
    layer.build(shape)
    return layer


def test_a_pair_of_views_makes_the_first_and_the_second() -> None:
    batch = pair()
    images = {"image": batch["first"], "label": np.arange(6)}
    drawn = made(kg.models.SimCLR, views=(rescaling(1.0), rescaling(-0.5)))
    prepared = made(kg.models.SimCLR)
    of_pairs = prepared.train_on_batch({"first": batch["first"], "second": -0.5 * batch["first"]}, return_dict=True)
    assert drawn.train_on_batch(images, return_dict=True) == of_pairs
    assert of_pairs["loss"] != drawn.test_on_batch(images, return_dict=True)["loss"]
    same = {"first": batch["first"], "second": batch["first"]}
    assert drawn.test_on_batch(images, return_dict=True) == prepared.test_on_batch(same, return_dict=True)


def test_views_are_drawn_in_training_only() -> None:
    view = toys.NoiseView()
    model = made(kg.models.SimSiam, views=view)
    images = pair()["first"]
    state = view.seed.state.numpy()
    features = model.encode(images)
    np.testing.assert_array_equal(model.predict(images, verbose=0), features)
    np.testing.assert_array_equal(model.encoder(images, training=False), features)
    np.testing.assert_allclose(model.encode(np.uint8((images + 1) * 127.5 + 0.5)), features, atol=1e-5)
    model.evaluate(images, verbose=0)
    np.testing.assert_array_equal(view.seed.state.numpy(), state)
    model.train_on_batch(images, np.arange(6))
    assert np.any(view.seed.state.numpy() != state)


def test_spread_tells_of_collapse() -> None:
    model = made(kg.models.BarlowTwins)
    batch = pair()
    projections = np.asarray(model.project(batch["first"], training=False))
    directions = projections / np.linalg.norm(projections, axis=1, keepdims=True)
    spread = model.test_on_batch(batch, return_dict=True)["spread"]
    assert spread == pytest.approx(directions.std(axis=0).mean() * math.sqrt(projections.shape[1]), rel=1e-4)
    assert spread > 0.1
    same = {key: images[:1].repeat(6, axis=0) for key, images in batch.items()}
    assert model.test_on_batch(same, return_dict=True)["spread"] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_collapsed_and_dead_networks_stay_finite(method) -> None:
    """Equal images, then an encoder whose features are all zero, a batch of one image too."""
    model = made(method)
    same = {key: np.zeros((4, toys.SIZE, toys.SIZE, 3), "float32") for key in ("first", "second")}
    assert np.isfinite(model.train_on_batch(same)).all()
    model.encoder.set_weights([np.zeros(weight.shape, "float32") for weight in model.encoder.weights])
    assert np.isfinite(model.train_on_batch(same)).all()
    assert np.isfinite(model.train_on_batch({key: images[:1] for key, images in pair().items()})).all()
    assert all(np.isfinite(weight).all() for weight in model.weights)


def test_metrics_of_compile_compare_the_two_projections() -> None:
    model = kg.models.SimCLR(toys.encoder("encoder"))
    model.compile(metrics=[keras.metrics.CosineSimilarity(name="alignment")])
    batch = {"first": pair()["first"], "second": pair()["first"]}
    assert model.test_on_batch(batch, return_dict=True)["alignment"] == pytest.approx(1, abs=1e-5)


def test_default_heads_have_the_papers_proportions() -> None:
    built = {method.__name__: method(toys.encoder("encoder", 12)) for method in METHODS}
    widths = {
        name: [layer.units for layer in model.head.layers if isinstance(layer, keras.layers.Dense)]
        for name, model in built.items()
    }
    assert widths == {
        "SimCLR": [12, 128],
        "SimSiam": [12, 12, 12],
        "BYOL": [24, 256],
        "BarlowTwins": [48, 48, 48],
        "VICReg": [48, 48, 48],
    }
    predictors = [[w.shape[1] for w in built[n].predictor.weights if len(w.shape) == 2] for n in ("SimSiam", "BYOL")]
    assert predictors == [[3, 12], [24, 256]]


def unbuilt() -> keras.Model:
    return keras.Sequential([keras.layers.Flatten()])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda e: kg.models.SimCLR(e, temperature=0), ValueError, "`temperature` must be positive"),
        (lambda e: kg.models.SimCLR(unbuilt()), ValueError, "`encoder` must be built"),
        (lambda e: kg.models.SimCLR(toys.decoder(4)), ValueError, r"`encoder` must give vectors \(batch, dim\)"),
        (
            lambda e: kg.models.VICReg(e, head=kg.backbones.projection_head(5)),
            ValueError,
            r"`head` must take what `encoder` gives, \(None, 4\)",
        ),
        (
            lambda e: kg.models.SimSiam(e, predictor=kg.backbones.projection_head(4, 5)),
            ValueError,
            "`head` must take what `predictor` gives",
        ),
        (
            lambda e: kg.models.BYOL(e, predictor=kg.backbones.projection_head(4)),
            ValueError,
            "`predictor` must take what `head` gives",
        ),
        (lambda e: kg.models.BYOL(e, momentum=1.5), ValueError, r"`momentum` must lie in \[0, 1\]"),
        (
            lambda e: kg.models.BarlowTwins(e, redundancy_weight=-1),
            ValueError,
            "`redundancy_weight` must be at least 0",
        ),
        (lambda e: kg.models.VICReg(e, views=abs), TypeError, "`views` must be a layer, a pair of layers or None"),
    ],
)
def test_wrong_arguments(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make(toys.encoder("encoder"))


def test_wrong_batches() -> None:
    batch = pair()
    with pytest.raises(ValueError, match=r"must hold \['first', 'second'\]"):
        made(kg.models.SimCLR).train_on_batch(batch["first"])
    large = {"image": np.zeros((2, 16, 16, 3), "float32")}
    model = made(kg.models.SimCLR, views=rescaling(0.5, (None, 16, 16, 3)))
    with pytest.raises(ValueError, match=r"`first` must have shape \(batch, 8, 8, 3\)"):
        model.train_on_batch(large)
