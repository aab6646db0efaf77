"""Our requirements: installed, in the versions that work, and those that were tested together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import orchestrator
from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest

_NAMED = 4  # differing packages that are named


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for what is needed, and one for what was tested where `constraints.txt` is here."""
    del request
    needed = [Requirement(each) for each in requires("orchestrator") or ()]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    yield judge_needed(needed, {each.name: installed(each.name) for each in needed})
    path = constraints_file()
    if path is not None:
        tested = read_constraints(path)
        ours = {name: installed(name) for name in tested}
        direct = frozenset(canonicalize_name(each.name) for each in needed)
        yield judge_tested(tested, ours, path, direct)


def judge_needed(needed: list[Requirement], have: Mapping[str, str | None]) -> Finding:
    """Whether every requirement is there, in a version that works."""
    wrong = [each for each in needed if not _fits(each, have.get(each.name))]
    if wrong:
        words = ", ".join(f"{each} ({_what(have.get(each.name))})" for each in wrong)
        packages = " ".join(f"'{each.name}{each.specifier}'" for each in wrong)
        return stop("packages", f"needed: {words}", f"pip install {packages}")
    return fine("packages", f"all {len(needed)} that are needed are installed")


def judge_tested(
    tested: Mapping[str, str],
    have: Mapping[str, str | None],
    path: Path,
    direct: frozenset[str] = frozenset(),
) -> Finding:
    """Whether versions are those of `constraints.txt`; what is not installed is not compared.

    Args:
        direct: packages that we import ourselves: they are named first.
    """
    other = [name for name in tested if have.get(name) not in (None, tested[name])]
    facts: dict[str, Any] = {"tested": len(tested), "different": len(other)}
    if not other:
        return fine("versions", "as tested together", **facts)
    other.sort(key=lambda name: canonicalize_name(name) not in direct)
    words = ", ".join(f"{name} {have[name]} ({tested[name]})" for name in other[:_NAMED])
    more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
    says = f"{len(other)} differ from the tested ones, which stand in brackets: {words}{more}"
    return note("versions", says, f"pip install -c {path} -e {path.parent}", **facts)


def read_constraints(path: Path) -> dict[str, str]:
    """Versions by name, as `constraints.txt` pins them."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    pairs = (line.partition("==") for line in lines if "==" in line)
    return {name.strip(): version.partition(";")[0].strip() for name, _, version in pairs}


def constraints_file() -> Path | None:
    """That of the folder that this package is run from; None where it was installed as a wheel."""
    path = Path(str(orchestrator.__file__)).parent.parent / "constraints.txt"
    return path if path.is_file() else None


def installed(name: str) -> str | None:
    """The version of a package; None where it is not installed."""
    try:
        return version_of(name)
    except PackageNotFoundError:
        return None


def _fits(needed: Requirement, have: str | None) -> bool:
    return have is not None and needed.specifier.contains(have, prereleases=True)


def _what(version: str | None) -> str:
    return f"{version} is installed" if version else "not installed"


CHECK = Check(look, seconds=15.0)  # a slow disk, 150 packages
