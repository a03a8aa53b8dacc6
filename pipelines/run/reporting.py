"""The report of a run, for people and for programs."""

import dataclasses
from pathlib import Path
from typing import Any

from pipelines.report import page
from pipelines.report.judgement import Picture
from pipelines.run.data_steps import Input
from pipelines.runtime import store
from pipelines.tasks.base import Task


def write(contents: page.Contents, directory: Path) -> Path:
    """Writes ``report.html`` and ``metrics.json`` into a run's directory, and returns the path of ``report.html``."""
    report = directory / "report.html"
    store.write_text(report, page.render(contents))
    store.write_json(
        directory / "metrics.json",
        {
            "recipe": contents.recipe.model_dump(mode="json", by_alias=True, exclude={"full_scale"}),
            "data": ", ".join(dict.fromkeys(source.called for source in contents.recipe.inputs.values())),
            "evaluation": contents.evaluation,
            "training": contents.training,
            "export": contents.export,
            "versions": contents.versions,
            "command": contents.command,
            "components": [dataclasses.asdict(step) for step in contents.steps],
        },
    )
    return report


def shown(task: Task, one: Input) -> page.Input:
    """Returns what the report shows of one input."""
    return page.Input(
        table=statistics(task, one.examples, one.prepared),
        picture=picture(one.prepared),
        dead_letters=[*one.examples.dead_letters, *one.prepared.dead_letters],
        checked=one.checked,
    )


def statistics(task: Task, examples: Any, prepared: Any) -> dict[str, Any]:
    """Returns the report's table of the data."""
    shards = [shard for split in prepared.manifest["splits"].values() for shard in split["shards"]]
    labels = prepared.manifest.get("labels") if "image" in prepared.manifest["features"] else None  # not of pairs
    return {
        **task.statistics(examples.manifest, prepared.manifest),
        **({"classes": len(labels)} if labels else {}),
        "shards": len(shards),
        "prepared": f"{sum(shard['bytes'] for shard in shards) / 1e6:.1f} MB",
        "digest": prepared.digest[:12],
    }


def picture(prepared: Any) -> Picture:
    """Returns the picture of the prepared examples."""
    from pipelines.data import examples_picture

    manifest = prepared.manifest
    text = examples_picture.caption(manifest["features"], manifest.get("illustrations", ()))
    return Picture(prepared.path / examples_picture.FILE, text)
