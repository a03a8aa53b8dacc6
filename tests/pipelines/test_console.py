import io

import rich.console

from pipelines.beam.progress import Progress
from pipelines.console import Console


def shown(terminal: bool, *told: Progress) -> str:
    output = io.StringIO()
    console = Console(rich.console.Console(file=output, force_terminal=terminal, width=100))
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
