"""Who may change things, and under which name the history has them. Reading is open to all.

What is set up decides, in this order: an account (`[auth]` in .streamlit/secrets.toml), a key (DASHBOARD_KEY),
or else being at the very machine the dashboard runs on.
"""

import hmac
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from html import escape
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitAuthError

from dashboard.sentences import plain
from model.errors import ModelError
from training.places import account

NAME, MESSAGE = "signed_in_as", "access_message"
LONGEST_NAME = 80
LONGEST_WAIT_SECONDS = 60.0
MOST_ADDRESSES = 10_000
# Keys that are typed in many sessions at once are looked at one after the other.
_ONE_AT_A_TIME = threading.Lock()
# A request that carries one of these came through a proxy: whose address it shows is the proxy's word.
FORWARDING = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a session comes from, as far as the server can tell; no address is given where there is no socket."""

    address: str | None
    headers: Mapping[str, str]

    @property
    def distance(self) -> str | None:
        """Say what speaks against sitting at this machine; None if nothing does."""
        if not _is_loopback(self.address or ""):
            return f"you come from {self.address}" if self.address else "it is not known where you come from"
        for name in self.headers:
            if name.lower().startswith("x-forwarded") or name.lower() in FORWARDING:
                return f"you come through a proxy ({name})"
        # A page of another site, or a name somebody made point here, may speak through a browser of this machine.
        named = [("Host", f"//{self.headers.get('Host', '')}"), ("Origin", self.headers.get("Origin", "//localhost"))]
        for name, url in named:
            host = _host_of(url)
            if not (host == "localhost" or _is_loopback(host)):
                return f"you reached it as “{host or 'nothing'}” ({name})"
        return None


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def visitor() -> Visitor:
    """Where this session comes from."""
    address = st.context.ip_address
    # Streamlit gives no address for loopback, but neither for a Unix socket or its agent interface.
    no_socket = st.get_option("server.enableAgentApi") or str(st.get_option("server.address")).startswith("unix:")
    if address is None and not no_socket:
        address = "127.0.0.1"
    return Visitor(address, st.context.headers)


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong keys in a row, and when (on the clock of `time.monotonic`) the next one is looked at."""

    wrong: int = 0
    next_at: float = 0.0

    def after_a_wrong_one(self, now: float) -> "Tries":
        """Return these tries and one more: each wait is twice the one before, up to a minute.

        >>> Tries(wrong=2).after_a_wrong_one(now=10.0)
        Tries(wrong=3, next_at=14.0)
        """
        return Tries(self.wrong + 1, now + min(2.0**self.wrong, LONGEST_WAIT_SECONDS))


@st.cache_resource(show_spinner=False)
def _tries() -> dict[str, Tries]:
    """The tries by address: a session of its own for each would not slow anybody down."""
    return {}


def signed_in() -> str | None:
    """The name under which this session may change things; None where it may not. Ask at the moment of acting."""
    if (logged_in := st.user.get("is_logged_in")) is not None:
        return _account_name() if logged_in else None
    if _key():
        name: str | None = st.session_state.get(NAME)
        return name
    return account() if visitor().distance is None else None


def _account_name() -> str:
    claims = (st.user.get(claim) for claim in ("email", "preferred_username", "name", "sub"))
    return _one_line(next((str(claim) for claim in claims if claim), "unknown account"))


def _key() -> str:
    return os.environ.get("DASHBOARD_KEY", "")


def _one_line(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]


def only_if_signed_in(change: Callable[..., object]) -> Callable[..., None]:
    """Return *change* as a callback that asks once more whether this session may; it is told who, as `by`."""

    @wraps(change)
    def act(*args: object) -> None:
        if (by := signed_in()) is None:
            st.session_state[MESSAGE] = "Nothing was changed: sign in first."
            return
        try:
            change(*args, by=by)
        except (ModelError, OSError) as error:
            st.session_state[MESSAGE] = plain(str(error))

    return act


