"""Whose a thing in the store is: a process that can be told dead by others, even after a kill."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class ProcessMark:
    """One process.

    Args:
        born: when it began, Unix seconds: a process id alone is used again.
    """

    host: str
    pid: int
    born: float

    @classmethod
    def here(cls) -> ProcessMark:
        """The process that asks."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    @property
    def is_dead(self) -> bool:
        """Whether it can be seen from here that the process is gone."""
        if self.host != socket.gethostname():
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) > 1
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
