"""What `pip install` puts on a machine: both packages, whole, and a `genssl` that nothing shadows."""

import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("keras_genssl", "pipelines")


def run(*command, **arguments):
    process = subprocess.run(command, capture_output=True, text=True, **arguments)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def pip(*arguments):
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that the tree stays clean."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory), str(source))
    (built,) = directory.glob("keras_genssl-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    return site


@pytest.fixture
def hostile(tmp_path):
    """A user's directory with folders named like our packages."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise ImportError('this is another {name}')")
    return tmp_path


def test_the_wheel_holds_every_file_of_both_packages(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tree = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == tree


def test_genssl_runs_beside_another_folder_named_pipelines(installed, hostile):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    genssl = installed / "bin" / "genssl"
    listed = run(sys.executable, str(genssl), "recipes", cwd=hostile, env=environment)
    for recipe in (ROOT / "pipelines" / "tasks").rglob("*.yaml"):
        assert recipe.stem in listed


def test_the_version_is_said_once_more_and_the_same(wheel):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    code = "import keras_genssl; print(keras_genssl.__version__)"
    assert run(sys.executable, "-c", code, cwd=ROOT).strip() == setup["metadata"]["version"]
    assert wheel.name.split("-")[1] == setup["metadata"]["version"]
