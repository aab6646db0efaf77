"""A study's report: values first (`StudyReport`), then HTML and Markdown drawn from them."""

from __future__ import annotations

from orchestrator.reporting.report import StudyReport, make_report, report

__all__ = ["StudyReport", "make_report", "report"]
