"""The examples of docs/views.md run."""

import pathlib
import re
from typing import Any

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "views.md"


def test_examples_run():
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)), names)
    assert names["second"].shape == (256, 28, 28, 1)
    assert (names["first"] != names["images"]).numpy().any()
