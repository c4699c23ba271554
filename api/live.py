"""What is being served now, and the watch over what should be.

A promotion replaces `current.json` in the registry. The watch of every worker sees that within a
fraction of a second, opens the new version with all its checks, and puts it in the place of the
old one between two requests: whoever asked before is answered by the old one, whole.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from api import payloads
from api.row_decoder import decoder_of
from api.row_features import features_of
from model.bundle import Bundle
from model.errors import ModelError, NoBundleError
from model.registry import Registry

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS = 0.25
# A version that failed its checks may be mended in place; looking at it again costs more than a glance.
SECONDS_BETWEEN_RETRIES = 5.0

_log = logging.getLogger(__name__)


class Served:
    """One version and what is prepared from it; a request uses one of these from beginning to end."""

    def __init__(self, bundle: Bundle, *, stale_days: int = 0, safe: bool = False) -> None:
        self.bundle = bundle
        self.safe = safe
        self._made: dict[Callable[[Bundle], Any], Any] = {}
        self.features = features_of(bundle)
        self.decode = decoder_of(self.features)
        self._stale_at = _stale_at(bundle.manifest.trained_on.last_day, stale_days)
        self._stale = (
            f"The model knows nothing after {bundle.manifest.trained_on.last_day}, its last day of training data,"
            f" which is more than {stale_days} days ago: retrain it, or judge for yourself whether it still applies.",
        )

    @property
    def notes(self) -> Sequence[str]:
        """What is to be said with every answer of this version."""
        return self._stale if time.time() > self._stale_at else ()

    def predict(self, row: Sequence[float]) -> dict[str, Any]:
        """Return the reply for one row, without names and ranges of features where that is asked for."""
        return payloads.predict(self.bundle, row, notes=self.notes, safe=self.safe)

    def once(self, make: Callable[[Bundle], T]) -> T:
        """Return what *make* makes of the bundle: when it is first asked for, and the same ever after."""
        if make not in self._made:
            self._made[make] = make(self.bundle)
        return cast("T", self._made[make])


class ServedWithGaps(Served):
    """A version whose pipeline fills in what rows lack, which stands in them as NaN."""

    def predict(self, row: Sequence[float]) -> dict[str, Any]:
        """Return the reply for one row; it says what was filled in."""
        return payloads.predict_with_gaps(self.bundle, row, notes=self.notes, safe=self.safe)


def prepared(bundle: Bundle, *, stale_days: int = 0, safe: bool = False) -> Served:
    """Return *bundle* as it is served."""
    kind = Served if bundle.filling is None else ServedWithGaps
    return kind(bundle, stale_days=stale_days, safe=safe)


def _stale_at(last_day: str, stale_days: int) -> float:
    """Return the moment, in seconds since 1970, from which data up to *last_day* are old."""
    if not stale_days:
        return float("inf")
    try:
        day = datetime.combine(date.fromisoformat(last_day), datetime.min.time(), UTC)
        return (day + timedelta(days=stale_days + 1)).timestamp()
    except (ValueError, OverflowError):
        # A table without days has no last one; and some ages are never reached.
        return float("inf")


class Live:
    """The version in service.

    Parameters
    ----------
    registry
        Whose current version is served.
    stale_days
        After how many days without new training data every answer says so; 0 for never.
    safe
        Leave the names and ranges of features out of warnings.
    """

    def __init__(self, registry: Registry, *, stale_days: int = 0, safe: bool = False) -> None:
        self._registry = registry
        self._prepare = functools.partial(prepared, stale_days=stale_days, safe=safe)
        # Unlike anything a registry shows.
        self._seen: object = self
        self._retry_at = 0.0
        self._turn = threading.Lock()
        self.served: Served | None = None
        self.trouble: str | None = None

    @classmethod
    def of(cls, bundle: Bundle, *, stale_days: int = 0, safe: bool = False) -> "Live":
        """Serve *bundle*, and nothing else ever."""
        live = cls(Registry(bundle.directory.parent), stale_days=stale_days, safe=safe)
        live.served = live._prepare(bundle)
        return live

    def watch(self) -> None:
        """Look for a new version from now on, in a thread that ends with the process."""
        threading.Thread(target=self._look_forever, name="watch for new versions", daemon=True).start()

    def look(self) -> None:
        """Take up the current version if it is another than the one in service."""
        with self._turn:
            seen = self._registry.fingerprint()
            if seen == self._seen and not (self.trouble and time.monotonic() >= self._retry_at):
                return
            try:
                self._take_up()
            except ModelError as error:
                self._complain(error, str(error))
            except Exception as error:  # whatever it is: the version in service stays, and /health says why
                self._complain(error, f"The version in use cannot be served ({type(error).__name__}: {error}).")
            self._seen = seen

    def _take_up(self) -> None:
        current = self._registry.current()
        before = self.served
        if before is None or current is None or current.version != before.bundle.version:
            bundle = self._registry.load()
            self.served = self._prepare(bundle)
            if before is not None:
                _log.warning("Version %s is now served, after %s.", bundle.version, before.bundle.version)
        self.trouble = None

    def _complain(self, error: Exception, text: str) -> None:
        self._retry_at = time.monotonic() + SECONDS_BETWEEN_RETRIES
        if text == self.trouble:
            return
        self.trouble = text
        # Where it comes from is of use only where nobody foresaw it.
        origin = None if isinstance(error, ModelError) else error
        if self.served is not None:
            kept = self.served.bundle.version
            _log.error("The current version is not taken up, %s stays: %s", kept, text, exc_info=origin)
        elif not isinstance(error, NoBundleError):
            _log.error("Nothing is served: %s", text, exc_info=origin)

    def _look_forever(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                self.look()
            except Exception:  # not even the folder could be looked at: this thread must live for the next look
                _log.exception("Looking for a new version failed; the one in service stays.")
