import errno
import io

import pytest
import rich.console

from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.run.steps import Steps
from pipelines.runtime import history, recording, store
from pipelines.runtime.component import Component, Kind, Source
from pipelines.runtime.metadata import Metadata

READ = Component("Read", {"images": Kind.IMAGES}, Kind.EXAMPLES)
LEARN = Component("Learn", {"examples": Kind.EXAMPLES}, Kind.WEIGHTS)


@pytest.fixture
def steps(tmp_path):
    with recording.begin(Metadata(tmp_path), "r", "c") as record:
        yield Steps(Console(rich.console.Console(file=io.StringIO())), record)


def _made(path):
    return store.make(path, {"code": "c"}, lambda part: {})


def test_component_is_given_artifacts_of_its_types_only(steps, tmp_path):
    source = Source(Kind.IMAGES, "photos")
    examples = steps.run(READ, {"images": source}, lambda: _made(tmp_path / "e"), str)
    for reads, told in {
        "examples": {"examples": source},
        "weights": {"weights": examples},
        "nothing": {},
    }.items():
        with pytest.raises(TypeError, match=f"Learn reads examples: Examples. Received: {reads}"):
            steps.run(LEARN, told, lambda: pytest.fail("was executed"), str)
    steps.run(LEARN, {"examples": examples}, lambda: _made(tmp_path / "w"), str)
    assert [(step.name, step.reused) for step in steps.done] == [("Read", False), ("Learn", False)]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("OSError: [Errno 28] No space left on device [while running 'Each group']"),  # Beam
        OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')"),  # HDF5
    ],
)
def test_full_disk_is_the_users_error_however_it_is_told(steps, tmp_path, error):
    def fill():
        raise error

    with pytest.raises(UserError, match=r"^Read: No space left on device; nothing of it was published"):
        steps.run(READ, {"images": Source(Kind.IMAGES, "photos")}, fill, str)
    with pytest.raises(ValueError, match="ours"):
        steps.run(READ, {"images": Source(Kind.IMAGES, "photos")}, lambda: int("ours"), str)
    assert history.runs(Metadata(tmp_path))[0].state == "running"
