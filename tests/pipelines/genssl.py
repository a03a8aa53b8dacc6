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
from tests import processes

ROOT = pathlib.Path(pipelines.__file__).parents[1]


def _command(directory, arguments):
    """`genssl` in a directory, as a script as pip writes it, and its environment: the directory is not on the path."""
    script = pathlib.Path(directory) / "bin" / "genssl"
    script.parent.mkdir(exist_ok=True)
    script.write_text("import sys\nfrom pipelines.cli.main import main\nsys.exit(main())\n")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return [str(script), *map(str, arguments)], {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}


def start(directory, *arguments):
    """Starts `genssl` in a directory, in a process that has imported TensorFlow."""
    command, environment = _command(directory, arguments)
    return processes.start(command, cwd=directory, env=environment)


def run(directory, *arguments):
    """Runs it to its end in an interpreter of its own: exit status, standard output, standard error."""
    command, environment = _command(directory, arguments)
    done = subprocess.run(
        [sys.executable, *command], cwd=directory, env=environment, capture_output=True, text=True, timeout=400
    )
    return done.returncode, done.stdout, done.stderr


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
