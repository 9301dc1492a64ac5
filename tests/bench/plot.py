"""The plot of whole sessions, as SVG: legible by day and by night, and without a library."""

from html import escape

_MARKS = {1: "one", 16: "some", 100: "many"}
_STEP = 19           # pixels from row to row
_TOP = 74
_LABELS = 286        # pixels for the names of the rows
_PANEL = 270
_GAP = 34

_STYLE = """
  .ground { fill: #ffffff; } text { fill: #1f2328; font: 12px system-ui, sans-serif; }
  .title { font-weight: 600; font-size: 14px; } .small { font-size: 11px; fill: #59636e; } .end { text-anchor: end; }
  .middle { text-anchor: middle; } .grid { stroke: #d1d9e0; stroke-width: 1; } .base { stroke: #1f2328; stroke-width: 1.5; }
  .band { fill: #f6f8fa; }
  .one { fill: none; stroke: #59636e; } .some { fill: #0969da; stroke: #0969da; } .many { fill: #bc4c00; stroke: #bc4c00; }
  line.one, line.some, line.many { stroke-width: 2; opacity: 0.45; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } text { fill: #e6edf3; } .small { fill: #9198a1; } .grid { stroke: #30363d; }
    .base { stroke: #e6edf3; } .band { fill: #151b23; }
    .one { stroke: #9198a1; } .some { fill: #4493f8; stroke: #4493f8; } .many { fill: #f0883e; stroke: #f0883e; }
  }
"""


class _Panel:
    """One axis: from 0 to what the figures need, ratios that are far beyond stay at the edge."""

    def __init__(self, left, rows, name):
        self.left = left
        self.name = name
        highest = max(row[name]["median"] for row in rows if row["connections"] > 1)  # one alone is noisy
        self.end = min(max(1.5, -(-highest // 0.5) * 0.5), 3.0)

    def x(self, value):
        return self.left + min(value, self.end) / self.end * _PANEL

    def ticks(self):
        step = 0.25 if self.end <= 1.5 else 0.5
        return [number * step for number in range(round(self.end / step) + 1)]


def _mark(kind, x, y):
    if kind == "many":
        return f'<path class="{kind}" d="M{x:.1f} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z"/>'
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>'


def _row_name(row):
    if row["scenario"].startswith("empty"):
        end = "whole messages" if row["until"] == "message" else "to RCPT"
        return f"empty filter, every step: {end}"
    if row.get("refused"):
        return f"{row['example']}: refused at {row['until'].upper()}"
    return f"{row['example']}: " + ("whole messages" if row["until"] == "message" else "to RCPT")


def sessions(rows):
    """The SVG's text, of the rows of the benchmark `sessions`."""
    panels = (_Panel(_LABELS, rows, "speed"), _Panel(_LABELS + _PANEL + _GAP, rows, "cpu"))
    names = list(dict.fromkeys(map(_row_name, rows)))
    width = _LABELS + 2 * _PANEL + _GAP + 22
    bottom = _TOP + _STEP * len(names)
    height = bottom + 64
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             'role="img" aria-label="Sessions a second and processor time per session, to an empty filter">',
             f"<style>{_STYLE}</style>", f'<rect class="ground" width="{width}" height="{height}" rx="6"/>']
    for number, name in enumerate(names):
        y = _TOP + _STEP * number
        if number % 2 == 0:
            parts.append(f'<rect class="band" x="8" y="{y}" width="{width - 16}" height="{_STEP}"/>')
        parts.append(f'<text class="end" x="{_LABELS - 12}" y="{y + 13.5}">{escape(name)}</text>')
    for panel, title, better in zip(panels, ("sessions a second", "processor time per session"),
                                    ("more is better", "less is better"), strict=True):
        parts.append(f'<text class="title" x="{panel.left}" y="24">{title}</text>')
        parts.append(f'<text class="small" x="{panel.left}" y="42">the empty filter\'s is 1; {better}</text>')
        for tick in panel.ticks():
            x = panel.x(tick)
            parts.append(f'<line class="{"base" if tick == 1 else "grid"}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4}" '
                         f'y2="{bottom}"/>')
            parts.append(f'<text class="small middle" x="{x:.1f}" y="{_TOP - 10}">{tick:g}</text>')
    for row in rows:
        y = _TOP + _STEP * (names.index(_row_name(row)) + 0.5)
        kind = _MARKS[row["connections"]]
        for panel in panels:
            figures = row[panel.name]
            parts.append(f'<line class="{kind}" x1="{panel.x(figures["low"]):.1f}" x2="{panel.x(figures["high"]):.1f}" '
                         f'y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_mark(kind, panel.x(figures["median"]), y))
    x = _LABELS
    for connections, kind in _MARKS.items():
        parts.append(_mark(kind, x + 5, bottom + 22))
        words = f"{connections} connection" + ("s at once" if connections > 1 else "")
        parts.append(f'<text x="{x + 15}" y="{bottom + 26}">{words}</text>')
        x += 35 + 7 * len(words)
    parts.append(f'<text class="small" x="12" y="{bottom + 48}">Mark: median of the rounds; bar: quartiles. '
                 "The empty filter negotiates as sallyport does, but for that of the last two rows.</text>")
    return "\n".join([*parts, "</svg>"]) + "\n"