def ask() -> None:
    """Say what it takes to change things from here, and let it be done."""
    with st.container(border=True, key="access"):
        if st.user.get("is_logged_in") is not None:
            _ask_for_account()
        elif _key():
            _ask_for_key()
        else:
            _refuse()
        _say_what_came_of_it()


def _say_what_came_of_it() -> None:
    if message := st.session_state.pop(MESSAGE, None):
        st.warning(message, icon=":material/lock:")


def _ask_for_account() -> None:
    st.markdown("**Sign in to change things.** What you change is recorded under your account; reading needs none.")
    with st.container(horizontal=True):
        for provider in _providers():
            label = f"Sign in with {provider}" if provider else "Sign in"
            if st.button(label, key=f"login_{provider or 'default'}", type="primary", icon=":material/login:"):
                try:
                    st.login(provider)
                except StreamlitAuthError as error:
                    st.error(
                        f"**Signing in is not set up completely.** {plain(str(error))} See `[auth]` in"
                        " .streamlit/secrets.toml.",
                        icon=":material/error:",
                    )


def _providers() -> list[str | None]:
    """The named providers there are; None stands for the one without a name."""
    section = st.secrets.get("auth", {})
    named = [str(name) for name, value in section.items() if isinstance(value, Mapping) and name != "client_kwargs"]
    return [*([None] if "client_id" in section or not named else []), *named]


def _ask_for_key() -> None:
    st.markdown("**Changing things takes the key** this dashboard was started with (DASHBOARD_KEY); reading does not.")
    with st.form("access_form", border=False):
        name, key, button = st.columns([2, 2, 1], vertical_alignment="bottom")
        name.text_input("Your name, for the history", key="access_name", max_chars=LONGEST_NAME, autocomplete="name")
        key.text_input("Key", key="access_key", type="password", autocomplete="current-password")
        button.form_submit_button("Sign in", key="access_sign_in", on_click=_try_key, width="stretch")


def _try_key() -> None:
    """Look at the key typed, unless wrong ones came just before."""
    name, typed = _one_line(st.session_state.get("access_name", "")), st.session_state.get("access_key", "")
    st.session_state["access_key"] = ""
    if not name:
        st.session_state[MESSAGE] = "Give your name as well: it goes into the history."
        return
    with _ONE_AT_A_TIME:
        problem = _problem_with(typed, _tries(), visitor().address or "", time.monotonic())
    if problem:
        st.session_state[MESSAGE] = problem
    else:
        st.session_state[NAME] = name


def _problem_with(typed: str, tries: dict[str, Tries], address: str, now: float) -> str | None:
    """Say what is wrong with the key typed at *address*, or None; a wrong one is added to *tries*."""
    before = tries.get(address, Tries())
    if now < before.next_at:
        return f"The last key was wrong. Wait {math.ceil(before.next_at - now)} s, then try again."
    if hmac.compare_digest(typed.encode(), _key().encode()):
        tries.pop(address, None)
        return None
    if len(tries) >= MOST_ADDRESSES:
        tries.clear()
    tries[address] = before.after_a_wrong_one(now)
    return "That is not the key. It is the one DASHBOARD_KEY was set to when this dashboard was started."


def _refuse() -> None:
    st.info(
        f"**From here this page can be read, not used to change anything:** {plain(visitor().distance or '')}, and only"
        " somebody at the machine the dashboard runs on may change things. To change that, open it on that machine"
        " by http://127.0.0.1, or start it with the environment variable DASHBOARD_KEY set to a long random key.",
        icon=":material/lock:",
    )


def sign_out() -> None:
    """Forget who is signed in."""
    st.session_state.pop(NAME, None)
    if st.user.get("is_logged_in"):
        st.logout()


def say_who(by: str) -> None:
    """Say under which name changes are recorded, and offer to sign out of what was signed in to."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="muted">What you change is recorded under the name {escape(by)}.</div>', width="content")
        if _key() or st.user.get("is_logged_in"):
            st.button("Sign out", key="sign_out", type="tertiary", on_click=sign_out)
    _say_what_came_of_it()
