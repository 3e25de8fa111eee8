"""Draw docs/images/command-center.png from the demo company as it is served, with a row at hand.

    python -m scripts.draw_picture

It needs Chromium, like the tests in a browser, and what they serve the demo with.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from base64 import b64decode, b64encode
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from scripts import front_packages
from tests.browser.serving import load_demo, serving
from tests.programs import chromium

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "command-center.png"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH, HEIGHT = 1440, 760
# The 256 commonest colours, and for every pixel the nearest of them: a page has few, so a third of the bytes is enough.
FEW_COLOURS = """async (shot) => {
  const image = Object.assign(new Image(), { src: `data:image/png;base64,${shot}` });
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const seen = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  const kept = [...seen].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([colour]) => colour);
  const part = (colour, by) => (colour >> by) & 255;
  const far = (one, other) => [16, 8, 0].reduce((sum, by) => sum + (part(one, by) - part(other, by)) ** 2, 0);
  const nearest = new Map([...seen.keys()].map((colour) => [colour, kept.reduce(
    (best, one, at) => (far(one, colour) < far(kept[best], colour) ? at : best), 0)]));
  let places = "";
  for (let at = 0; at < data.length; at += 4)
    places += String.fromCharCode(nearest.get((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]));
  return [kept, btoa(places)];
}"""


def main() -> int:
    if front_packages.main():
        return 1
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with serving(load_demo(folder / "demo"), folder / "served") as link:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            PICTURE.write_bytes(_small(browser, _shot(browser, link)))
            browser.close()
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")
    return 0


def _shot(browser: Browser, link: str) -> bytes:
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
    )
    page.goto(link)
    page.goto(f"{link.partition('/sign-in')[0]}/tasks")
    page.locator("li.task").first.wait_for()
    page.keyboard.press("j")
    return page.screenshot()


def _small(browser: Browser, shot: bytes) -> bytes:
    """The same picture with a palette."""
    colours, places = browser.new_page().evaluate(FEW_COLOURS, b64encode(shot).decode())
    rows = b64decode(places)
    lines = b"".join(b"\0" + rows[at : at + WIDTH] for at in range(0, len(rows), WIDTH))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    palette = b"".join(colour.to_bytes(3, "big") for colour in colours)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    sys.exit(main())
