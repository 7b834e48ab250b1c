"""Settings of pytest in this folder, as the suite will be judged with them."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["SUITE", "setting", "suite_folder"]

SUITE = "the project's lrn_claims, else claims"
"""Where commands look for the suite, for their help."""

_INI_SECTIONS = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "pyproject.toml": None,
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""Files with pytest's settings, in the order in which pytest looks for them, and the section of those in INI format."""


def suite_folder() -> str:
    """Returns the folder of this project's claims."""
    folder: str = setting("lrn_claims", str, "claims")
    return folder


def setting(name: str, parse: Callable[[str], Any], default: Any) -> Any:
    """Returns a setting.

    Args:
        name: such as "lrn_alpha".
        parse: makes a value of its text.
        default: for no such setting.

    Raises:
        ValueError: the file, or the setting, cannot be read.
    """
    for file, section in _INI_SECTIONS.items():
        path = Path(file)
        if not path.is_file():
            continue
        try:
            settings = _toml_settings(path) if section is None else _ini_settings(path, section)
            if settings is None:
                continue
            text = str(settings.get(name, "")).strip()
            return parse(text) if text else default
        except (ValueError, AttributeError, configparser.Error) as error:
            raise ValueError(f"{name} in {path} must be a number that pytest can read, but: {error}") from None
    return default


def _toml_settings(path: Path) -> Mapping[str, Any] | None:
    """What pyproject.toml sets for pytest; None where it sets nothing."""
    settings: Mapping[str, Any] | None = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("pytest")
    return None if settings is None else settings.get("ini_options", settings)


def _ini_settings(path: Path, section: str) -> Mapping[str, str] | None:
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser[section] if parser.has_section(section) else None
