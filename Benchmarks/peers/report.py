"""The tables of a comparison in Markdown, and its rows as JSON."""

import math
import statistics

from cases import TITLES
from contestants import CONTESTANTS


def microseconds(seconds):
    """Three digits: more is not to be had from whole calls."""
    value = seconds * 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def median(row, key):
    """The median time of a contestant in a row, in seconds, or None."""
    return row["results"][key].get("median")


def ratio(row, key, to):
    """How many times as long as `to` a contestant took in a row, or None."""
    time, own = median(row, key), median(row, to)
    return time / own if time and own else None


def best_peer(row, keys):
    """The ratio and the name of the fastest peer in a row, or None."""
    ratios = [(ratio(row, key, keys[0]), CONTESTANTS[key].name) for key in keys if CONTESTANTS[key].is_peer]
    return min((pair for pair in ratios if pair[0]), default=None)


def head(keys):
    """The two lines above a table's rows."""
    own, *others = (CONTESTANTS[key].name for key in keys)
    titles = ["T, B, I, H", own, "limit", "share of limit", *others, f"best peer / {own}"]
    return f"{_line(titles)}\n{_line(['---'] + ['---:'] * (len(titles) - 1))}"


def line(row, keys):
    """A row: medians in µs, and in brackets how many times as long as the first contestant each other one took."""

    def time(key):
        return microseconds(median(row, key)) if median(row, key) else _missing(row, key)

    def time_and_ratio(key):
        times = ratio(row, key, keys[0])
        return f"{time(key)} ({times:.2f})" if times else time(key)

    own, best = median(row, keys[0]), best_peer(row, keys)
    return _line(
        [
            row["case"].name,
            time(keys[0]),
            microseconds(row["limit"]),
            f"{row['limit'] / own:.0%}" if own else "–",
            *map(time_and_ratio, keys[1:]),
            f"{best[0]:.2f} {best[1]}" if best else "–",
        ]
    )


def means(rows, keys):
    """The last line of a table: geometric means of the ratios."""

    def mean(ratios):
        found = [value for value in ratios if value]
        return f"{statistics.geometric_mean(found):.2f}" if found else "–"

    others = [mean(ratio(row, key, keys[0]) for row in rows) for key in keys[1:]]
    best = mean((best_peer(row, keys) or [None])[0] for row in rows)
    return _line(["geometric mean", "", "", "", *others, best])


def settings(rows, keys):
    """For each cell and pass, the versions that ran, and the settings that each of them was fastest with; and why
    others did not take part."""
    kinds = {}
    for row in rows:
        kinds.setdefault((row["case"].cell, row["case"].pass_name), []).append(row)
    for kind, rows_of_kind in kinds.items():
        yield f"\n{', '.join(TITLES[word] for word in kind)}:\n"
        for key in keys:
            results = [row["results"][key] for row in rows_of_kind]
            line = "; ".join([*_ready(results), *_absent(results)])
            if line:
                yield f"- {CONTESTANTS[key].name} {line}"


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


def _missing(row, key):
    return "failed" if "failure" in row["results"][key] else "–"


def _line(cells):
    return f"| {' | '.join(cells)} |"
