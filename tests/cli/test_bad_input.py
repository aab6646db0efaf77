"""Wrong usage: exit status 2, one message with rule, value and nearest, no traceback, no output."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from command_line import Run

SEARCH = ("search", "backbone_compare", "--data", "digits", "--local")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serch",), ["serch", "search"]),
        (("search",), ["SPACE"]),
        (("search", "backbone_comp"), ["backbone_comp", "Did you mean 'backbone_compare'?"]),
        (("search", "no/such.py"), ["Python file", "no/such.py"]),
        ((*SEARCH, "--traisl", "3"), ["--traisl", "--trials"]),
        ((*SEARCH, "--trials", "0"), ["--trials", "1"]),
        ((*SEARCH, "--trials", "many"), ["--trials", "many"]),
        ((*SEARCH, "--seed", "-1"), ["--seed"]),
        ((*SEARCH, "--weights", "pretraind"), ["--weights", "pretrained"]),
        ((*SEARCH, "--time-budget", "3x"), ["A duration is", "'3x'"]),
        ((*SEARCH, "--cache-limit", "a lot"), ["A size is", "'a lot'"]),
        ((*SEARCH, "--backbones", ","), ["at least one"]),
        ((*SEARCH, "--backbones", "vgg17"), ["'vgg17'", "Did you mean 'vgg1"]),
        (("search", "backbone_compare", "--data", "cifar"), ["'cifar'", "'cifar10'"]),
        ((*SEARCH, "--set", "lr"), ["key=value", "'lr'"]),
        ((*SEARCH, "--set", "lrr=1"), ["'lrr'", "Did you mean 'lr'?"]),
        ((*SEARCH, "--set", "epochs=0"), ["epochs", "0"]),
        ((*SEARCH, "--set", "lr=fast"), ["lr", "'fast'"]),
        ((*SEARCH, "--train-size", "999999"), ["999999"]),
        ((*SEARCH, "--storage", "optuna.db"), ["optuna.db", "sqlite:///optuna.db"]),
        ((*SEARCH, "--study", "a study!"), ["'a study!'", "'a-study'"]),
        (("resume", "nothing"), ["'nothing'"]),
        (("show", "nothing"), ["'nothing'"]),
        (("show",), ["no study", "orchestrator search"]),
        (("spaces", "backbone_comp"), ["Did you mean 'backbone_compare'?"]),
        (("data", "fetch", "digit"), ["Did you mean 'digits'?"]),
        (("data", "fetch", "folder:/no/such"), ["/no/such"]),
        (("ui", "--port", "70000"), ["--port"]),
        (("sync", "nothing"), ["'nothing'"]),
    ],
    ids=lambda value: " ".join(value)[-60:] if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_told_in_words(
    run: Run, arguments: tuple[str, ...], words: list[str]
) -> None:
    ended = run(*arguments)
    assert ended.status == 2, ended.err
    assert ended.err.startswith("Error: ") or "\nError: " in ended.err
    assert "Traceback" not in ended.err
    assert "bug" not in ended.err
    for word in words:
        assert word in ended.err


def test_a_port_in_use_is_refused_and_a_free_one_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        ended = run("ui", "--port", str(taken.getsockname()[1]))
    assert ended.status == 2
    assert "in use" in ended.err
    assert "--port" in ended.err


def test_with_json_standard_output_stays_empty_on_an_error(run: Run) -> None:
    ended = run(*SEARCH, "--backbones", "vgg17", "--json")
    assert (ended.status, ended.out) == (2, "")


def test_a_study_of_somebody_else_is_told_apart(run: Run) -> None:
    import optuna

    optuna.create_study(storage="sqlite:///optuna.db", study_name="theirs")
    assert run("list", "--json").json["studies"] == []
    ended = run("show", "theirs")
    assert ended.status == 2
    assert "'theirs'" in ended.err


def test_bounds_that_are_upside_down_in_a_space_of_ones_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from search_spaces import Space\n"
        "def suggest(trial, context):\n"
        "    return {'lr': trial.suggest_float('lr', 0.1, 0.001)}\n"
        "SPACE = Space('mine', 'Which?', suggest, lambda context: [])\n"
    )
    ended = run("spaces", "mine.py")
    assert ended.status == 2
    assert "from low to high" in ended.err
    assert "(0.1, 0.001)" in ended.err
