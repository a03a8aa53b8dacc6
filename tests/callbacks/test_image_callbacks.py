"""Callbacks that look at a model: what they write is what it makes, and training does not notice them."""

import json
import os
import pathlib
import socket

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from keras_genssl import callbacks, metrics
from tests import processes
from tests.callbacks import painter


def made():
    keras.utils.set_random_seed(0)
    return painter.Painter()


def eight_bit(images):
    return np.rint((np.asarray(images) + 1) * 127.5).astype(int)


def tiles(path, columns, size=painter.SIZE, padding=2):
    """The images of a sheet, row by row."""
    with Image.open(path) as file:
        sheet = np.asarray(file).astype(int)
    step = size + padding
    rows = (sheet.shape[0] - padding) // step
    assert sheet.shape == (rows * step + padding, columns * step + padding)
    corners = [(padding + row * step, padding + column * step) for row in range(rows) for column in range(columns)]
    return np.stack([sheet[top : top + size, left : left + size] for top, left in corners])[..., None]


def test_training_does_not_notice(tmp_path):
    """Weights, optimizer and seeds to the bit, though `sample` draws from the training's own seed."""
    plain, watched = made(), made()
    histories = [painter.train(plain, []), painter.train(watched, painter.looks(tmp_path))]
    assert watched.calls
    for one, other in zip(
        [*plain.variables, *plain.optimizer.variables], [*watched.variables, *watched.optimizer.variables], strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)
    assert histories[0] == {"loss": histories[1]["loss"]}


def test_a_sample_grid_shows_the_model_of_its_epoch(tmp_path):
    model = made()
    shown = []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: shown.append(model.sample(6, seed=3)))
    painter.train(model, [callbacks.SampleGrid(tmp_path, 6, seed=3, columns=3), after])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-0001.png", "epoch-0002.png"]
    for epoch in (1, 2):
        np.testing.assert_array_equal(tiles(tmp_path / f"epoch-000{epoch}.png", 3), eight_bit(shown[epoch - 1]))
    assert not np.array_equal(*shown)


def test_a_sample_grid_passes_labels_on(tmp_path):
    model = made()
    painter.train(model, [callbacks.SampleGrid(tmp_path, 2, labels=np.array([0, 9]))], epochs=1)
    first, second = tiles(tmp_path / "epoch-0001.png", 2)
    assert first.max() < 80 < 175 < second.min()  # -0.5 and 0.4, a tenth of the image aside


def test_every_counts_epochs_and_the_last_is_shown(tmp_path):
    painter.train(made(), [callbacks.SampleGrid(tmp_path, 1, every=2)], epochs=5)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["epoch-0002", "epoch-0004", "epoch-0005"]


def test_tensorboard_gets_the_same_picture(tmp_path):
    painter.train(made(), [callbacks.SampleGrid(tmp_path / "samples", 4, log_dir=tmp_path / "logs")])
    (file,) = (tmp_path / "logs").iterdir()
    values = [
        (event.step, value) for event in tf.compat.v1.train.summary_iterator(str(file)) for value in event.summary.value
    ]
    assert [(step, value.tag) for step, value in values] == [(0, "samples"), (1, "samples")]
    for step, value in values:
        assert value.metadata.plugin_data.plugin_name == "images"
        width, height, picture = value.tensor.string_val
        assert picture == (tmp_path / "samples" / f"epoch-000{step + 1}.png").read_bytes()
        with Image.open(tmp_path / "samples" / "epoch-0001.png") as sheet:
            assert (int(width), int(height)) == sheet.size


