"""Where a setting comes from: an argument, the environment, `.env`, or nowhere, and then its default holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from kosmos_graph.settings import OTHER_NAMES, Settings


class Origins:
    """Tells where settings come from. `arguments` names the fields that were given as arguments.

    A value that neither variable nor default explains was given by a caller, and counts as an argument too.
    """

    def __init__(self, settings: Settings, arguments: Collection[str] = ()) -> None:
        self._settings = settings
        self._arguments = arguments
        self._levels = {"the environment": _variables(EnvSettingsSource), ".env": _variables(DotEnvSettingsSource)}

    def of(self, name: str) -> str | None:
        """Where the setting or provider's variable of this name (in lower case) comes from; None when it has its default."""
        value = self._value(name)
        if value is None or (name in Settings.model_fields and value == _plain(Settings.model_fields[name].default)):
            return "an argument" if name in self._arguments else None
        if name in self._arguments:
            return "an argument"
        for place, variables in self._levels.items():
            known = next((known for known in (name, *OTHER_NAMES.get(name, ())) if variables.get(known)), None)
            if known is not None:
                return f"{known.upper()} in {place}" if _same(value, variables[known]) else "an argument"
        return "an argument"

    def _value(self, name: str) -> str | None:
        given = getattr(self._settings, name, None) if name in Settings.model_fields else None
        return _plain(self._settings.other_variables.get(name.upper()) if given is None else given)


def _variables(source: type[EnvSettingsSource] | type[DotEnvSettingsSource]) -> Mapping[str, str]:
    """Variables that are not empty, by their names in lower case; none where the file cannot be read."""
    try:
        found = source(Settings).env_vars
    except (OSError, UnicodeDecodeError):
        return {}
    return {name.lower(): value.strip() for name, value in found.items() if value and value.strip()}


def _plain(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return None if value is None else str(value)


def _same(value: str, text: str) -> bool:
    """Whether a variable's text is the value in force, which for a folder may have become absolute."""
    return value in (text, str(Path(text).expanduser().absolute()))
