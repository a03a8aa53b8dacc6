import keras
import numpy as np
import pytest

import keras_genssl as kg

ROWS, COLUMNS, DIM = 3, 2, 12
PLACES = ROWS * COLUMNS
AHEAD = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}  # rows and columns of a step


def cpc(**arguments):
    """On features of 12, with contexts of one narrow block."""
    keras.utils.set_random_seed(0)
    directions = arguments.get("directions", ("down",))
    contexts = [kg.backbones.context_network(DIM, filters=8, blocks=1, name=f"c_{d}") for d in directions]
    encoder = kg.backbones.small_encoder((None, None, 1), filters=3, normalization=keras.layers.LayerNormalization)
    defaults = {"encoder": encoder, "rows": ROWS, "columns": COLUMNS, "steps": (1,), "contexts": contexts}
    return kg.models.CPC(**{**defaults, **arguments})


@pytest.fixture
def patches():
    return np.random.default_rng(1).integers(0, 256, (3, PLACES, 8, 6, 1), dtype=np.uint8)


def naive(features, contexts, steps, directions, predictors, scale):
    """Losses and shares of hits, image by image, place by place, negative by negative."""
    losses, hits = [], []
    for image in range(len(features)):
        loss, found = 0.0, []
        for direction in directions:
            for step in steps:
                terms, right_ones = [], []
                for row in range(ROWS):
                    for column in range(COLUMNS):
                        ahead = row + step * AHEAD[direction][0], column + step * AHEAD[direction][1]
                        if not (0 <= ahead[0] < ROWS and 0 <= ahead[1] < COLUMNS):
                            continue
                        query = contexts[direction][image, row, column] @ predictors[direction, step]
                        positive = np.exp(scale * query @ features[image, ahead[0] * COLUMNS + ahead[1]])
                        negatives = [
                            np.exp(scale * query @ features[other, place])
                            for other in range(len(features))
                            for place in range(PLACES)
                            if (other, place) != (image, ahead[0] * COLUMNS + ahead[1])
                        ]
                        assert len(negatives) == len(features) * PLACES - 1
                        terms.append(-np.log(positive / (positive + sum(negatives))))
                        right_ones.append(positive > max(negatives))
                loss += np.mean(terms)
                found.append(np.mean(right_ones))
        losses.append(loss)
        hits.append(np.mean(found))
    return np.array(losses), np.array(hits)


def contexts_of(model, features):
    """Each direction's context in the grid's own orientation, by turning pictures rather than axes."""
    grid = np.reshape(features, (-1, ROWS, COLUMNS, DIM))
    turns = {"down": 0, "right": 1, "up": 2, "left": 3}  # quarters that bring a direction to point down
    made = {}
    for direction, network in zip(model.directions, model.contexts, strict=True):
        turned = np.rot90(grid, -turns[direction], axes=(1, 2))
        mirrored = direction in ("right", "up")  # a turn brings its columns in the other order
        turned = turned[:, :, ::-1] if mirrored else turned
        context = keras.ops.convert_to_numpy(network(turned.copy()))
        context = context[:, :, ::-1] if mirrored else context
        made[direction] = np.rot90(context, turns[direction], axes=(1, 2))
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps": (1, 2)},
        {"directions": ("down", "up", "right", "left"), "target_dim": 5, "scale": 3.0},
    ],
    ids=["first version", "second version"],
)
def test_loss_and_accuracy_equal_a_naive_loop(arguments, patches):
    model = cpc(**arguments)
    features = np.array(model.embed(patches.astype("float32") / 127.5 - 1, False))
    names = [(direction, step) for direction in model.directions for step in model.steps]
    predictors = {
        name: keras.ops.convert_to_numpy(layer.kernel) for name, layer in zip(names, model.predictors, strict=True)
    }
    targets = features if model.target is None else features @ keras.ops.convert_to_numpy(model.target.kernel)
    contexts = contexts_of(model, features)
    losses, hits = naive(targets, contexts, model.steps, model.directions, predictors, model.scale)
    model.compile("sgd", run_eagerly=True)
    out = model(model.batch(patches)["patches"])
    assert np.ptp(losses) > 1e-3  # features tell something
    np.testing.assert_allclose(out["loss"], losses, rtol=1e-4)
    np.testing.assert_allclose(out["accuracy"], hits, atol=1e-6)
    logs = model.evaluate(patches, batch_size=3, verbose=0, return_dict=True)
    assert logs == pytest.approx({"loss": losses.mean(), "accuracy": hits.mean()}, rel=1e-4)


def test_features_that_collapsed_give_the_log_of_all_places(patches):
    """Equal patches: each of 3 images and 6 places is as likely, in 2 steps down and 1 step to each side."""
    model = cpc(steps=(1,), directions=("down", "right", "left"))
    same = np.broadcast_to(patches[:1, :1], patches.shape)
    np.testing.assert_allclose(model(model.batch(same)["patches"])["loss"], 3 * np.log(3 * PLACES), rtol=1e-5)


