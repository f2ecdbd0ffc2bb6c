"""Two kinds of plot as SVG: bars with their spread, and lines."""

import math
import statistics
from xml.sax.saxutils import escape

from figures import shown

COLOURS = ["#1f6feb", "#d9730d", "#2da44e", "#8250df", "#cf222e", "#57606a", "#bf3989"]
FONT = 'font-family="sans-serif" font-size="12"'


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}>{escape(words)}</text>'


def svg(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n<rect width="100%" height="100%" fill="white"/>\n' +
            "\n".join(parts) + "\n</svg>\n")


def bars(title, unit, groups):
    """`groups`: (name, [values of the rounds]). A bar is a median, its line least to most."""
    left, right, row = 330, 700, 26
    top = max(max(values) for _, values in groups) or 1
    parts = [text(10, 20, f"{title} ({unit})")]
    for i, (name, values) in enumerate(groups):
        y = 36 + i * row
        scale = (right - left) / top
        median = statistics.median(values)
        parts += [text(left - 8, y + 14, name, "end"),
                  f'<rect x="{left}" y="{y}" width="{median * scale:.1f}" height="18" '
                  f'fill="{COLOURS[0 if name.startswith(("worker", "load-test")) else 5]}"/>',
                  f'<line x1="{left + min(values) * scale:.1f}" '
                  f'x2="{left + max(values) * scale:.1f}" '
                  f'y1="{y + 9}" y2="{y + 9}" stroke="black" stroke-width="2"/>',
                  text(right + 8, y + 14, shown(median))]
    return svg(800, 46 + len(groups) * row, parts)


def lines(title, x_name, y_name, series, ticks):
    """`series`: {name: [(x, y)]}, x from 0 to 1; `ticks`: [(x, label)]; y is logarithmic."""
    left, right, top, bottom = 70, 600, 52, 352
    values = [y for points in series.values() for _, y in points if y > 0]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)

    def at(x, y):
        return (left + x * (right - left),
                bottom - (math.log10(max(y, 10 ** low)) - low) / (high - low) * (bottom - top))

    parts = [text(10, 20, title), text(right, bottom + 40, x_name, "end"),
             text(10, 35, y_name)]
    for power in range(low, high + 1):
        x, y = at(0, 10.0 ** power)
        parts += [f'<line x1="{x}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>',
                  text(left - 8, y + 4, f"{10.0 ** power:g}", "end")]
    for tick, label in ticks:
        x, _ = at(tick, 1)
        parts += [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="#d0d7de"/>',
                  text(x, bottom + 18, label, "middle")]
    for i, (name, points) in enumerate(series.items()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        colour = COLOURS[i % len(COLOURS)]
        parts += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
                  f'<rect x="620" y="{top + i * 20}" width="12" height="12" fill="{colour}"/>',
                  text(638, top + 11 + i * 20, name)]
    return svg(800, 402, parts)


def percentiles(case):
    """Latency over percentiles, as HdrHistogram plots it: each nine is as wide as the last."""
    ticks = [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")]

    def place(share):
        return min(-math.log10(max(1 - share, 1e-5)) / 5, 1)

    series = {}
    for who in case.names():
        rounds = [dict(point.split(":") for point in curve.split(","))
                  for curve in case.values(who, "curve")]
        series[who] = [(place(float(percent) / 100),
                        statistics.median(float(r[percent]) / 1000 for r in rounds))
                       for percent in rounds[0]]
    return lines(case.name, "percentile", "ms from the intended send time", series,
                 [(place(share), label) for share, label in ticks])


def growth(cases):
    """CPU a record along each axis: the points of an axis at equal distances."""
    series = {}
    for case in cases:
        axis = case.name.rpartition(" by ")[2]
        for who in ("worker", "bare"):
            names = [n for n in case.names() if n.startswith(who + ",")]
            if len(names) > 1:
                series[f"{axis}, {who}"] = [
                    (i / (len(names) - 1), statistics.median(case.values(n, case.metric)))
                    for i, n in enumerate(names)]
    return lines("CPU a record as things grow", "from the fewest to the most", "µs", series,
                 [(0, "fewest"), (1, "most")])


def plots_of(row, cases):
    """{name: SVG} of one row."""
    if row == "scale":
        return {"scale": growth(cases)}
    made = {}
    for i, case in enumerate(cases):
        groups = [(who, case.values(who, case.metric)) for who in case.names()]
        name = row if len(cases) == 1 else f"{row}-{i + 1}"
        made[name] = bars(case.name, case.unit, [group for group in groups if group[1]])
        if any(case.values(who, "curve") for who in case.names()):
            made[f"{name}-percentiles"] = percentiles(case)
    return made
