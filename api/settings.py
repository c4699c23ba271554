"""What the environment decides about the API; read once, when an application is made."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError
from model.registry import ARTIFACTS

SECONDS_FOR_A_REQUEST = 30
DELIVERABLES = Path(__file__).parents[1] / "deliverables"

_ON = {"on", "1", "yes", "true"}
_OFF = {"off", "0", "no", "false"}


class SettingError(ModelError):
    """An environment variable holds something that it cannot mean."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """How the API answers; every field has an environment variable, listed by `python -m api --help`.

    `origins` are those of browsers that may read replies, `key` is what callers must send, if
    anything; `stale_days` is the age of the last training day that is warned of, 0 for never.
    """

    registry: Path = ARTIFACTS
    deliverables: Path = DELIVERABLES
    fast_path: bool = True
    safe_errors: bool = False
    key: str = ""
    origins: tuple[str, ...] = ()
    access_log: bool = False
    log_values: bool = False
    stale_days: int = 365
    batch_rows: int = 1_000_000
    batch_bytes: int = 256 * 1024 * 1024
    request_seconds: int = SECONDS_FOR_A_REQUEST
    counters: Path | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> "ApiSettings":
        """Read the settings.

        Raises
        ------
        SettingError
            A variable holds something that it cannot mean.
        """
        read = _Reader(variables)
        return cls(
            registry=Path(variables.get("MODEL_REGISTRY") or ARTIFACTS),
            deliverables=Path(variables.get("API_DELIVERABLES") or DELIVERABLES),
            fast_path=read.switch("API_FAST_PATH", default=True),
            safe_errors=read.choice("API_ERRORS", {"full": False, "safe": True}, default="full"),
            key=read.key(),
            origins=read.origins(),
            access_log=read.switch("API_ACCESS_LOG", default=False),
            log_values=read.switch("API_LOG_VALUES", default=False),
            stale_days=read.whole("API_STALE_DAYS", cls.stale_days, low=0),
            batch_rows=read.whole("API_BATCH_ROWS", cls.batch_rows, low=1),
            batch_bytes=read.whole("API_BATCH_BYTES", cls.batch_bytes, low=1),
            request_seconds=read.whole("API_TIMEOUT", cls.request_seconds, low=1),
            counters=Path(variables["API_COUNTERS"]) if variables.get("API_COUNTERS") else None,
        )


class _Reader:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def _text(self, name: str) -> str:
        return self._variables.get(name, "").strip()

    def switch(self, name: str, *, default: bool) -> bool:
        return self.choice(name, dict.fromkeys(_ON, True) | dict.fromkeys(_OFF, False), "on" if default else "off")

    def choice(self, name: str, meanings: Mapping[str, bool], default: str) -> bool:
        text = (self._text(name) or default).lower()
        if text not in meanings:
            expected = "on or off" if "on" in meanings else " or ".join(meanings)
            self._refuse(name, text, expected)
        return meanings[text]

    def whole(self, name: str, default: int, *, low: int) -> int:
        text = self._text(name) or str(default)
        if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) >= low):
            self._refuse(name, text, f"a whole number of at least {low}")
        return int(text)

    def key(self) -> str:
        key = self._variables.get("API_KEY", "")
        # What cannot stand in a header could never be sent.
        if not (key.isascii() and key.isprintable()) or key != key.strip():
            msg = "API_KEY holds characters that no header carries; use letters, digits and punctuation of ASCII."
            raise SettingError(msg)
        return key

    def origins(self) -> tuple[str, ...]:
        named = tuple(part.strip().rstrip("/") for part in self._text("API_ORIGINS").split(",") if part.strip())
        for origin in named:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                self._refuse("API_ORIGINS", origin, "origins such as https://example.org, separated by commas, or *")
        return named

    def _refuse(self, name: str, found: str, expected: str) -> None:
        msg = f"{name} is {found!r}; expected {expected}. Change it, or leave it out."
        raise SettingError(msg)
