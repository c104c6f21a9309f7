"""The plot: time per step against hidden size, one panel for each batch size, the processor's limit drawn in."""

# Okabe and Ito's colours, which the colour-blind tell apart, and a marker for each contestant beside; where there are
# more of them, colours come again with other markers.
COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = "os^DvpX<>*h"
LEAST_SIZES = 3


def panels(rows, cell):
    """For each batch size of enough forward passes of a cell on one thread with I = H: the rows, by hidden size."""
    found = {}
    for row in rows:
        case = row["case"]
        shown = row["threads"] == 1 and (case.cell, case.pass_name, case.weights) == (cell, "forward", "float")
        if shown and case.input_size == case.hidden_size:
            found.setdefault(case.rows, {})[case.hidden_size] = row
    return {
        batch: [by_size[size] for size in sorted(by_size)]
        for batch, by_size in sorted(found.items())
        if len(by_size) >= LEAST_SIZES
    }


def draw(rows, cell, contestants, title, paths):
    """Draws a cell's rows to files, if there are enough of them; returns whether there were."""
    batches = panels(rows, cell)
    if not batches:
        return False
    # It takes a second to load, and the tests of the harness do without it.
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "peers"
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(
        1, len(batches), figsize=(0.5 + 3.8 * len(batches), 5.6), squeeze=False, layout="constrained"
    )
    for axis, (batch, chosen) in zip(axes[0], batches.items()):
        sizes = [row["case"].hidden_size for row in chosen]
        limit = [1e6 * row["limit"] / row["case"].steps for row in chosen]
        axis.fill_between(sizes, limit, 1e-9, color="0.88", linewidth=0)
        axis.plot(sizes, limit, color="0.35", linewidth=1.2, linestyle="--", label="limit of the processor")
        # Recurrent last, on top.
        for index, key in reversed(list(enumerate(contestants))):
            own = index == 0
            points = [
                (row["case"].hidden_size, 1e6 * row["results"][key]["median"] / row["case"].steps)
                for row in chosen
                if "median" in row["results"].get(key, {})
            ]
            if not points:
                continue
            axis.plot(
                *zip(*points),
                color=COLORS[index % len(COLORS)],
                marker=MARKERS[index % len(MARKERS)],
                markersize=5.5 if own else 4.5,
                linewidth=2.4 if own else 1.3,
                label=contestants[key].name,
            )
        axis.set(xscale="log", yscale="log", title=f"batch {batch}", xlabel="hidden size = input size")
        axis.set_xticks(sizes, [str(size) for size in sizes], rotation=45)
        axis.set_ylim(bottom=min(limit) / 1.5)
        axis.yaxis.set_major_locator(ticker.LogLocator(numticks=20))
        axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.minorticks_off()
        axis.grid(which="major", color="0.9", linewidth=0.7)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("time per step, µs")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(title)
    for path in paths:
        figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
    return True
