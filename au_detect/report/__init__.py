"""Pages that work offline: a result's report and what other pages share with it."""

from au_detect.report.page import write_report

__all__ = [
    "write_report",
]
