"""Which runs of the shipped recipes a change of code executes again, on a copy of both packages."""

import re
import shutil
import types

import pytest

from pipelines import tasks
from pipelines.components import evaluator, exporter, infra_validator
from pipelines.recipe.method import DatasetInfo, Method
from pipelines.run import finding, loading
from pipelines.runtime import code
from pipelines.training import trainer

NEW_METHOD = {
    "keras_genssl/losses/novelty.py": "class NoveltyLoss:\n    pass\n",
    "keras_genssl/losses/__init__.py": "from keras_genssl.losses.novelty import NoveltyLoss\n",
    "keras_genssl/backbones/novelty.py": "def novelty():\n    pass\n",
    "keras_genssl/backbones/__init__.py": "from keras_genssl.backbones.novelty import novelty\n",
    "keras_genssl/models/gans/novelty.py": (
        "from keras_genssl.losses import NoveltyLoss\nfrom keras_genssl.models.gans.base import BaseGAN\n"
        "class Novelty(BaseGAN):\n    loss = NoveltyLoss()\n"
    ),
    "keras_genssl/registered.py": "NAMES['keras_genssl.models.gans.novelty'] = ('Novelty',)\n",
    "pipelines/tasks/generation/gans.py": (
        "class Novelty(DCGAN):\n    method: Literal['Novelty']\n    def build(self, recipe):\n"
        "        from keras_genssl import backbones, models\n        return models.Novelty(backbones.novelty())\n"
        "AnyGAN = AnyGAN | Novelty\n"
    ),
}
CHANGED_LOSSES = {  # loss -> the methods of the recipes that it trains
    "NTXentLoss": {"SimCLR"},
    "VICRegLoss": {"VICReg"},
    "WassersteinGANLoss": {"WGANGP", "ProgressiveGAN", "FAnoGAN"},
    "KLSparsity": {"SparseAutoencoder"},
    "HingeGANLoss": {"SNGAN", "ProjectionGAN", "SAGAN", "ACGAN", "InfoGAN"},
    "RelativisticGANLoss": set(),
}
NAMED_BY_RECIPES = {"ACGAN", "InfoGAN"}  # whose loss is an argument; what measures them does not depend on it


@pytest.fixture
def recipes():
    return [trainer.complete(loading.load(name), DatasetInfo(100, 10), lambda: False) for name in finding.names()]


@pytest.fixture
def keys(recipes, tmp_path, monkeypatch):
    """A function: (recipe, component) -> the digest of its code in a copy of both packages, as it is then."""
    exported, roots = types.SimpleNamespace(content="", inputs={"trained": ""}), {}
    with monkeypatch.context() as patch:
        patch.setattr(code, "digest", lambda *roots: frozenset(roots))
        for recipe in recipes:
            task = tasks.of(recipe)
            roots |= {
                (recipe.name, "Trainer"): trainer.inputs(recipe, "")["code"],
                (recipe.name, "Evaluator"): evaluator.inputs(recipe, task, "", "", None)["code"],
                (recipe.name, "Exporter"): exporter.inputs("")["code"],
                (recipe.name, "InfraValidator"): infra_validator.inputs(recipe, task, exported)["code"],
            }
    for package in code.FIRST_PARTY:
        shutil.copytree(code.ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "ROOT", tmp_path)

    def now():
        code.tree.cache_clear()
        digests = {of: code.digest(*of) for of in set(roots.values())}
        return {key: digests[of] for key, of in roots.items()}

    return now


def test_a_new_method_moves_no_key(keys, tmp_path):
    before = keys()
    assert len({key for (_, component), key in before.items() if component == "Trainer"}) > 20
    for name, text in NEW_METHOD.items():
        file = tmp_path / name
        file.write_text((file.read_text() if file.is_file() else "") + text)
    assert keys() == before


def test_a_changed_loss_moves_the_keys_of_its_users(keys, recipes, tmp_path):
    before = keys()
    files = {path: path.read_text() for path in (tmp_path / "keras_genssl" / "losses").rglob("*.py")}
    for loss, methods in CHANGED_LOSSES.items():
        head = re.compile(rf"^class {loss}\(.*?\):$", re.MULTILINE)
        (file,) = [path for path, text in files.items() if head.search(text)]
        file.write_text(head.sub(r"\g<0>\n    changed = True", files[file]))
        after = keys()
        file.write_text(files[file])
        trained = [recipe for recipe in recipes if recipe.model.method in methods]
        users = {(recipe.name, "Trainer") for recipe in trained}
        # A method that measures has its measure in the class that trains it.
        measuring = [it for it in trained if type(it.model).measure is not Method.measure]
        users |= {(it.name, "Evaluator") for it in measuring if it.model.method not in NAMED_BY_RECIPES}
        assert {key for key in before if after[key] != before[key]} == users, loss


@pytest.mark.parametrize("change", ["train.strategy=mirrored", "train.checkpoint_steps=7"])
def test_what_changes_no_weight_trains_nothing_again(change):
    usual, other = (loading.load("fashion_mnist/dcgan", changes) for changes in ([], [change]))
    assert other != usual
    assert trainer.inputs(other, "") == trainer.inputs(usual, "")
