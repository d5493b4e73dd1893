"""Frame and style sheet of the report page."""

from __future__ import annotations

from html import escape
from string import Template

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'$scripts">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<header><h1>$title</h1></header>
<main>
$body
</main>
<footer><p>$footer</p></footer>
$script
</body>
</html>
""")


def html_page(
    title: str, body: str, footer: str, *, style: str = "", script: str = "", script_hash: str = ""
) -> str:
    """Return a page that needs no other file and lets no other script run.

    Parameters
    ----------
    title : str
        As text; it is escaped here.
    body, footer : str
        HTML.
    style : str
        What is added to `STYLE`.
    script, script_hash : str
        The page's script and its hash for the content security policy.
    """
    return _PAGE.substitute(
        title=escape(title),
        style=f"{STYLE}\n{style}" if style else STYLE,
        body=body,
        footer=footer,
        scripts=f"; script-src '{script_hash}'" if script else "",
        script=f"<script>{script}</script>" if script else "",
    )


# Blue and orange of Okabe & Ito (2008) can be told apart with any kind of color vision; what is
# on is also said in words or by weight.
PALETTE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e;
 --line: #d9dee3; --panel: #f5f7f9; --signal: #0072b2; --event: #e69f00; --gap: #aab2bb; }
@media (prefers-color-scheme: dark) {
 :root { --paper: #14171b; --ink: #e8eaed; --soft: #a3adb8; --line: #343a41; --panel: #1d2126;
  --signal: #56b4e9; --event: #e69f00; --gap: #59626c; } }
"""

STYLE = (
    PALETTE
    + """\
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 64rem; background: var(--paper);
 color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0 0 1.5rem; font-size: 1.8rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; overflow-wrap: anywhere; }
h3 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
section { margin-bottom: 2.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
a { color: var(--signal); overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 0 0 1.25rem; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0 0 1.25rem; }
figure svg { display: block; width: 100%; height: auto; }
.viewer { display: flex; flex-wrap: wrap; gap: 1rem 1.75rem; margin: 1rem 0 .5rem; }
.viewer figure { flex: 0 0 18rem; margin: 0; }
.viewer svg { height: 18rem; background: #20252b; border-radius: 4px; }
.viewer input[type=range] { width: 100%; margin: .5rem 0 0; accent-color: var(--signal); }
.viewer label { float: right; color: var(--soft); font-size: .85rem; margin-top: .35rem; }
.viewer .told { flex: 1 1 22rem; font-size: .9rem; }
.told p { margin: 0 0 .25rem; }
.told .emotion { margin-bottom: .6rem; font-size: 1rem; font-weight: 600; }
.told ul { margin: 0 0 .5rem; padding-left: 1.1rem; color: var(--soft); font-size: .85rem; }
.hint { margin: 0 0 1.25rem; color: var(--soft); font-size: .85rem; }
.readout { min-height: 1.5em; margin: .5rem 0 0; font-size: .85rem; font-weight: 600;
 font-variant-numeric: tabular-nums; }
figcaption, caption { color: var(--soft); font-size: .85rem; text-align: left; }
figcaption { margin-top: .35rem; }
.scroll { overflow-x: auto; }
.timeline { min-width: 44rem; }
table { margin-top: 1rem; width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { padding-bottom: .35rem; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.number + :not(.number) { padding-left: 1.25rem; }
tr.off { color: var(--soft); }
tr.off th { font-weight: 400; }
.bar { display: block; width: 9rem; height: 1rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
pre { padding: .75rem; background: var(--panel); border-radius: 4px; font-size: .8rem;
 white-space: pre-wrap; overflow-wrap: anywhere; }
.notice { padding: .75rem; background: var(--panel); border-radius: 4px; }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; }
svg text { fill: var(--soft); font: 12px system-ui, "Segoe UI", Arial, sans-serif; }
svg text.on { fill: var(--ink); font-weight: 600; }
svg .value { text-anchor: end; font-variant-numeric: tabular-nums; }
svg .tick { text-anchor: middle; }
svg .track { fill: var(--panel); }
svg .signal { fill: var(--signal); pointer-events: none; }
svg .event { fill: var(--event); fill-opacity: .3; }
svg .strip { fill: var(--event); }
svg .apex { fill: var(--event); stroke: var(--paper); pointer-events: none; }
svg .threshold { stroke: var(--ink); stroke-opacity: .7; pointer-events: none; }
svg .timeline-threshold { stroke-dasharray: 3 3; }
svg .grid { stroke: var(--line); }
svg .hover { fill: transparent; cursor: pointer; }
svg .cursor { display: none; stroke: var(--ink); stroke-width: 1.5; pointer-events: none; }
svg .cursor.shown { display: inline; }
svg .hover:hover { fill: var(--ink); fill-opacity: .12; }
svg .no-face { fill: var(--gap); fill-opacity: .45; }
svg .unreliable { fill: var(--gap); }
svg .landmarks { fill: none; stroke: #56b4e9; }
svg .landmarks circle { fill: #f0e442; stroke: none; }
@media print { section { break-inside: avoid-page; } .scroll { overflow: visible; } }
""".strip()
)
