"""What is kept of a comparison: a table in Markdown, and everything in JSON."""

import math

import contestants

TITLES = {"rnn": "", "forward": "Forward", 1: "one thread", 2: "two threads"}


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def microseconds(seconds):
    """Three digits, as many as a run on a shared machine can promise."""
    value = seconds * 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows, keys):
    """The rows of one cell, pass and number of threads: median µs, and in brackets how many times Recurrent's."""
    peers = [key for key in keys if key != keys[0]]
    names = [contestants.CONTESTANTS[key].name for key in keys]
    lines = [["T, B, I, H", names[0], "limit", "of limit", *names[1:], f"best peer / {names[0]}"]]
    ratios = {key: [] for key in peers}
    best_ratios = []
    for row in rows:
        case, results, limit = row["case"], row["results"], row["limit"]
        own = results.get(keys[0], {}).get("median")
        line = [case.name, microseconds(own) if own else "failed", microseconds(limit)]
        line.append(f"{limit / own:.0%}" if own else "–")
        best = None
        for key in peers:
            result = results.get(key, {})
            median = result.get("median")
            if not median or not own:
                line.append("failed" if "failure" in result else microseconds(median) if median else "–")
                continue
            ratios[key].append(median / own)
            line.append(f"{microseconds(median)} ({median / own:.2f})")
            best = min(best or (math.inf, None), (median / own, contestants.CONTESTANTS[key].name))
        if best:
            best_ratios.append(best[0])
        line.append(f"{best[0]:.2f} {best[1]}" if best else "–")
        lines.append(line)
    if best_ratios:
        means = [f"({geometric_mean(ratios[key]):.2f})" if ratios[key] else "–" for key in peers]
        lines.append(["geometric mean", "", "", "", *means, f"{geometric_mean(best_ratios):.2f}"])
    lines.insert(1, ["---"] + ["---:"] * (len(lines[0]) - 1))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
