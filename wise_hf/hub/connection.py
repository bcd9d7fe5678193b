"""Talking to the Hub: temporary failures are retried, others reported in a sentence, and no token is ever shown."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TypeVar

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import validate_repo_id


logger = logging.getLogger(__name__)

Value = TypeVar("Value")
WAITS_S = (1, 2, 4, 8)
# The client reads some replies as JSON before it looks at their status; hf_xet, which uploads large files, raises
# Python's own errors.
ERRORS = (HTTPError, JSONDecodeError, ConnectionError, TimeoutError, PermissionError)
LOG_IN = "log in by `hf auth login`, or set HF_TOKEN, with a token that may write there"


class UploadError(ConnectionError):
    """An upload that failed for a reason without an error class of its own; the message is that of the client."""


def check_repo_id(repo_id: str) -> None:
    """Check a name on the Hub.

    Args:
        repo_id: a name on the Hub, org/name.

    Raises:
        ValueError: for what cannot be one.
    """
    try:
        validate_repo_id(repo_id)
        is_name = "/" in repo_id
    except HFValidationError:
        is_name = False
    if not is_name:
        raise ValueError(f"'{repo_id}' is no name on the Hub; give org/name, in letters, digits, '-', '_' and '.'.")


def check_token(api: HfApi) -> None:
    """Check that there is a token.

    Args:
        api: the Hub, with a token of its own or that of `hf auth login` or HF_TOKEN.

    Raises:
        ValueError: where there is no token, or one that no request can carry.
    """
    token = api.token or get_token()
    if not token:
        raise ValueError(f"Nobody is logged in to the Hub; {LOG_IN}.")
    if not (token.isascii() and token.isprintable()):
        raise ValueError(f"The token for the Hub has characters that no token has; {LOG_IN}.")


def try_repeatedly(step: Callable[[], Value]) -> Value:
    """Retry a step, with growing pauses, while its failure may be temporary: the connection, or the Hub itself.

    Args:
        step: may be done twice with the same end, since a reply can be lost after the Hub has done what was asked.

    Returns:
        What the step returns.

    Raises:
        What the step raises, at the last try, or at once where another try would end in the same way.
    """
    for wait_s in WAITS_S:
        try:
            return step()
        except ERRORS as error:  # noqa: PERF203
            if not _may_pass(error):
                raise
            logger.info("The Hub did not answer (%s); trying again in %d s.", _kind(error), wait_s)
            time.sleep(wait_s)
    return step()


def _may_pass(error: Exception) -> bool:
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return status >= 500 or status in (408, 429)
    # A header or an address that is malformed stays so, and so do HF_HUB_OFFLINE and what is not allowed.
    if isinstance(error, (OfflineModeIsEnabled, PermissionError)):
        return False
    return type(error).__name__ not in ("LocalProtocolError", "UnsupportedProtocol")


def _kind(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError):
        return str(error.response.status_code)
    return str(error) if isinstance(error, UploadError) else type(error).__name__


@contextmanager
def uploading() -> Iterator[None]:
    """Around a client's call that uploads: it raises a RuntimeError for what goes wrong on the way.

    Raises:
        HTTPError, JSONDecodeError, OSError: instead, the reason where it has a kind of its own (`ERRORS`).
        UploadError: for any other.
    """
    try:
        yield
    except RuntimeError as error:
        reason = error.__cause__ if isinstance(error.__cause__, ERRORS) else UploadError(type(error).__name__)
        raise reason from None


@contextmanager
def told_in_a_sentence(repo_id: str, state: str = "was not published") -> Iterator[None]:
    """Tell an error of the Hub in one sentence.

    Args:
        repo_id: what is being published.
        state: what has become of it if this fails.

    Raises:
        OSError: instead of any error of the Hub or of the connection to it; nothing in it is secret.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise OSError(f"{repo_id} {state}: HF_HUB_OFFLINE is set; unset it, and run this again.") from error
    except ERRORS as error:  # its message can hold the token: nothing is chained to it
        raise OSError(f"{repo_id} {state}: {_sentence(error)}") from None


def _sentence(error: Exception) -> str:
    if not isinstance(error, HfHubHTTPError):
        return f"the connection to the Hub failed ({_kind(error)}); check it, and run this again."
    status = error.response.status_code
    told = f"the Hub said {status} {error.server_message or error.response.reason_phrase}".rstrip(". ")
    if status in (401, 403, 404):
        return f"{told}; {LOG_IN}."
    if status in (409, 412):
        return f"{told}, since somebody else changed it meanwhile; look at its page, and run this again."
    return f"{told}; run this again later."
