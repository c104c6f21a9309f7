"""The machine's name, for a title and for a file."""

import re
from pathlib import Path


def name():
    """The processor's name, with its microarchitecture where the name does not tell."""
    fields = dict(re.findall(r"^([^\t\n]+?)\t*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    title = re.sub(r"\((R|TM)\)| CPU| Processor| @.*", "", fields.get("model name", "unknown processor"))
    if fields.get("vendor_id") == "AuthenticAMD":
        title += _zen(int(fields["cpu family"]), int(fields["model"]))
    return title


def slug(title):
    """The name as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower().replace("zen ", "zen")).strip("-")


def _zen(family, model):
    """AMD's generation; virtual machines hide the rest of the name."""
    if family == 23:
        return " (Zen 2)" if model >= 0x30 else " (Zen)"
    if family == 25:
        return " (Zen 4)" if model in {*range(0x10, 0x20), *range(0x60, 0x80), *range(0xA0, 0xB0)} else " (Zen 3)"
    return " (Zen 5)" if family == 26 else ""
