"""Pictures of a study: which are drawn of what, and that odd studies break none of them."""

from __future__ import annotations

import io
import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import optuna
import pytest
from made_studies import (
    BORN,
    ConditionSpec,
    MadeStudy,
    made_spec,
    three_objectives,
    two_objectives,
)
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial
from PIL import Image

from orchestrator.pictures import Picture, page, study_pictures, write_pictures
from orchestrator.study.spec import DataSpec, ObjectiveSpec, StudySpec

PLAIN = ["history", "history_time"]
SOME = [*PLAIN, "slices", "parallel", "timeline"]
ALL = [*PLAIN, "importances", "slices", "parallel", "timeline"]
NO_STOPS = {"gate": None}
WARM = ["history", "importances", "slices", "parallel"]
SLOW = pytest.mark.slow


def _made(trials: int, spec: StudySpec, **options: object) -> MadeStudy:
    return MadeStudy(spec, **options).run(trials)  # type: ignore[arg-type]


HELD = (ConditionSpec(metric="robust_score", op=">=", bound=0.22),)
NEVER_HELD = (ConditionSpec(metric="robust_score", op=">=", bound=2.0),)


@pytest.mark.parametrize(
    ("trials", "spec", "options", "names"),
    [
        (0, made_spec(), {}, []),
        (1, made_spec(), {}, []),
        (3, made_spec(), {}, SOME),
        (30, made_spec(exempt_share=0.4), {}, [*ALL, "fidelity"]),
        pytest.param(14, three_objectives(constraints=HELD, **NO_STOPS), {},
                     [*PLAIN, "pareto", *ALL[2:]], marks=SLOW),
        (14, two_objectives(constraints=NEVER_HELD, **NO_STOPS),
         {"conditional": True, "seed": 2}, [*PLAIN, "pareto", *ALL[2:]]),
        pytest.param(10, made_spec(data=DataSpec(), **NO_STOPS), {"workers": 1}, ALL, marks=SLOW),
    ],
    ids=["none", "one", "three", "exempt", "three objectives", "never held", "own trainable"],
)  # fmt: skip
def test_which_pictures_there_are(
    trials: int, spec: StudySpec, options: dict[str, object], names: list[str]
) -> None:
    made = _made(trials, spec, **options)
    pictures = list(study_pictures(made.study, spec))
    assert [picture.name for picture in pictures] == names
    for picture in pictures:
        width, height = Image.open(io.BytesIO(picture.png)).size
        assert 600 <= width <= 2300
        assert 200 <= height <= 2300
        assert picture.html is not None
        assert f'id="picture-{picture.name}"' in picture.html


def _odd(name: str) -> tuple[optuna.Study, StudySpec]:
    """A study of which little can be said."""
    lr, names = FloatDistribution(1e-4, 1e-1, log=True), ("a" * 90 + "1", "a" * 90 + "2", "<b>")
    both = {"lr": lr, "kind": CategoricalDistribution(names)}
    study, spec = optuna.create_study(direction="maximize"), made_spec()

    def add(number: int, value: float | None = None, **held: object) -> None:
        start = {"started": BORN + 9 * number, "driver": "here:1:ab", **held.pop("start", {})}
        end = {"ended": BORN + 9 * number + 8, "seconds": 8.0, "worker": "here:2"}
        state = held.pop("state", TrialState.COMPLETE)
        attrs = {"start": start, "end": {**end, **held.pop("end", {})}, "label": "$x$ </script>"}
        attrs |= {"metrics": {"val_acc": value} if value is not None else {}}
        params = {"lr": 10 ** -(1 + number % 3), "kind": names[number % 3]}
        study.add_trial(
            create_trial(
                state=state, value=value if state == TrialState.COMPLETE else None,
                params=held.pop("params", params), distributions=held.pop("distributions", both),
                user_attrs={**attrs, **held.pop("attrs", {})},
                intermediate_values=held.pop("steps", {}),
            )
        )  # fmt: skip

    match name:
        case "all pruned":
            for number in range(9):
                end = {"stopped_at": 1, "reason": "stopped early at epoch 1: low"}
                add(number, state=TrialState.PRUNED, steps={1: 0.1 * number}, end=end)
        case "all infeasible" | "all failed":
            state = TrialState.PRUNED if name == "all infeasible" else TrialState.FAIL
            for number in range(9):
                add(number, state=state, end={"reason": "too large"})
        case "one parameter":
            for number in range(9):
                add(number, 0.1 * number, params={"lr": 10 ** -(1 + 0.3 * number)},
                    distributions={"lr": lr})  # fmt: skip
        case "one value":
            fixed = {"lr": FloatDistribution(0.1, 0.1), "kind": CategoricalDistribution(["x"])}
            for number in range(9):
                add(number, 0.1 * number, params={"lr": 0.1, "kind": "x"}, distributions=fixed)
        case "all the same":
            for number in range(9):
                add(number, 0.5, params={"lr": 0.01, "kind": "<b>"})
        case "long names":
            for number in range(9):
                add(number, 0.1 * number)
        case "far out":
            for number in range(12):
                add(number, 1e12 if number == 5 else 1 + 0.1 * number)
        case "decades":
            spec = two_objectives(gate=None)
            study = optuna.create_study(directions=["maximize", "minimize"])
            spec = spec.model_copy(
                update={
                    "objectives": tuple(ObjectiveSpec(metric=name) for name in ("gain", "loss"))
                }
            )
            for number in range(9):
                study.add_trial(
                    create_trial(
                        values=[10.0**number, 10.0 ** (number % 4)],
                        params={"lr": 10 ** -(1 + number % 3), "kind": names[number % 3]},
                        distributions=both,
                    )
                )
        case "figures missing":
            for number in range(9):
                metrics = {"val_acc": math.nan, "train_acc": math.inf}
                add(number, 0.1 * number, attrs={"metrics": metrics}, steps={1: math.nan})
        case "no notes":
            for number in range(9):
                add(
                    number, 0.1 * number, attrs={"start": {}, "end": {}, "label": "", "metrics": {}}
                )
        case "running":
            for _ in range(3):
                trial = study.ask(both)
                trial.set_user_attr("start", {"started": BORN + trial.number, "driver": "here:1"})
            study.enqueue_trial({"lr": 0.1})
        case "repeats and a warm start":
            for number in range(9):
                add(number, 0.1 * number, attrs={"origin": {"kind": "warm_start", "of": "x/1"}})
                add(number, 0.1 * number, end={"repeat_of": "0", "seconds": 0.0})
    return study, spec


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("all pruned", ["timeline"]),
        pytest.param("all infeasible", ["timeline"], marks=SLOW),
        ("all failed", ["timeline"]),
        pytest.param("one parameter", [*PLAIN, "slices", "timeline"], marks=SLOW),
        ("one value", [*PLAIN, "timeline"]),
        pytest.param("all the same", [*PLAIN, "slices", "parallel", "timeline"], marks=SLOW),
        ("far out", ALL),
        ("decades", [*PLAIN, "pareto", *ALL[2:]]),
        ("figures missing", ALL),
        pytest.param("no notes", ALL, marks=SLOW),
        ("running", ["timeline"]),
        pytest.param("repeats and a warm start", WARM, marks=SLOW),
    ],
)
def test_odd_studies_break_nothing(name: str, names: list[str]) -> None:
    assert [picture.name for picture in study_pictures(*_odd(name))] == names


