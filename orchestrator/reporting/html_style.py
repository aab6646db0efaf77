"""The page's one style sheet: light and dark, from a phone's width to a desk's, and on paper."""

from __future__ import annotations

# Text on its grounds has a contrast of 5.7 to 1 or more, light and dark (WCAG 2.1 wants 4.5).
STYLE = """
:root {
  --ground: #ffffff; --card: #f4f6f9; --line: #d5dbe3; --text: #1b2530; --soft: #52606d;
  --link: #00538f; --mark: #0072b2; --strong: #e8f1fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171d; --card: #1b222b; --line: #343e4a; --text: #e4e9ee; --soft: #a3b0bd;
    --link: #84c5f4; --mark: #56b4e9; --strong: #1d3042;
  }
  figure img { opacity: 0.93; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
.kicker { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: 0.2rem 0 1rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 0.8rem; }
section { margin: 0 0 2.6rem; scroll-margin-top: 1rem; }
p, li, dd { overflow-wrap: anywhere; }
p { margin: 0 0 0.8rem; max-width: 50rem; }
a { color: var(--link); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--ground); padding: 0.4rem 0.8rem; }
#answer {
  background: var(--card); border-left: 5px solid var(--mark); border-radius: 0.4rem;
  padding: 1.1rem 1.3rem 1.2rem;
}
#answer p { max-width: none; }
#answer ul { margin: 0.6rem 0 0; padding-left: 1.15rem; }
#answer li { margin: 0 0 0.25rem; }
.first { font-size: 1.15rem; font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: 0.6rem 2.2rem; margin: 1rem 0 0; }
.tiles dt { color: var(--soft); font-size: 0.85rem; }
.tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
nav { margin: 0 0 2.4rem; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; }
nav li { margin: 0 1.3rem 0.3rem 0; }
nav a { display: inline-block; padding: 0.15rem 0; }
.aside, figcaption, .caption { color: var(--soft); font-size: 0.9rem; }
.caption { margin-bottom: 0.3rem; }
.box { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td {
  padding: 0.32rem 0.8rem 0.32rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); white-space: nowrap;
}
th:first-child, td:first-child { padding-left: 0.5rem; }
th { font-weight: 600; border-bottom-width: 2px; vertical-align: bottom; }
th.text, td.text { text-align: left; }
td.text { white-space: normal; min-width: 7rem; max-width: 28rem; overflow-wrap: break-word; }
tr.strong td { background: var(--strong); font-weight: 600; }
section > .box { margin: 0 0 1.2rem; }
figure { margin: 0 0 1.6rem; }
figure img {
  display: block; width: 100%; height: auto; min-width: 38rem; max-width: 62rem;
  background: #fff; border: 1px solid var(--line); border-radius: 0.4rem;
}
figcaption { margin-top: 0.4rem; }
.facts { margin: 0 0 1.2rem; }
.facts > div { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 1rem;
  padding: 0.3rem 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: 0.88em; }
pre {
  background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem;
  padding: 0.7rem 0.9rem; overflow-x: auto; margin: 0 0 1.2rem; max-height: 28rem;
}
ul { padding-left: 1.3rem; margin: 0 0 1rem; }
footer { color: var(--soft); border-top: 1px solid var(--line); padding-bottom: 2rem; }
footer p { margin: 1rem 0 0; }
@media (max-width: 40rem) {
  header, main, footer { padding-left: 0.9rem; padding-right: 0.9rem; }
  #answer { padding: 0.9rem 0.9rem 1rem; }
  .facts > div { grid-template-columns: minmax(0, 1fr); }
  .tiles { gap: 0.6rem 1.4rem; }
  .tiles dd { font-size: 1.15rem; }
  figure img { min-width: 33rem; }
}
@media print {
  nav, .skip { display: none; }
  figure, tr { break-inside: avoid; }
  figure img { min-width: 0; }
  .box, pre { overflow: visible; max-height: none; }
  pre { white-space: pre-wrap; }
}
"""
