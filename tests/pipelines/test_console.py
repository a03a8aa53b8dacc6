import ast
import io
import os
import pathlib
import subprocess
import sys

import pytest
import rich.table
import rich.tree

from pipelines.beam.progress import Progress
from pipelines.console import Console, Terminal, line
from pipelines.errors import UserError
from pipelines.plain_text import encodable, visible
from pipelines.run.loading import load
from pipelines.runtime import store
from tests.pipelines.runtime.test_metadata import record_run

ROOT = pathlib.Path(__file__).parents[2]


def shown(terminal: bool, *told: Progress) -> str:
    output = io.StringIO()
    console = Console(Terminal(file=output, force_terminal=terminal, width=100))
    with console.preparing() as preparing:
        for progress in told:
            preparing.update(progress)
    return output.getvalue()


def test_preparation_is_a_line_at_its_start_and_at_its_end_where_lines_stay() -> None:
    told = [Progress(1, 3, 1, 0), Progress(2, 3, 1200, 1), Progress(3, 3, 2345, 2, 1234.5, 0.0)]  # within ten seconds
    assert [line.strip() for line in shown(False, *told).splitlines()] == [
        "shard 1/3, 1 record",
        "shard 3/3, 2,345 records, 1,234/s, 2 dead letters",
    ]
    (line,) = shown(False, Progress(1, 3, 1200, 1, 7.25, 200.0)).splitlines()
    assert line.strip() == "shard 1/3, 1,200 records, 7.2/s, 1 dead letter, 3 min 20 s left"
    assert shown(False) == ""


def test_preparation_is_a_bar_on_a_terminal() -> None:
    output = shown(True, Progress(3, 3, 2345, 1))
    assert "3/3" in output
    assert "2,345 records, 1 dead letter" in output


@pytest.mark.parametrize("terminal", [False, True])
def test_training_tells_once_how_long_it_will_take(monkeypatch, terminal: bool) -> None:
    clock = iter([100.0, 101.0, 104.0, 108.0])  # the first step, which is traced, does not count
    monkeypatch.setattr("pipelines.console.time.monotonic", lambda: next(clock))
    output = io.StringIO()
    console = Console(Terminal(file=output, force_terminal=terminal, width=100))
    with console.training(1000) as training:
        for step in (10, 20, 50, 90):
            training.update(step)
    assert output.getvalue().count("will take") == 1
    assert "950 steps will take about 1 min 35 s on this machine" in output.getvalue()


def test_tiles_are_a_line_every_ten_seconds_where_lines_stay(monkeypatch) -> None:
    clock = iter([0.0, 5.0, 12.0, 13.0, 24.0, 30.0])
    monkeypatch.setattr("pipelines.console.time.monotonic", lambda: next(clock))
    output = io.StringIO()
    with Console(Terminal(file=output, width=100)).tiles("a.jpg") as tiles:
        for done in range(1, 6):
            tiles.update(done, 5)
    assert [line.strip() for line in output.getvalue().splitlines()] == ["tile 2/5, 18 s left", "tile 4/5, 6.0 s left"]


def test_tiles_are_a_bar_with_the_files_name_on_a_terminal() -> None:
    output = io.StringIO()
    with Console(Terminal(file=output, force_terminal=True, width=100)).tiles("[red]a.jpg") as tiles:
        tiles.update(5, 5)
    assert "[red]a.jpg" in output.getvalue()
    assert "5/5" in output.getvalue()


