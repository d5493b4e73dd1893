"""One self-contained HTML page about one or more results.

The page needs no network and no other file: its charts are inline SVG, its pictures and its script
are embedded. What it says is computed here and in `sections`; how it looks stands in
``templates/report.html``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from au_detect.emotions import EmotionRule
from au_detect.errors import InputError
from au_detect.landmarks.models import NAMES
from au_detect.paths import packaged_folder
from au_detect.report.environment import write_page
from au_detect.report.sections import make_section
from au_detect.report.viewer import collect_views
from au_detect.results import AUResult


def write_report(
    results: AUResult | Sequence[AUResult],
    path: str | os.PathLike[str],
    *,
    title: str = "Action units",
    sources: Mapping[str, Any] | None = None,
    rules: Sequence[EmotionRule] | None = None,
) -> None:
    """Write one HTML page about `results`.

    Parameters
    ----------
    results : AUResult or sequence of AUResult
        One section each, in this order.
    path : path
        The HTML file; replaced as a whole if it exists.
    title : str
        Heading of the page.
    sources : mapping of str to source, optional
        `AUResult.input` -> its pictures or clip, as `AUDetector.run` takes them, to show frames of.
    rules : sequence of EmotionRule, optional
        By default the packaged ones.

    Raises
    ------
    InputError
        If there is no result, a source cannot be read, or the folder of `path` does not exist.
    """
    listed = [results] if isinstance(results, AUResult) else list(results)
    if not listed:
        raise InputError("results must hold at least one AUResult, got none")
    n_faces = sum(len(result.face_ids) for result in listed)
    sections = []
    for number, result in enumerate(listed, start=1):
        emotions = result.emotions(rules)
        views = collect_views(result, (sources or {}).get(result.input), emotions, n_faces)
        sections.append(make_section(number, result, emotions, views))
    write_page(path, "report.html", title=title, sections=sections, model_card=_model_card(listed))


def _model_card(results: list[AUResult]) -> str:
    """Return the card of the packaged models, if one of them made a result."""
    if not any(str(result.settings.get("model")) in NAMES for result in results):
        return ""
    file = packaged_folder("models") / "MODEL_CARD.rst"
    return file.read_text(encoding="utf-8") if file.is_file() else ""