def test_a_walk_leads_through_its_points_and_back(tmp_path):
    model = made()
    painter.train(model, [callbacks.LatentWalk(tmp_path, num_points=3, steps=4, seed=2)], epochs=1)
    points = np.random.default_rng(2).normal(size=(3, 3))
    shown = tiles(tmp_path / "epoch-0001.png", 4)
    np.testing.assert_allclose(shown[::4], eight_bit(model.generate(points.astype(np.float32))), atol=1)
    # Half of the last leg: the arc between two vectors leads through their sum, turned to the geometric mean's length.
    first, last = points[0], points[2]
    angle = np.arccos(first @ last / np.linalg.norm(first) / np.linalg.norm(last))
    middle = ((first + last) / (2 * np.cos(angle / 2))).astype(np.float32)
    np.testing.assert_allclose(shown[10], eight_bit(model.generate(middle[None]))[0], atol=1)


def test_a_walk_is_a_film_too(tmp_path):
    painter.train(made(), [callbacks.LatentWalk(tmp_path, num_points=3, steps=4)], epochs=1)
    shown = tiles(tmp_path / "epoch-0001.png", 4)
    with Image.open(tmp_path / "epoch-0001.gif") as film:
        assert film.n_frames == 12
        assert film.info["loop"] == 0
        for index in range(12):
            film.seek(index)
            np.testing.assert_allclose(np.asarray(film.convert("L"))[..., None], shown[index], atol=1)


def test_a_walk_between_images_goes_straight(tmp_path):
    model = made()
    ends = painter.images(2)
    painter.train(model, [callbacks.LatentWalk(tmp_path, steps=4, images=ends)], epochs=1)
    codes = np.asarray(model.encode(ends.astype(np.float32) / 127.5 - 1))
    shares = np.array([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25], np.float32)[:, None]
    expected = eight_bit(model.decode((1 - shares) * codes[0] + shares * codes[1]))
    np.testing.assert_allclose(tiles(tmp_path / "epoch-0001.png", 4), expected, atol=1)


def test_a_walk_keeps_its_label(tmp_path):
    painter.train(made(), [callbacks.LatentWalk(tmp_path, 2, 2, label=9)], epochs=1)
    assert tiles(tmp_path / "epoch-0001.png", 2).min() > 150


def black_and_white(**network):
    """A PixelCNN of small images of two levels, or with a map a PixelVAE, compiled with a rate that changes nothing."""
    keras.utils.set_random_seed(1)
    shape, bits = (4, 4, 1), kg.losses.BernoulliDistribution()
    network = kg.backbones.pixelcnn(shape, 2, 1, filters=4, blocks=1, first_kernel_size=3, **network)
    network.set_weights([np.random.default_rng(0).normal(size=weight.shape) for weight in network.weights])
    if not network.map_channels:
        model = kg.models.PixelCNN(network, distribution=bits)
    else:
        encoder = kg.backbones.dense_encoder(2 * 2, (), input_shape=shape)
        decoder = kg.backbones.dense_decoder(2, (), output_shape=(4, 4, network.map_channels))
        model = kg.models.PixelVAE(encoder, decoder, network, distribution=bits)
    model.compile(keras.optimizers.SGD(0.0))
    return model


def bits(count):
    return np.random.default_rng(0).integers(0, 2, (count, 4, 4, 1), dtype=np.uint8) * 255


def test_a_walk_leads_through_images_of_a_pixelcnn(tmp_path):
    model = black_and_white(vector_dim=2)
    data = {"image": bits(4), "label": np.array([0, 1, 0, 1])}
    model.fit(data, verbose=0, callbacks=[callbacks.LatentWalk(tmp_path, num_points=2, steps=2, label=1)])
    points = np.random.default_rng(0).normal(size=(2, 16)).astype("float32")
    shown = tiles(tmp_path / "epoch-0001.png", 2, size=4)[::2]
    np.testing.assert_array_equal(shown, eight_bit(model.generate(points, np.array([1, 1]))))


@pytest.mark.parametrize("between_images", [False, True])
def test_a_walk_of_a_pixel_vae_has_one_noise(tmp_path, between_images):
    model = black_and_white(map_channels=2)
    ends = bits(2)
    walk = callbacks.LatentWalk(tmp_path, 2, 2, images=ends if between_images else None)
    model.fit(bits(4), verbose=0, callbacks=[walk])
    normal = np.random.default_rng(0).normal(size=(2, 2)).astype("float32")
    codes = model.encode(ends) if between_images else normal
    noise = np.random.default_rng([0, 1]).standard_normal((1, 16), np.float32)
    expected = eight_bit(model.generate(codes, np.repeat(noise, 2, axis=0)))
    np.testing.assert_array_equal(tiles(tmp_path / "epoch-0001.png", 2, size=4)[::2], expected)


