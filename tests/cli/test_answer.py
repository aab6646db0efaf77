"""With --json, standard output holds one object and nothing else, whoever prints what."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path

from orchestrator.cli.answer import print_json

NOISY = """
import os, subprocess, sys
from orchestrator.cli.answer import print_json, stdout_kept_clean
with stdout_kept_clean(True) as out:
    print("from python")
    os.write(1, b"from a library\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"])
    print_json({"a": 1}, file=out)
print("afterwards")
"""


def test_noise_of_python_libraries_and_children_goes_to_stderr() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NOISY], capture_output=True, text=True, timeout=60
    )
    assert ended.stdout == '{\n  "a": 1\n}\nafterwards\n'
    for noise in ("from python", "from a library", "from a child"):
        assert noise in ended.stderr


def test_figures_that_are_not_finite_become_null_and_paths_strings() -> None:
    out = io.StringIO()
    print_json({"a": [math.nan, math.inf, 0.5], "b": {1: Path("/x")}, "c": "·"}, file=out)
    assert json.loads(out.getvalue()) == {"a": [None, None, 0.5], "b": {"1": "/x"}, "c": "·"}
    assert "·" in out.getvalue()
