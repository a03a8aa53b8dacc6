"""What saved_models/ ships: its size, its card, and its numbers, measured anew with scikit-image."""

import collections
import io
import json
import pathlib
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from tensorflow.core.protobuf import saved_model_pb2

import keras_genssl as kg
from keras_genssl.export import tiles
from pipelines import shipped
from tests import without_keras

(SHIPPED,) = (version for version in shipped.versions() if version.parent.name == "super_resolution_x2")


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def luma(image: np.ndarray) -> np.ndarray:
    """Y of BT.601 in studio range, two pixels left out at each edge."""
    return (16 + image.astype(float) @ np.array([65.481, 128.553, 24.966]) / 255)[2:-2, 2:-2]


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((SHIPPED / "assets.extra" / "card.json").read_text())


@pytest.fixture(scope="module")
def gains() -> dict[str, float]:
    import tensorflow as tf

    upscale = tf.saved_model.load(str(SHIPPED)).signatures["serving_default"]
    measured = {}
    for name in ("coffee", "china"):
        photograph = Image.open(kg.data.embedded_photographs()[name]).convert("RGB")
        width, height = (side // 2 * 2 for side in photograph.size)
        truth = photograph.crop((0, 0, width, height))
        small = truth.resize((width // 2, height // 2), Image.Resampling.BICUBIC)
        answer = upscale(image_bytes=tf.constant([png(small)]))["image_bytes"][0].numpy()
        ours, bicubic = (
            peak_signal_noise_ratio(luma(np.array(truth)), luma(np.array(image)), data_range=255)
            for image in (Image.open(io.BytesIO(answer)), small.resize((width, height), Image.Resampling.BICUBIC))
        )
        measured[name] = ours - bicubic
    return measured


def test_it_gains_what_its_card_says_on_photographs_it_never_saw(gains, card) -> None:
    assert card["data"]["held_out"] == ["coffee", "china"]
    said = {row["name"]: row["gain_db"] for row in card["evaluation"]["images"]}
    assert gains == pytest.approx(said, abs=0.02)
    assert np.mean(list(gains.values())) >= 1.4
    assert min(gains.values()) >= 0.4


def test_its_card_is_the_one_that_a_push_would_write_and_names_the_leave_one_out_table(card) -> None:
    from pipelines import tasks
    from pipelines.components import card as cards

    readme = (SHIPPED / "assets.extra" / "README.md").read_text()
    assert readme == cards.markdown(card, int(SHIPPED.name), tasks.named(card["task"]))
    table = json.loads((SHIPPED.parents[2] / "results" / "leave_one_out.json").read_text())
    assert card["task"] == "super_resolution"
    assert card["leave_one_out"] == {
        "recipe": table["recipe"],
        "steps": table["steps"],
        "photographs": len(table["images"]),
        "gain_db": table["mean"]["gain_db"],
    }
    assert "+2.05 dB on average over 11 photographs" in readme
    assert "upright as EXIF says, with transparency on white" in readme


def test_it_is_small() -> None:
    """Weights of 1.7 MB, and a graph in which the decoder of image files takes 0.4 MB."""
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 2.4e6


def structure(path: pathlib.Path) -> tuple[dict[str, Any], collections.Counter]:
    """Of each signature the inputs and outputs, and how often each operation with so many inputs or a value occurs."""
    saved = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    signatures = {
        name: [
            sorted((key, it.dtype, str(it.tensor_shape)) for key, it in side.items())
            for side in (signature.inputs, signature.outputs)
        ]
        for name, signature in graph.signature_def.items()
    }
    nodes = [node for it in graph.graph_def.library.function for node in it.node_def]  # not those of the checkpoint
    return signatures, collections.Counter(
        (node.op, len(node.input), node.attr["value"].SerializeToString() if node.op == "Const" else b"")
        for node in nodes
    )


@pytest.mark.parametrize("version", shipped.versions(), ids=lambda it: f"{it.parent.name}/{it.name}")
def test_what_ships_is_what_the_exporter_makes_today(version, tmp_path) -> None:
    """Where this fails, the exporter has changed: `make shipped` exports anew."""
    import tensorflow as tf

    made = shipped.export(version, tmp_path / "made")
    for ours, theirs in zip(structure(version), structure(made), strict=True):
        assert ours == theirs
    photograph = png(Image.open(kg.data.embedded_photographs()["china"]).convert("RGB").crop((40, 60, 104, 108)))
    answers = [
        tf.saved_model.load(str(path)).signatures["serving_default"](image_bytes=tf.constant([photograph, b""]))
        for path in (version, made)
    ]
    for name, answer in answers[0].items():
        np.testing.assert_array_equal(answer, answers[1][name])


def test_the_pages_name_the_version_that_ships() -> None:
    pages = [SHIPPED.parents[2] / "README.md", *(SHIPPED.parents[2] / "docs").glob("*.md")]
    named = {match for page in pages for match in re.findall(r"super_resolution_x2/(\d+)", page.read_text())}
    assert named == {SHIPPED.name}


def test_a_tile_of_a_large_picture_is_that_of_todays_code_to_the_bit_and_no_larger_than_a_tile() -> None:
    """A picture of 2000 x 1500 has 3 x 4 tiles of 500 pixels; the largest feature map is that of 530 x 530 pixels."""
    import tensorflow as tf

    photograph = Image.open(kg.data.embedded_photographs()["china"]).convert("RGB").resize((2000, 1500))
    pixels = tf.constant(np.asarray(photograph))
    tile = tf.saved_model.load(str(SHIPPED)).signatures["serving_tile"]
    answer = tile(image=pixels, row=tf.constant(2), column=tf.constant(1))
    sizes = {name: int(answer[name]) for name in ("rows", "columns", "height", "width")}
    assert sizes == {"rows": 3, "columns": 4, "height": 3000, "width": 4000}
    model = shipped.model(SHIPPED)
    radius = kg.backbones.receptive_radius(model.network)
    assert radius == 15  # head, 5 blocks of 2, body and tail: 13; 2 for bicubic
    serving = model.serving()["upscale"]
    today = tiles.by_tile(tiles.of(serving), serving)(image=pixels, row=tf.constant(2), column=tf.constant(1))
    np.testing.assert_array_equal(answer["image"], today["image"])
    cut = pixels[1000 - radius :, 500 - radius : 1000 + radius]
    once = model.upscale(cut[tf.newaxis])[0, 2 * radius :, 2 * radius : -2 * radius]
    once = kg.engine.Image((None, None, 3)).pixels(once)  # other kernels may round otherwise
    np.testing.assert_allclose(answer["image"].numpy().astype(int), once, atol=1)
    assert answer["image"].shape == (1000, 1000, 3)


@pytest.mark.parametrize("size", [(64, 48), (530, 40)], ids=["one tile", "two tiles"])
def test_its_answers_are_those_of_the_model_in_memory_to_the_bit(size) -> None:
    import tensorflow as tf

    photograph = (
        Image.open(kg.data.embedded_photographs()["china"]).convert("RGB").crop((40, 60, 40 + size[0], 60 + size[1]))
    )
    upscale = tf.saved_model.load(str(SHIPPED)).signatures["serving_default"]
    answer = upscale(image_bytes=tf.constant([png(photograph)]))["image_bytes"][0].numpy()
    large = shipped.model(SHIPPED).upscale(np.asarray(photograph)[np.newaxis])
    pixels = kg.engine.Image((None, None, 3)).pixels(large)[0]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer))), pixels)


def test_it_answers_in_a_process_without_keras_and_without_this_package() -> None:
    import tensorflow as tf

    small = png(Image.open(kg.data.embedded_photographs()["coffee"]).convert("RGB").crop((40, 60, 72, 84)))
    upscale = tf.saved_model.load(str(SHIPPED)).signatures["serving_default"]
    answer = upscale(image_bytes=tf.constant([small]))["image_bytes"][0].numpy()
    large = np.array(Image.open(io.BytesIO(answer)))
    assert large.shape == (48, 64, 3)
    assert kg.export.check(SHIPPED, [small], [large], process=without_keras.process()).max_error <= 1
