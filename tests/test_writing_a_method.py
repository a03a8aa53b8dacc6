"""The guide to writing a method: its files, made in a copy of the tree, are a method that trains from its recipe."""

import os
import pathlib
import re
import shutil

from tests import processes

ROOT = pathlib.Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "writing_a_method.md").read_text()
WAY = PAGE[PAGE.index("## The whole way") : PAGE.index("## One optimizer")]
METHOD, RECIPE_CLASS, RECIPE, CASE = re.findall(r"^```(?:python|yaml)\n(.*?)^```", WAY, re.MULTILINE | re.DOTALL)

TRY = """
import numpy as np
import keras_genssl as kg
from pipelines.run import loading
recipe = loading.load("fashion_mnist/r1_gan", ["model.filters=4", "model.gamma=2.0"])
model = recipe.model.build(recipe.sections)
assert type(model) is kg.models.R1GAN and model.penalty.gamma == 2.0, model
model.compile({player: "adam" for player in recipe.model.players})
images = np.zeros((8, 28, 28, 1), "uint8")
assert set(model.train_on_batch(images, return_dict=True)) == {"generator_loss", "discriminator_loss"}
assert model.sample(2, seed=1).shape == (2, 28, 28, 1)
"""


def test_the_whole_way_makes_a_method(tmp_path: pathlib.Path) -> None:
    for package in ("keras_genssl", "pipelines", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "keras_genssl/models/gans/r1_gan.py").write_text(f'"""R1GAN."""\n\n{METHOD}')
    gans = tmp_path / "pipelines/tasks/generation/gans.py"
    text, union = gans.read_text(), re.compile(r"^AnyGAN = \((.*?)\)$", re.MULTILINE | re.DOTALL)
    gans.write_text(union.sub(lambda found: f"{RECIPE_CLASS}\n\nAnyGAN = ({found[1]} | R1GAN)", text))
    (tmp_path / "pipelines/tasks/generation/recipes/fashion_mnist/r1_gan.yaml").write_text(RECIPE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for command in (["-m", "tests.index_of_registered"], ["-c", TRY]):
        done = processes.run(command, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.errors
    assert '"keras_genssl.models.gans.r1_gan": ("R1GAN",),' in (tmp_path / "keras_genssl/registered.py").read_text()


def test_it_is_short() -> None:
    lines = [line for block in (METHOD, RECIPE_CLASS, RECIPE, CASE) for line in block.splitlines() if line.strip()]
    assert len(lines) < 60
