"""The tables of a comparison in Markdown, and its rows as JSON."""

import math
import statistics

from points import TITLES


def in_unit(row, seconds):
    """A time of a row in µs, or of a stream in ns for each step. Three digits: more is not to be had."""
    value = seconds * 1e9 / row["case"].steps if row["case"].pass_name == "stream" else seconds * 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def median(row, key):
    """The median time of a contestant in a row, in seconds, or None."""
    return row["results"][key].get("median")


def ratio(row, key, to):
    """How many times as long as `to` a contestant took in a row, or None."""
    time, own = median(row, key), median(row, to)
    return time / own if time and own else None


def best_peer(row, contestants):
    """The ratio and the name of the fastest peer in a row, or None."""
    own = first(contestants)
    ratios = [(ratio(row, key, own), contestant.name) for key, contestant in contestants.items() if contestant.peer]
    return min((pair for pair in ratios if pair[0]), default=None)


def first(contestants):
    """The name of the one that all others are compared with."""
    return next(iter(contestants))


def head(contestants):
    """The two lines above a table's rows."""
    own, *others = (contestant.name for contestant in contestants.values())
    titles = ["T, B, I, H", own, "limit", "share of limit", *others, f"best peer / {own}"]
    return f"{_line(titles)}\n{_line(['---'] + ['---:'] * (len(titles) - 1))}"


def line(row, contestants):
    """A row: medians, in brackets how many times as long as the first contestant each other one took, and the errors of
    outputs where they are more than rounding."""
    own = first(contestants)

    def cell(key):
        if not median(row, key):
            return "failed" if "failure" in row["results"][key] else "–"
        notes = [f"{ratio(row, key, own):.2f}"] if key != own and ratio(row, key, own) else []
        if row["case"].weights != "float":
            notes.append(f"±{row['results'][key]['error']:.1e}")
        return f"{in_unit(row, median(row, key))} ({', '.join(notes)})" if notes else in_unit(row, median(row, key))

    best, limit = best_peer(row, contestants), row["limit"]
    return _line(
        [
            row["case"].name,
            cell(own),
            in_unit(row, limit) if limit else "–",
            f"{limit / median(row, own):.0%}" if limit and median(row, own) else "–",
            *map(cell, list(contestants)[1:]),
            f"{best[0]:.2f} {best[1]}" if best else "–",
        ]
    )


def means(rows, contestants):
    """The last line of a table: geometric means of the ratios."""

    def mean(ratios):
        found = [value for value in ratios if value]
        return f"{statistics.geometric_mean(found):.2f}" if found else "–"

    own, *others = contestants
    others = [mean(ratio(row, key, own) for row in rows) for key in others]
    best = mean((best_peer(row, contestants) or [None])[0] for row in rows)
    return _line(["geometric mean", "", "", "", *others, best])


def settings(rows, contestants):
    """For each cell, pass and kind of weights, the versions that ran, and the settings that each of them was fastest
    with; and why others did not take part."""
    kinds = {}
    for row in rows:
        case = row["case"]
        kinds.setdefault((case.cell, case.pass_name, case.weights), []).append(row)
    for kind, rows_of_kind in kinds.items():
        yield f"\n{', '.join(TITLES[word] for word in kind if word != 'float')}:\n"
        for key in rows_of_kind[0]["results"]:
            results = [row["results"][key] for row in rows_of_kind]
            line = "; ".join([*_ready(results), *_absent(results)])
            if line:
                yield f"- {contestants[key].name} {line}"


def _ready(results):
    ready = [result for result in results if "version" in result]
    if ready:
        chosen = dict.fromkeys(result["setting"] for result in ready if result["setting"])
        yield ready[0]["version"] + (f": {' or '.join(chosen)}" if chosen else "")


def _absent(results):
    reasons = dict.fromkeys(result["unsupported"] for result in results if "unsupported" in result)
    if reasons:
        yield f"does not take part: {' or '.join(reasons)}"


def plain(rows):
    """The rows as JSON takes them."""
    return [row | {"case": vars(row["case"])} for row in rows]


def _line(cells):
    return f"| {' | '.join(cells)} |"
