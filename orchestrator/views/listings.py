"""The tables of the commands that list: spaces, backbones, data, features, studies."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from orchestrator.views.console import console_for
from orchestrator.views.numbers import NOTHING, count, metric, plain, si

if TYPE_CHECKING:
    from trainables.data import SourceInfo

Row = Mapping[str, Any]


def print_spaces(spaces: Sequence[Row]) -> None:
    """Each space with the question that it answers."""
    table = listing("space", "question")
    for space in spaces:
        table.add_row(space["name"], space["question"])
    _print(table, "orchestrator spaces NAME shows parameters, ranges, baselines and objectives")


def print_space(space: Row) -> None:
    """One space in full."""
    objectives = ", ".join(f"{each['direction']} {each['metric']}" for each in space["objectives"])
    heading = f"{space['name']} (version {space['version']}): {space['question']}"
    table = listing("parameter", "range")
    for each in space["parameters"]:
        text = each["range"] + (" (some branches only)" if each["conditional"] else "")
        table.add_row(each["name"], text)
    lines = [heading, f"Objective: {objectives}", *_terms(space)]
    console_for(sys.stdout).print(Text("\n".join(lines) + "\n"))
    _print(table, _footer(space))
    lines = baseline_lines(space["baselines"])
    console_for(sys.stdout).print(Text("\n" + "\n".join(lines)))


def _terms(space: Row) -> list[str]:
    """What trials of this space share, how many there are, and what may be stopped early."""
    early = {
        "runs": "stopping early compares whole short runs",
        "epochs": "stopping early compares epochs",
    }
    how = "" if space["sampler"] == "auto" else f" by --sampler {space['sampler']}"
    return [
        *([f"Always: {_pairs(space['fixed'])}"] if space["fixed"] else []),
        *([f"Unless you say otherwise: {_pairs(space['defaults'])}"] if space["defaults"] else []),
        *([f"Backbones: {', '.join(space['backbones'])}"] if space["backbones"] else []),
        f"Trials: {space['trials']}{how}; {early.get(space['fidelity'], 'none is stopped early')}",
    ]


def _footer(space: Row) -> str:
    """What the table does not say by itself."""
    names = [each["name"] for each in space["parameters"]]
    branch = next((name for name in names if "." in name), None)
    words = ["A search narrows backbones and input sizes to what this machine can do."]
    if branch is not None:
        field, _, where = branch.partition(".")
        words.append(
            f"{branch} is {field} in the branch {where}; --set {field}=... fixes it in all."
        )
    grid = "; ".join(f"{name} {_choices(each)}" for name, each in space["grid"].items())
    return "\n".join([*words, f"Grid: {grid}"] if grid else words)


def _choices(values: Sequence[Any]) -> str:
    return ", ".join(_value(value) for value in values)


def baseline_lines(baselines: Sequence[Row]) -> list[str]:
    """The points that are tried first: what they share once, then a line for each."""
    shared = {
        name: value
        for name, value in (baselines[0].items() if baselines else ())
        if len(baselines) > 1 and all(each.get(name) == value for each in baselines)
    }
    heading = f"Tried first, {len(baselines)} baseline{'' if len(baselines) == 1 else 's'}"
    lines = [f"{heading}, all with {_pairs(shared)}:" if shared else f"{heading}:"]
    for each in baselines:
        own = {name: value for name, value in each.items() if name not in shared}
        lines.append(f"  {_pairs(own)}")
    return lines


def _pairs(values: Row) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items())


def print_backbones(backbones: Sequence[Row]) -> None:
    """Each backbone with its figures, and where its weights are."""
    table = listing("backbone", "features>", "params>", "input sizes", "weights")
    for each in backbones:
        sizes = " ".join(
            f"{size}*" if size == each["natural_size"] else str(size) for size in each["sizes"]
        )
        absent = "not here" if each["pretrained"] else "trained from scratch"
        here = each["weights"] or each["problem"] or absent
        style = "green" if each["weights"] else "red" if each["problem"] else "dim"
        table.add_row(
            each["name"],
            count(each["features"]),
            si(each["parameters"]),
            sizes,
            Text(here, style=style),
        )
    footer = "* the size its weights were published for · any timm model: timm:NAME"
    _print(table, f"{footer} · nets from scratch: --set tune=all")


def print_data(sources: Sequence[SourceInfo]) -> None:
    """Each source of images, and what is stored of it."""
    table = listing("data", "stored", "images>", "test>", "classes>", "room>", "what it is")
    for each in sources:
        table.add_row(
            each.name,
            "yes" if each.present else "no",
            count(each.images),
            count(each.test_images),
            count(each.classes),
            si(each.bytes, "B") if each.present else NOTHING,
            each.description,
        )
    _print(table, "orchestrator data fetch NAME brings it here; a search does so by itself")


def print_fetched(facts: Row) -> None:
    """One line on data that is stored and checked."""
    size = facts["image_size"]
    words = (
        f"{facts['name']}: {count(facts['images'])} training and {count(facts['test_images'])} "
        f"test images of {size} x {size}, {len(facts['classes'])} classes, digest {facts['digest']}"
    )
    console_for(sys.stdout).print(Text(words))


def print_cache(entries: Sequence[Row], folder: str) -> None:
    """Kept features by backbone, size and data."""
    if not entries:
        console_for(sys.stdout).print(Text(f"No features are kept in {folder}."))
        return
    table = listing("backbone", "input>", "precision", "data", "images>", "room>", "last used")
    for each in entries:
        key = each["key"]
        table.add_row(
            key["backbone"],
            f"{key['input_size']} px",
            key["precision"],
            key["data_digest"][:8],
            count(each["images"]),
            si(each["bytes"], "B"),
            moment(each["last_used"]),
        )
    total = si(sum(each["bytes"] for each in entries), "B")
    _print(table, f"{total} in {folder}; orchestrator cache empty throws it away")


def print_studies(studies: Sequence[Row]) -> None:
    """Every study of a storage, newest first."""
    if not studies:
        console_for(sys.stdout).print("No studies yet. Start: orchestrator search backbone_compare")
        return
    table = listing("study", "made", "data", "trials>", "best>", "by", "trial")
    for each in studies:
        best = each["best"]
        name = each["objectives"][0]["metric"]
        table.add_row(
            each["study"],
            moment(each["created"]),
            each["data"],
            f"{each['finished']}/{each['wanted']}",
            metric(name, best["value"]) if best else NOTHING,
            name,
            best["label"] if best else NOTHING,
        )
    _print(
        table, "orchestrator show STUDY shows the ranked table, orchestrator resume STUDY goes on"
    )


def listing(*columns: str) -> Table:
    """A bare table; a name that ends in `>` is a column of numbers, kept to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        number = name.endswith(">")
        table.add_column(
            name.rstrip(">"),
            justify="right" if number else "left",
            no_wrap=number or name == columns[0],
            overflow="fold",
        )
    return table


def moment(seconds: float) -> str:
    """Unix seconds as local time, such as `2026-11-21 22:30`."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _print(table: Table, footer: str) -> None:
    console = console_for(sys.stdout)
    console.print(table)
    console.print(Text(footer, style="dim"))


def _value(value: object) -> str:
    return plain(value) if isinstance(value, float) else str(value)
