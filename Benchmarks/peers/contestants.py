"""Who takes part: each runner is registered by a file NAME.toml beside it, whose keys README.md explains."""

import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path

import cases

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
RUNNERS = HERE / "runners"
# In an environment that somebody else has made nothing is installed.
MAY_INSTALL = "RECURRENT_PEERS_VENV" not in os.environ


@dataclass(frozen=True)
class Contestant:
    """A library and its runner."""

    name: str
    command: tuple
    packages: tuple = ()
    isolated: bool = False
    build: tuple = ()
    environment: tuple = ()
    passes: tuple = ("forward", "training")
    weights: tuple = ("float",)
    peer: bool = True
    default: bool = True
    prefix: Path = Path(sys.prefix)

    def takes(self, pass_name, weights):
        """Whether it has a column in the tables of a pass with such weights."""
        return pass_name in self.passes and weights in self.weights

    def missing(self):
        """The packages that are not installed, or not in the version that is asked for."""
        folder = sysconfig.get_path("purelib", vars={"base": str(self.prefix)})
        found = {}
        for distribution in importlib.metadata.distributions(path=[folder]):
            found[distribution.name.lower().replace("_", "-")] = distribution.version
        wanted = (package.split("==") for package in self.packages)
        return [
            f"{name}=={version}"
            for name, version in wanted
            if name not in found or MAY_INSTALL and found[name] != version
        ]

    def prepare(self):
        """Installs and builds what it needs; returns why it cannot be had, or None."""
        if (missing := self.missing()) and not MAY_INSTALL:
            return f"not installed: {', '.join(missing)}"
        if missing:
            place = ["--prefix", self.prefix, "--ignore-installed"] if self.isolated else []
            constraint = ["--constraint", HERE / "requirements.txt"]
            if wrong := _run([sys.executable, "-m", "pip", "install", "--quiet", *place, *constraint, *missing]):
                return f"cannot be installed: {wrong}"
        if self.build:
            WORK.mkdir(exist_ok=True)
            if wrong := _run(self.build):
                return f"cannot be built: {wrong}"
        if not shutil.which(self.command[0]):
            return f"no executable {self.command[0]}"
        return None


def read(path):
    """The contestant that a file registers."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    prefix = WORK / path.stem if table.get("isolated") else Path(sys.prefix)
    places = {
        "python": sys.executable,
        "compiler": os.environ.get("CXX", "g++"),
        "here": path.parent.resolve(),
        "work": WORK,
        "prefix": prefix,
    }

    def filled(value):
        return value.format_map(places) if isinstance(value, str) else value

    values = {key: tuple(map(filled, value)) if isinstance(value, list) else value for key, value in table.items()}
    environment = tuple((name, filled(value)) for name, value in table.get("environment", {}).items())
    try:
        return Contestant(**values | {"prefix": prefix, "environment": environment})
    except TypeError as error:
        raise ValueError(f"{path}: expected the keys that README.md explains: {error}") from error


def registered():
    """All contestants by their files' names: Recurrent first, then the others in alphabetical order."""
    found = {path.stem: read(path) for path in RUNNERS.glob("*.toml")}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].peer, pair[0])))


def named(text, known):
    """The contestants of a list of names and of files that register others, by names."""
    found = {}
    for word in text.split(","):
        if word in known:
            found[word] = known[word]
        elif word.endswith(".toml"):
            found[Path(word).stem] = read(Path(word))
        else:
            raise ValueError(f"expected files .toml or some of {', '.join(known)}, got {word}")
    return found


def given(text):
    """The contestant of NAME=COMMAND."""
    name, _, command = text.partition("=")
    if not name or not command:
        raise ValueError(f"expected NAME=COMMAND, got {text}")
    return {name: Contestant(name, tuple(shlex.split(command)), passes=cases.PASSES, weights=cases.WEIGHTS)}


def _run(command):
    """Runs a command; returns the end of what it complains about if it fails."""
    try:
        result = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        return str(error)
    return f"{command[0]}: {result.stderr.strip()[-500:]}" if result.returncode else None
