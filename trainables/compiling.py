"""`compile`: the net through `torch.compile`, where this machine has what that needs."""

from __future__ import annotations

import os
import shutil
import sys

from search_spaces.errors import UnavailableError


def check_compiler() -> None:
    """Told before anything is trained: Inductor calls a C++ compiler at the first step.

    The same one as `torch._inductor.config.cpp.cxx`: `CXX`, else that of the system.

    Raises:
        UnavailableError: there is none.
    """
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(name) is None:
        hint = "Install one (Debian: g++), name one as CXX, or leave `compile` at false."
        raise UnavailableError(
            "torch.compile", [(f"the C++ compiler {name}", "not found")], hint=hint
        )