NAMES = {  # of files, and how they are shown
    "dog [copy].png": "dog [copy].png",
    "[red]dog[/red] [/] [link=x].png": "[red]dog[/red] [/] [link=x].png",
    "[/bold]": "[/bold]",
    ":dog: \\[x]": ":dog: \\[x]",
    "a\nerror: b\r\tc": r"a\nerror: b\r\tc",
    "\x1b[31mred\x1b]8;;x\x07\x9b1m": r"\x1b[31mred\x1b]8;;x\x07\x9b1m",
    "gpj.\u202egnp \u2067\u200f\u2028": r"gpj.\u202egnp \u2067\u200f\u2028",
    os.fsdecode(b"caf\xe9.png"): r"caf\xe9.png",
    "Zoë 日本 👩\u200d🎓": "Zoë 日本 👩\u200d🎓",
    300 * "long ": 300 * "long ",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_terminal", [False, True])
def test_names_are_shown_as_they_are_and_on_one_line(name: str, is_terminal: bool) -> None:
    """In all that prints: lines, cells and branches."""
    output = io.StringIO()
    terminal = Terminal(file=output, force_terminal=is_terminal, width=4000, color_system=None, legacy_windows=False)
    console, tree, table = Console(terminal), rich.tree.Tree(name), rich.table.Table(box=None)
    tree.add(line((name, "red"), " ", name))
    table.add_column(name)
    table.add_row(name)
    console.start(name)
    console.component("Read", False, 1.0, name)
    console.note(name)
    console.result(name, name)
    for renderable in (name, line((name, "dim")), tree, table):
        terminal.print(renderable)
    expected = NAMES[name]
    lines = output.getvalue().replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[2m", "").split("\n")
    assert len(lines) == 4 + 6 + 1
    assert [text.count(expected.strip()) for text in lines] == [1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 0]
    assert visible(name) == expected


def test_text_for_files_is_what_utf8_holds(tmp_path: pathlib.Path) -> None:
    assert encodable(os.fsdecode(b"caf\xe9 \xff") + "\nZoë") == "caf\\xe9 \\xff\nZoë"
    store.write_text(tmp_path / "page.html", os.fsdecode(b"caf\xe9"))
    assert (tmp_path / "page.html").read_bytes() == rb"caf\udce9"


def test_an_error_has_as_many_lines_as_it_has_faults() -> None:
    with pytest.raises(UserError) as caught:
        load("super_resolution", ["train.epochs=x", "train.batch_size=y"])
    assert len(caught.value.args) == 2
    assert str(caught.value) == "\n".join(caught.value.args)


SESSION = """
import os, sys
from pipelines.cli import main as cli
for arguments in (
    [b"runs", b"--output", "Zo\\u00eb [red]".encode()],
    [b"runs", b"1", b"--output", "Zo\\u00eb [red]".encode()],
    [b"lineage", "Zo\\u00eb [red]/served".encode()],
    [b"lineage", "Zo\\u00eb [red]/served".encode(), b"--format", b"svg"],
    [b"run", "Zo\\u00eb [red]".encode()],
    [b"run", b"super_resolution", b"--data", "Zo\\u00eb [/]".encode()],
    [b"run", b"super_resolution", b"--output", b"caf\\xe9"],
    [b"embed", b"model", b"caf\\xe9"],
    [b"gallery", b"verify", b"model", b"model", b"a", b"--threshold", "Zo\\u00eb".encode()],
    ["Zo\\u00eb".encode()],
):
    sys.argv = ["genssl", *map(os.fsdecode, arguments)]
    try:
        cli.main()
    except SystemExit as end:
        print("status", end.code, flush=True)
"""


def test_what_the_output_cannot_encode_is_an_escape(tmp_path: pathlib.Path) -> None:
    """Ten commands in one process, whose standard output and error are ASCII."""
    output = tmp_path / "Zoë [red]"
    (output / "served").mkdir(parents=True)
    record_run(output, "w1", "c1")
    (output / "served" / "manifest.json").write_text('{"content": "card of w1"}')
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii", "PYTHONPATH": path, "COLUMNS": "200"}
    ended = subprocess.run(
        [sys.executable, "-c", SESSION], cwd=tmp_path, env=environment, capture_output=True, timeout=300, check=True
    )
    told, errors = ended.stdout.decode("ascii"), ended.stderr.decode("ascii")  # which raises on any other byte
    assert "Traceback" not in told + errors
    assert [text for text in told.splitlines() if text.startswith("status")] == [
        *(f"status {code}" for code in (0, 0, 0, 0, 2, 2, 2, 2, 2, 2))
    ]
    assert "`-- Push: " in told  # the tree in ASCII
    assert "+-- ModelWeights" in told
    assert "</svg>" in told
    assert r"Unknown recipe: Zo\xeb [red]. `genssl recipes` lists all" in errors
    assert r"--data Zo\xeb [/]: must be a folder of images" in errors
    assert rf"--output {tmp_path}/caf\xe9: must be a path in UTF-8" in errors
    assert r"SOURCE caf\xe9: must be a path in UTF-8" in errors
    assert r"No such command 'Zo\xeb'" in errors
    assert not (tmp_path / os.fsdecode(b"caf\xe9")).exists()


def calls(path: pathlib.Path) -> list[tuple[str, ast.Call]]:
    """What a file calls, as it is written there."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


def test_only_the_console_prints() -> None:
    """Whatever else could print would read names as markup, or end in a traceback where they cannot be encoded."""
    for path in sorted((ROOT / "pipelines").rglob("*.py")):
        if path.name == "console.py":
            continue
        text = path.read_text(encoding="utf-8")
        for forbidden in ("rich.console", "rich.markup", "from_markup", "rich.print", "stdout.write", "stderr.write"):
            assert forbidden not in text, path
        for name, _ in calls(path):
            assert name not in ("print", "typer.echo", "typer.secho", "click.echo"), path


def test_files_are_in_utf8_whatever_the_locale() -> None:
    for package in ("pipelines", "keras_genssl", "benchmarks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for name, call in calls(path):
                place, known = f"{path}:{call.lineno}", {keyword.arg for keyword in call.keywords}
                if name.endswith((".read_text", ".write_text")):
                    assert "encoding" in known or name == "store.write_text", place
                elif name in ("open", "os.fdopen"):
                    mode = ast.unparse(call.args[1]) if len(call.args) > 1 else "r"
                    assert "b" in mode or "encoding" in known, place
