"""The settings of the incident app: what can be set, how values are written, where they are read from."""

from app.config.environment import SettingsError, load
from app.config.settings import PREFIX, Settings

__all__ = ["PREFIX", "Settings", "SettingsError", "load"]
