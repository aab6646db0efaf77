"""How to get the same again: commands, seeds, digests, versions."""

from __future__ import annotations

import json

from orchestrator.reporting.blocks import (
    Block,
    Code,
    Facts,
    Listing,
    Section,
    Words,
    aside,
    paragraph,
)
from orchestrator.reporting.commands import packages_command, search_command, wrapped
from orchestrator.reporting.material import Material
from orchestrator.study.command import goes_on_by, made_by
from orchestrator.study.uris import sqlite_path
from search_spaces.references import PREFIX


def reproducing_section(material: Material) -> Section:
    """Commands first, then what their result rests on."""
    blocks: list[Block] = [Listing(_commands(material), "sh")]
    note = _note(material)
    if note:
        blocks.append(aside(note))
    blocks.append(Facts(tuple(_digests(material))))
    if material.best is not None:
        blocks += _best(material)
    return Section("reproduce", "How to reproduce it", tuple(blocks))


def _commands(material: Material) -> str:
    spec, place = material.spec, material.place
    is_search = spec.comparison is None and not spec.space.startswith(PREFIX)
    made = search_command(spec) if is_search else made_by(spec)
    where = sqlite_path(material.result.storage) if not place else None
    lines = [f"# in {where.parent}"] if where else []
    lines += ["# the packages", packages_command(spec)] if packages_command(spec) else []
    module = f", where {spec.trainable.partition(':')[0]} can be imported"
    lines += [f"# the search{'' if spec.has_images else module}"]
    lines += [wrapped(made if is_search else made + place)]
    done = material.done >= spec.trials
    further = goes_on_by(spec, done=done)
    if further != made:
        lines += [f"# go on with this study{': more of it' if done else ''}", further + place]
    lines += ["# look at it again", f"orchestrator show {spec.name}{place}"]
    lines += [f"orchestrator report {spec.name}{place}"]
    return "\n".join(lines)


def _note(material: Material) -> str:
    """What stands between these commands and the same figures."""
    spec, parts = material.spec, []
    if int(spec.resources.get("concurrency") or 1) > 1 and spec.sampler != "grid":
        parts.append(
            "Trials ran side by side, so the sampler may draw other points in another order; one "
            "trial at a time draws the same."
        )
    if spec.input_sizes:
        sizes = ", ".join(str(size) for size in spec.input_sizes)
        parts.append(f"Input sizes ({sizes} px) were chosen by this machine's speed.")
    if spec.git_commit and spec.git_commit.endswith("+"):
        parts.append("The checkout had changes that its commit does not hold.")
    return " ".join(parts)


def _digests(material: Material) -> list[tuple[str, Words]]:
    spec = material.spec
    rows: list[tuple[str, Words]] = [("seed of the search", (str(spec.seed),))]
    if spec.has_images:
        rows.append(("digest of the data", (Code(spec.data.digest),)))
        rows.append(("digest of the split", (Code(spec.split.digest),)))
        for name, digest in spec.weights_digests.items():
            rows.append((f"weights of {name}", (Code(digest),)))
    rows.append(("commit", (Code(spec.git_commit or "-"),)))
    rows.append(("space", (f"{spec.space}, version {spec.space_version}",)))
    return rows


def _best(material: Material) -> list[Block]:
    best, spec = material.best, material.spec
    assert best is not None
    name = f"{spec.name}/{best.number}"
    words: list[str | Code] = [f"The best trial, {name}, with digest ", Code(best.digest or "-")]
    if spec.has_images:
        words += [", is evaluated again by ", Code(f"orchestrator evaluate {name}{material.place}")]
    config = json.dumps(dict(best.config) or dict(best.params), indent=1, default=str)
    return [paragraph(*words, ". Its whole configuration:"), Listing(config, "json")]