@pytest.mark.parametrize(
    ("network", "walk", "error", "message"),
    [
        ({"vector_dim": 2}, {}, ValueError, r"`labels` must be integers in \[0, 2\). Received: labels=None"),
        ({}, {"label": 1}, ValueError, "`labels` must be None"),
        ({"map_channels": 2}, {"label": 1}, TypeError, "positional arguments"),
        ({}, {"images": bits(2)}, ValueError, "needs a model with `encode` and `decode`. Received: PixelCNN"),
    ],
)
def test_a_walk_that_cannot_be_drawn_is_refused_before_training(tmp_path, network, walk, error, message):
    model = black_and_white(**network)
    data = {"image": bits(4), "label": np.array([0, 1, 0, 1])}
    with pytest.raises(error, match=message):
        model.fit(data, verbose=0, callbacks=[callbacks.LatentWalk(tmp_path, 2, 2, **walk)])
    assert int(model.optimizer.iterations) == 0


def test_a_walk_needs_latents_and_a_function_of_them(tmp_path):
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for given, message in (("generate", "`latent_dim` must be given"), (None, "needs a model with `generate` or")):
        walk = callbacks.LatentWalk(tmp_path)
        walk.set_model(plain)
        if given:
            plain.generate = plain.call
        with pytest.raises(ValueError, match=message):
            walk.on_train_begin()
        plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def test_reconstructions_stand_beside_their_images(tmp_path):
    shown = painter.images(3)
    painter.train(made(), [callbacks.ReconstructionGrid(tmp_path, shown, columns=2)], epochs=1)
    found = tiles(tmp_path / "epoch-0001.png", 4)
    np.testing.assert_array_equal(found[:6:2], shown)
    np.testing.assert_allclose(found[1:6:2], 255 - shown.astype(int), atol=1)


def test_metrics_of_samples_enter_the_history(tmp_path):
    real = painter.features(painter.images(40, seed=5))
    fid, kid = metrics.FID(painter.features, real), metrics.KID(painter.features, real, 3, subset_size=20)
    precision = metrics.PrecisionRecall(painter.features, real)
    model = made()
    table = tmp_path / "log.csv"
    look = callbacks.ImageMetrics([fid, kid, precision], num_images=1100, every=2, seed=4)
    history = painter.train(model, [look, keras.callbacks.CSVLogger(table)], epochs=3)
    assert {name: len(values) for name, values in history.items()} == {
        "loss": 3,
        "features_fid": 2,
        "features_kid": 2,
        "features_kid_deviation": 2,
        "features_precision": 2,
        "features_recall": 2,
    }
    # The last epoch again, of all samples at once: chunks of 500, 500 and 100, with seeds of their own.
    assert [count for count, *_ in model.calls] == [500, 500, 100] * 2
    assert model.calls[:3] == model.calls[3:]
    seeds = [seed for _, seed, _ in model.calls[:3]]
    assert len(set(seeds)) == 3
    samples = np.concatenate([model.sample(count, seed=seed) for count, seed, _ in model.calls[:3]])
    assert history["features_fid"][-1] == pytest.approx(fid(samples), rel=1e-6)
    assert history["features_kid"][-1] == pytest.approx(kid(samples)[0], rel=1e-6)
    assert (history["features_precision"][-1], history["features_recall"][-1]) == precision(samples)


