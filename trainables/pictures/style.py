"""What all pictures share: colours, sizes, and how a figure becomes a PNG.

Colours are Okabe and Ito's, told apart under every common colour blindness (Okabe & Ito 2008,
"Color Universal Design"). Lines differ in their markers too, so that a print in grey reads well.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
GREY = "#6E6E6E"
PALE = "#D9D9D9"


def new_figure(width: float, height: float, title: str, *, figures: str = "") -> Figure:
    """An empty figure of `width` x `height` inches under a title, drawn by Agg.

    Args:
        figures: a second line of the title.
    """
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
    FigureCanvasAgg(figure)
    text = f"{title}\n{figures}" if figures else title
    longest = max(len(line) for line in text.splitlines())
    # A bold letter is about 0.66 of the font size wide; 72 points are an inch.
    size = min(15.0, 72 * (width - 0.4) / (0.66 * longest))
    figure.suptitle(shown(text), fontsize=size, fontweight="bold", ha="left", x=0.01)
    return figure


def png(figure: Figure, *, dpi: int = 110) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def tidy(axes: Axes, title: str, *, x: str = "", y: str = "") -> None:
    """Title to the left, axis labels, a light grid, no box."""
    axes.set_title(shown(title), fontsize=11, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def say_nothing_here(axes: Axes, title: str, why: str) -> None:
    """An empty panel that says why it is empty."""
    axes.set_title(shown(title), fontsize=11, loc="left")
    axes.axis("off")
    axes.text(0.5, 0.5, why, ha="center", va="center", color=GREY, transform=axes.transAxes)


def shown(text: str) -> str:
    """`text` as it is: a dollar sign in a class's or file's name starts no formula."""
    return text.replace("$", r"\$")


def finite(values: Iterable[float | None]) -> list[float]:
    """`values` with NaN for None and for what is not finite, which Matplotlib leaves out."""
    return [math.nan if v is None or not math.isfinite(v) else float(v) for v in values]
