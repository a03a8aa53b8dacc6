"""The installed command `genssl`, as processes of its own."""

import os
import pathlib
import subprocess
import sys

import pipelines

ROOT = pathlib.Path(pipelines.__file__).parents[1]


def start(directory, *arguments):
    """Starts `genssl` in a directory, from a script as pip writes it: the directory is not on the path."""
    script = pathlib.Path(directory) / "bin" / "genssl"
    script.parent.mkdir(exist_ok=True)
    script.write_text("import sys\nfrom pipelines.cli import main\nsys.exit(main())\n")
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