def test_metrics_share_one_pass_and_labels_are_cut_into_chunks():
    seen = []

    def counted(images):
        seen.append(len(images))
        return painter.features(images)

    real = painter.features(painter.images(40, seed=5))
    labels = np.arange(600) % 10
    model = made()
    both = [metrics.FID(counted, real), metrics.PrecisionRecall(counted, real)]
    painter.train(model, [callbacks.ImageMetrics(both, 600, labels=labels)], epochs=1)
    assert seen == [500, 100]
    np.testing.assert_array_equal(np.concatenate([labels for *_, labels in model.calls]), labels)


REAL = np.random.default_rng(0).normal(size=(30, 4))
FID = metrics.FID(painter.features, REAL)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: callbacks.SampleGrid("out", every=0), "`every` must be a positive integer. Received: every=0"),
        (lambda: callbacks.SampleGrid("out", num_images=0), "num_images=0"),
        (lambda: callbacks.SampleGrid("out", 3, labels=[1]), r"of shape \(1,\) for 3 examples"),
        (lambda: callbacks.SampleGrid("out", columns=0), "`columns`"),
        (lambda: callbacks.LatentWalk("out", num_points=1), "at least 2"),
        (lambda: callbacks.LatentWalk("out", images=painter.images(1)), "at least 2"),
        (lambda: callbacks.LatentWalk("out", steps=0), "`steps` must be positive"),
        (lambda: callbacks.LatentWalk("out", latent_dim=0), "latent_dim=0"),
        (lambda: callbacks.ReconstructionGrid("out", np.full((2, 8, 8, 1), 7.0)), r"must lie in \[-1, 1\]"),
        (lambda: callbacks.ReconstructionGrid("out", painter.images(2), columns=0), "`columns`"),
        (lambda: callbacks.ImageMetrics([]), "a metric at least"),
        (lambda: callbacks.ImageMetrics([FID, FID]), "under a name of its own"),
        (lambda: callbacks.ImageMetrics([FID], num_images=4), "at least 5. Received: num_images=4"),
        (lambda: callbacks.ImageMetrics([FID], 5, labels=[1]), "one for each example"),
        (
            lambda: callbacks.ImageMetrics([metrics.KID(painter.features, REAL, subset_size=20)], num_images=19),
            "at least 20. Received: num_images=19",
        ),
    ],
)
def test_bad_arguments_are_refused_before_training(make, rule):
    with pytest.raises(ValueError, match=rule):
        make()


def test_other_objects_are_no_image_metrics():
    with pytest.raises(TypeError, match=r"objects such as metrics.FID"):
        callbacks.ImageMetrics([painter.features])


def run(strategy, output, **environment):
    return processes.start(["-m", "tests.callbacks.painter", strategy, output], env={**os.environ, **environment})


def results(started):
    try:
        for process in started:
            assert process.wait(timeout=300) == 0, process.errors[-4000:]
    finally:
        for process in started:
            process.kill()
    return [json.loads(pathlib.Path(process.args[-1]).read_text()) for process in started]


def written(output):
    folder = pathlib.Path(f"{output}.files")
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if "events" not in path.name}


ALL_FILES = {
    f"{folder}/epoch-000{epoch}.{suffix}"
    for folder, suffixes in {
        "samples": ["png"],
        "pairs": ["png"],
        "walk": ["png", "gif"],
        "codes": ["png", "gif"],
    }.items()
    for suffix in suffixes
    for epoch in (1, 2)
}


def test_two_replicas_are_looked_at_without_notice(tmp_path):
    (result,) = results([run("mirrored", tmp_path / "mirrored")])
    assert result["replicas"] == 2
    assert result["undisturbed"]
    assert len(result["history"]["features_fid"]) == 2
    assert written(tmp_path / "mirrored") == ALL_FILES


def test_of_two_workers_the_chief_alone_writes(tmp_path):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    started = [
        run(
            "multi_worker",
            tmp_path / f"worker{index}",
            TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]
    chief, other = results(started)
    assert chief["replicas"] == 2
    assert chief["undisturbed"]
    assert other["undisturbed"]
    assert chief["history"] == other["history"]
    assert written(tmp_path / "worker0") == ALL_FILES
    assert written(tmp_path / "worker1") == set()
