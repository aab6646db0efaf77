"""`examine`: whether this machine can run a search, line by line, and what to do where it cannot.

Each check is a file in `checks/` and one line in its registry.
"""

from orchestrator.doctor.examining import examine, examining
from orchestrator.doctor.finding import Examination, Examined, Finding
from orchestrator.doctor.request import DoctorRequest

__all__ = ["DoctorRequest", "Examination", "Examined", "Finding", "examine", "examining"]