@pytest.mark.parametrize("direction", AHEAD)
def test_predictions_do_not_see_what_they_predict(direction, patches):
    """A change of the last row, or column, that a direction comes to moves targets and no prediction."""
    model = cpc(directions=(direction,))
    features = np.random.default_rng(0).normal(size=(1, PLACES, DIM)).astype("float32")
    before, places = model._predictions(features, False)[0]
    changed = features.reshape(1, ROWS, COLUMNS, DIM).copy()
    last = {"down": np.s_[:, -1], "up": np.s_[:, 0], "right": np.s_[:, :, -1], "left": np.s_[:, :, 0]}[direction]
    changed[last] += 1
    np.testing.assert_array_equal(model._predictions(changed.reshape(1, PLACES, DIM), False)[0][0], before)
    in_last = np.zeros((1, ROWS, COLUMNS))
    in_last[last] = 1
    assert set(np.flatnonzero(in_last)) <= set(places)
    first = features.reshape(1, ROWS, COLUMNS, DIM).copy()
    first[{"down": np.s_[:, 0], "up": np.s_[:, -1], "right": np.s_[:, :, 0], "left": np.s_[:, :, -1]}[direction]] += 1
    assert np.any(model._predictions(first.reshape(1, PLACES, DIM), False)[0][0] != before)


def test_a_context_sees_its_rows_from_the_first_to_its_own():
    """By the gradient: a row of 2 blocks sees itself and the 2 above, and 2 columns to either side."""
    keras.utils.set_random_seed(0)
    network = kg.backbones.context_network(3, filters=8, blocks=2)
    rng = np.random.default_rng(0)
    grid = rng.normal(size=(1, 6, 7, 3)).astype("float32")
    seen = np.zeros((6, 7), bool)
    plain = np.array(network(grid))[0, 3, 3]
    for row in range(6):
        for column in range(7):
            changed = grid.copy()
            changed[0, row, column] += rng.normal(size=3)
            seen[row, column] = np.any(np.array(network(changed))[0, 3, 3] != plain)
    expected = np.zeros((6, 7), bool)
    expected[1:4, 1:6] = True
    np.testing.assert_array_equal(seen, expected)


def test_steps_may_be_an_array():
    assert cpc(steps=np.arange(1, 3)).steps == (1, 2)


def test_encodes_whole_images_and_predicts_the_mean_of_patches(patches):
    model = cpc()
    image = np.random.default_rng(2).uniform(-1, 1, (2, 28, 20, 1)).astype("float32")
    np.testing.assert_array_equal(model.encode(image), model.encoder(image, training=False))
    np.testing.assert_array_equal(model.serving()["encode"].function(image), model.encode(image))
    model.compile("sgd", run_eagerly=True)
    encoded = np.reshape(model.encode(patches.reshape(-1, 8, 6, 1)), (3, PLACES, DIM))
    np.testing.assert_allclose(model.predict(patches, verbose=0), encoded.mean(axis=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "`rows` must be an integer of at least 1. Received: rows=0"),
        ({"steps": (3,)}, r"different integers from 1 to 2 on a grid of 3 x 2. Received: steps=\(3,\)"),
        ({"steps": (2,), "directions": ("left",)}, "from 1 to 1 on a grid of 3 x 2"),
        ({"steps": (1, 1)}, "`steps` must be different"),
        ({"directions": "up"}, r"`directions` must be of .*each once. Received: directions='up'"),
        ({"steps": 2}, r"different integers from 1 to 2 on a grid of 3 x 2. Received: steps=2"),
        ({"contexts": [keras.Sequential()]}, r"`contexts\[0\]` must be built"),
        ({"directions": ("up", "up")}, "`directions` must be of"),
        ({"steps": (1.5,)}, r"different integers from 1 to 2 on a grid of 3 x 2. Received: steps=\(1.5,\)"),
        ({"steps": (True,)}, r"different integers from 1 to 2 on a grid of 3 x 2. Received: steps=\(True,\)"),
        ({"target_dim": 0}, "`target_dim` must be an integer of at least 1. Received: target_dim=0"),
        ({"target_dim": 2.5}, "`target_dim` must be an integer of at least 1. Received: target_dim=2.5"),
        ({"scale": 0}, "`scale` must be positive and finite. Received: scale=0"),
        ({"contexts": []}, r"`contexts` must be 1 networks, one a direction, from \(batch, rows, columns, 12\)"),
        ({"contexts": [kg.backbones.context_network(3, 2, 1)]}, r"Received: networks of \[\(\(None, None, None, 3\)"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        cpc(**{"contexts": None, **arguments} if "directions" in arguments else arguments)
