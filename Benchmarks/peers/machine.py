"""The machine's name, for a title and for a folder of Results."""

import subprocess

import contestants

_SCRIPT = contestants.HERE.parent / "processor.sh"


def name():
    """The processor's name, with its microarchitecture where that is known."""
    return _output()


def folder(title):
    """The folder of Results that belongs to a name."""
    return _output("--folder", title)


def _output(*arguments):
    return subprocess.run([_SCRIPT, *arguments], check=True, capture_output=True, text=True).stdout.strip()