@pytest.fixture(scope="module")
def long_named() -> tuple[Picture, ...]:
    """The pictures of a study whose names are long, and full of what means something in HTML."""
    return tuple(study_pictures(*_odd("long names")))


def test_the_same_study_gives_the_same_bytes(long_named: tuple[Picture, ...]) -> None:
    assert tuple(study_pictures(*_odd("long names"))) == long_named


def test_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "pictures"
    paths = write_pictures(*_odd("all failed"), folder)
    assert [path.name for path in paths] == ["timeline.png", "study.html"]
    assert sorted(path.name for path in folder.iterdir()) == ["study.html", "timeline.png"]
    assert Image.open(paths[0]).format == "PNG"


class _Loaded(HTMLParser):
    """What a browser would fetch, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.loaded += [str(held[key]) for key in ("src", "href") if key in held]
        self._in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def test_the_page_needs_nothing_from_anywhere(long_named: tuple[Picture, ...]) -> None:
    pictures = [*long_named, Picture("plain", "A < B", _PNG, None)]
    text = page(pictures, title="<Study>")
    parser = _Loaded()
    parser.feed(text)
    outside = [link for link in parser.loaded if not link.startswith(("#", "data:image/png;"))]
    assert outside == []
    library = [script for script in parser.scripts if len(script) > 1_000_000]
    assert len(library) == 1  # plotly.js, once
    assert "&lt;Study&gt;" in text
    assert "A &lt; B" in text
    small = set(parser.scripts) - set(library)
    drawn = [script for script in small if "Plotly.newPlot" in script]
    assert len(drawn) == len(pictures) - 1
    for script in drawn:
        # Plotly 7 puts a button beside each figure that sends its data to a server of its makers.
        assert '"showSendToCloud": false' in script


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


@pytest.mark.slow
@pytest.mark.needs("chromium")
def test_a_browser_draws_every_picture(tmp_path: Path) -> None:
    made = _made(9, two_objectives(**NO_STOPS))
    *pictures, html = write_pictures(made.study, made.spec, tmp_path)
    chromium = shutil.which("chromium")
    assert chromium is not None
    line = [chromium, "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=10000", "--dump-dom", html.as_uri()]  # fmt: skip
    dom = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True).stdout
    for path in pictures:
        drawn = dom.split(f'id="picture-{path.stem}"')[1].split("</section>")[0]
        assert 'class="main-svg"' in drawn, path.stem


def test_long_names_are_told_apart(long_named: tuple[Picture, ...]) -> None:
    slices = next(each for each in long_named if each.name == "slices")
    assert slices.html is not None
    # "…" as JSON has it; what is left of both ends with the figure in which they differ
    assert re.search(r'"ticktext":\["a+\\u2026a+1","a+\\u2026a+2"', slices.html)
    assert slices.html.count("</script>") == 1


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [("val_acc", 0.842, "84.2 %"), ("train_seconds", 312.0, "5m12s"), 
     ("val_loss", 0.0312, "0.0312"), ("my_score", -3.5, "-3.5")],
)  # fmt: skip
def test_values_are_written_in_their_units(metric: str, value: float, words: str) -> None:
    study = optuna.create_study(direction="maximize")
    for number in range(3):
        study.add_trial(create_trial(value=value - 0.001 * number))
    spec = made_spec(objectives=(ObjectiveSpec(metric=metric),), gate=None)
    history = next(study_pictures(study, spec))
    assert history.html is not None
    assert f"{metric} {words}" in history.html


@pytest.mark.slow
@pytest.mark.parametrize("spec", [made_spec, three_objectives], ids=["one", "three"])
def test_two_thousand_trials_take_seconds(spec: Callable[..., StudySpec], tmp_path: Path) -> None:
    made = _made(2_000, spec(**NO_STOPS), workers=16, random=True, conditional=True)
    began = time.process_time()
    paths = write_pictures(made.study, made.spec, tmp_path)
    assert time.process_time() - began < 20  # 7 and 10 on two cores, other work beside it
    assert paths[-1].stat().st_size < 9_000_000  # 4.8 MB of it plotly.js
