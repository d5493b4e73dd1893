"""Settings of the documentation: ``python -m sphinx -W docs docs/_build``, without network."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
GENERATED = DOCS / "generated"
sys.path[:0] = [str(ROOT), str(DOCS)]

from drawing import draw_all  # noqa: E402

from au_detect.version import __version__  # noqa: E402

project = "au_detect"
author = copyright = "The au_detect authors"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "generated/*.inc", "generated/examples"]

html_theme = "pydata_sphinx_theme"
html_title = "au_detect"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "use_edit_page_button": False,
    "search_bar_text": "Search",
}
html_sidebars = {"*": []}  # the pages on top; those of the API have a list beside them

autosummary_generate = True
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

GENERATED.mkdir(exist_ok=True)
shutil.copytree(ROOT / "examples", GENERATED / "examples", dirs_exist_ok=True)  # they write files

sphinx_gallery_conf = {
    "examples_dirs": str(GENERATED / "examples"),
    "gallery_dirs": "generated/tutorials",
    "filename_pattern": r"/",
    "within_subsection_order": "drawing.gallery.TutorialOrder",
    "image_scrapers": ("drawing.gallery.figures_of_block",),
    "default_thumb_file": str(DOCS / "action_units" / "AU12.jpg"),
    "capture_repr": (),
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e6,
    "download_all_examples": False,
    "abort_on_example_error": True,
    "show_api_usage": False,
    "write_computation_times": False,
}


def setup(app: object) -> None:
    """Draw the pictures and write the tables that pages include, before pages are read."""
    app.connect("builder-inited", lambda _: draw_all(GENERATED), priority=100)  # type: ignore[attr-defined]
