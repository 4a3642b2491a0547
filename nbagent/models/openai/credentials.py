"""Keeping keys out of sight: out of reprs, logs, tracebacks, pickles and error texts.

A traceback can show the local variables of each of its frames (IPython's `%xmode Verbose`
does), and frames of the openai package and of the HTTP library below it hold the key, by itself
or in headers. So a key is wrapped as soon as it comes in, and an error leaves this package
without the frames it came through.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from nbagent.exceptions import ConfigurationError

PLACEHOLDER_KEY = "no-key-needed"
"""Sent to servers that need no key, because the openai package insists on one."""

_SECRET_OPTIONS = ("api_key", "azure_ad_token")
_ADDRESS_OPTIONS = ("base_url", "azure_endpoint")
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)

ErrorT = TypeVar("ErrorT", bound=BaseException)


def hide_secrets(options: dict[str, Any]) -> None:
    """Wrap the credentials among a constructor's arguments, in place.

    In place, because a traceback of the constructor shows the dict itself. What is not a
    string is left for the validation to refuse.

    Raises:
        ConfigurationError: An address holds a user name or a password.
    """
    for name in _SECRET_OPTIONS:
        if isinstance(options.get(name), str):
            # A pasted key often ends with a line break, which no header may hold.
            options[name] = SecretStr(options[name].strip())
    if isinstance(options.get("default_headers"), dict):
        headers = cast(dict[str, Any], options["default_headers"])
        options["default_headers"] = {
            name: SecretStr(value)
            if isinstance(value, str) and _SECRET_HEADER.search(str(name))
            else value
            for name, value in headers.items()
        }
    for name in _ADDRESS_OPTIONS:
        if isinstance(options.get(name), str) and _holds_password(options[name]):
            options[name] = ""
            raise _password_refused(name)


def usable_secret(secret: SecretStr | None, name: str) -> SecretStr | None:
    """The secret, or None for one that is empty or was masked when it was written down.

    Args:
        secret: A key or token.
        name: What it is called in errors.

    Raises:
        ConfigurationError: It holds a character that no HTTP header can carry. The message
            does not show it.
    """
    if secret is None or not secret.get_secret_value().strip("*"):
        return None
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ConfigurationError(
            f"{name} holds a space, a line break or a character outside ASCII, so it cannot be "
            "a key. Copy it again; quotes around it do not belong to it."
        )
    return secret


def checked_address(address: str, option: str) -> str:
    """The address of an API, refused where it cannot be one.

    Raises:
        ConfigurationError: It is no http or https address, or it holds a password, which
            would be shown in errors and written into configs.
    """
    if _holds_password(address):
        address = ""  # a traceback shows it
        raise _password_refused(option)
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or not _port_is_valid(parts):
        raise ConfigurationError(
            f"{option}={address!r} is no address of an API. It looks like "
            "'https://api.openai.com/v1' or 'http://localhost:11434/v1'."
        )
    return address.strip()


def _holds_password(address: str) -> bool:
    return "@" in urlsplit(address.strip()).netloc


def _password_refused(option: str) -> ConfigurationError:
    return ConfigurationError(
        f"{option} must hold no user name or password. Pass the key as api_key=, or other "
        "credentials as default_headers={'Authorization': ...}."
    )


def _port_is_valid(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def shown_address(address: str) -> str:
    """The address without anything that could be a credential, for errors and reprs."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def redact(text: str, secrets: Iterable[SecretStr]) -> str:
    """The text with every secret in it replaced; servers repeat what they were sent."""
    for secret in secrets:
        # Very short values are no real keys, and would tear holes into ordinary words.
        if len(secret.get_secret_value()) >= 6:
            text = text.replace(secret.get_secret_value(), "[hidden]")
    return _BEARER.sub(r"\1 [hidden]", text)


def without_frames(error: ErrorT) -> ErrorT:
    """The error without its traceback and without the errors before it.

    Raise the result outside of the `except` block that caught it, or Python attaches what was
    being handled there again.
    """
    error.__traceback__ = None
    error.__cause__ = None
    error.__context__ = None
    return error
