"""``python -m tools.mail_clients FILE VERSION``: what mail clients support, from Can I email's data, as a small file.

FILE is Can I email's published data (https://www.caniemail.com/api/data.json, also in the npm package ``caniemail``),
VERSION says where this copy of it came from. Facts are kept, texts are not: for each feature one letter per client
(``y`` supported, ``a`` partly, ``n`` not, ``u`` unknown, ``-`` not tested), of the newest version that was tested.
Not here: which features a message uses (``stagemail.review``).
"""

import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "controller" / "stagemail" / "review" / "clients.json"
PLATFORMS = {
    "desktop-webmail": "webmail", "mobile-webmail": "mobile webmail", "ios": "iOS", "android": "Android",
    "windows": "Windows", "macos": "macOS", "windows-mail": "Windows Mail", "outlook-com": "Outlook.com",
}  # fmt: skip
LEAST_TESTED = 200
"""Clients that were tested for fewer features say nothing about the rest and are left out."""


def main(arguments: list[str]) -> int:
    """Write the file. 2 where the command line is wrong."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m tools.mail_clients FILE VERSION\n")
        return 2
    OUT.write_text(compact(json.loads(Path(arguments[0]).read_text(encoding="utf-8")), arguments[1]), encoding="utf-8")
    sys.stdout.write(f"wrote {OUT.name}: {OUT.stat().st_size} bytes\n")
    return 0


def compact(data: Any, version: str) -> str:
    """The data as our file: sorted, one feature a line."""
    tested: dict[tuple[str, str], int] = {}
    for feature in data["data"]:
        for family, platforms in feature["stats"].items():
            for platform in platforms:
                tested[family, platform] = tested.get((family, platform), 0) + 1
    clients = sorted(client for client, count in tested.items() if count >= LEAST_TESTED)
    head = {
        "source": "https://www.caniemail.com/",
        "version": version,
        "date": data["last_update_date"][:10],
        "licence": "MIT, Copyright (c) 2019 HTeuMeuLeu (https://github.com/hteumeuleu/caniemail/blob/main/LICENSE)",
        "made-by": "python -m tools.mail_clients",
        "clients": [_name(data["nicenames"]["family"][family], platform) for family, platform in clients],
    }
    rows = [
        f"  {json.dumps(one['slug'])}: {json.dumps(_row(one, clients))}"
        for one in sorted(data["data"], key=lambda one: str(one["slug"]))
        if one["category"] != "others"
    ]
    return json.dumps(head, indent=1)[:-2] + ',\n "features": {\n' + ",\n".join(rows) + "\n }\n}\n"


def _name(family: str, platform: str) -> str:
    return "Outlook.com" if platform == "outlook-com" else f"{family} ({PLATFORMS[platform]})"


def _row(feature: Any, clients: list[tuple[str, str]]) -> list[str]:
    return [feature["title"].strip(), feature["last_test_date"], _letters(feature, clients)]


def _letters(feature: Any, clients: list[tuple[str, str]]) -> str:
    return "".join(_newest(feature["stats"].get(family, {}).get(platform, {})) for family, platform in clients)


def _newest(versions: dict[str, str]) -> str:
    """The letter of the newest version: Can I email lists versions from old to new."""
    return list(versions.values())[-1][0] if versions else "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
