"""The figures of `bench track` as a picture: ratios seed by seed, rates beside Stone Soup's."""

import math

ROW, LEFT, WIDE = 26, 190, 480
INK, OWN, PEER, FAINT = "#1d2733", "#0a6e8f", "#b0603a", "#c9d1d9"


def drawn(ratios, rates):
    """Return SVG text. ratios: {label: GOSPA to the oracle's of each seed}; rates: {label:
    (ours, theirs)} in detections a second of CPU time.
    """
    parts, y = [], 34
    parts.append(
        said(12, 22, "GOSPA to the oracle's, each dot a seed (left is better)", "bold")
    )
    top = max([1.5, *(value for row in ratios.values() for value in row)])

    def x_of(ratio):
        return LEFT + WIDE * ratio / top

    begin = y
    for label, values in ratios.items():
        y += ROW
        parts.append(said(12, y + 4, label))
        parts.append(line(LEFT, y, LEFT + WIDE, y, FAINT))
        parts += [dot(x_of(value), y, OWN) for value in values]
    for tick in [n / 4 for n in range(int(4 * top) + 1)]:
        colour = INK if tick == 1.0 else FAINT
        parts.insert(0, line(x_of(tick), begin + 8, x_of(tick), y + 10, colour))
        parts.append(said(x_of(tick) - 9, y + 24, f"{tick:g}"))
    y += 60
    if rates:
        parts.append(said(12, y, "detections a second of CPU time (log scale)", "bold"))
        high = math.ceil(math.log10(max(max(pair) for pair in rates.values())))
        for label, pair in rates.items():
            for name, value, colour in zip(("Tocsin", "Stone Soup"), pair, (OWN, PEER)):
                y += ROW
                parts.append(said(12, y + 4, f"{label}: {name}"))
                long = WIDE * max(math.log10(max(value, 1.0)), 0.01) / high
                parts.append(
                    f'<rect x="{LEFT}" y="{y - 7}" width="{long:.1f}" height="14" fill="{colour}"/>'
                )
                parts.append(said(LEFT + long + 6, y + 4, f"{value:,.0f}"))
        y += ROW
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 90} {y + 10}"'
        ' font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def said(x, y, text, weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" font-weight="{weight}">{text}</text>'


def line(x, y, x2, y2, colour):
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def dot(x, y, colour):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" fill-opacity="0.75"/>'
