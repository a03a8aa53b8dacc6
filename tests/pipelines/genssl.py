"""The installed command `genssl`, as processes of its own or in this one."""

import contextlib
import io
import logging
import os
import pathlib
import subprocess
import sys
from unittest import mock

import pipelines
from pipelines.cli import main as cli

ROOT = pathlib.Path(pipelines.__file__).parents[1]


def start(directory, *arguments):
    """Starts `genssl` in a directory, from a script as pip writes it: the directory is not on the path."""
    script = pathlib.Path(directory) / "bin" / "genssl"
    script.parent.mkdir(exist_ok=True)
    script.write_text("import sys\nfrom pipelines.cli.main import main\nsys.exit(main())\n")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(directory, *arguments):
    """Runs it to its end: exit status, standard output, standard error."""
    process = start(directory, *arguments)
    output, errors = process.communicate(timeout=400)
    return process.returncode, output, errors


def call(directory, *arguments):
    """As `run`, in this process: for commands that need none of their own, which would first import TensorFlow."""
    output, errors, status = io.StringIO(), io.StringIO(), 0
    levels = {logger: logger.level for logger in (logging.getLogger(), logging.getLogger("pipelines"))}
    with (
        contextlib.chdir(directory),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "argv", ["genssl", *map(str, arguments)]),
        mock.patch.dict(os.environ, COLUMNS="200"),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            status = ended.code or 0
        finally:
            for logger, level in levels.items():
                logger.setLevel(level)
    return status, output.getvalue(), errors.getvalue()
