"""`python -m dashboard`: serve the dashboard on 127.0.0.1:8501, or where the options say."""

import argparse
import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENTRY = ROOT / "dashboard" / "streamlit_app.py"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", "8501"


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM and return the exit status."""
    options = _parser().parse_args(arguments)
    if problem := _why_not(options.host, options.port):
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if registry := os.environ.get("MODEL_REGISTRY"):
        os.environ["MODEL_REGISTRY"] = str(Path(registry).resolve())
    # Streamlit looks for .streamlit/config.toml in the current directory.
    os.chdir(ROOT)
    from streamlit.web import cli

    from dashboard.warming import warm_up_beside

    warm_up_beside()
    flags = ["--server.address", options.host, "--server.port", str(options.port)]
    cli.main(["run", str(ENTRY), *flags], standalone_mode=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Serve the dashboard for the bundle in use. MODEL_REGISTRY names another registry folder.",
        epilog="Everybody it is served to may read. Who may train, promote, keep a threshold or roll back is decided by"
        " [auth] in .streamlit/secrets.toml where that is set up, else by a key: set DASHBOARD_KEY to a long random"
        " text, which is asked for once a session. Without either, only somebody at this machine may.",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("DASHBOARD_HOST") or DEFAULT_HOST,
        help=f"address to listen on (DASHBOARD_HOST; default {DEFAULT_HOST})",
    )
    parser.add_argument(
        "--port",
        # A string default is parsed like an argument, so a bad DASHBOARD_PORT is named like a bad --port.
        default=os.environ.get("DASHBOARD_PORT") or DEFAULT_PORT,
        type=_port,
        help=f"port to listen on (DASHBOARD_PORT; default {DEFAULT_PORT})",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        msg = f"found {text!r}, expected a port from 1 to 65535 (--port or DASHBOARD_PORT)"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _why_not(host: str, port: int) -> str | None:
    """Say what keeps a server from listening there, or None."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without it a port that was closed a moment ago counts as taken; on Windows it would hide a taken one.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
            probe.bind(address)
    except socket.gaierror as error:
        return f"{host} is no address of this machine ({error.strerror}). Choose one with --host or DASHBOARD_HOST."
    except OSError as error:
        return (
            f"cannot listen on port {port} of {host} ({error.strerror}). Stop what uses it, or choose another"
            f" with --port or DASHBOARD_PORT, for example --port {port + 1}."
        )
    return None


if __name__ == "__main__":
    sys.exit(main())
