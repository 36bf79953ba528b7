"""The line under both SDKs: a reply is whole, of bounded size and without secrets before an SDK sees any of it."""

import ipaddress
import logging
import socket
import time
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx2

from monosem.llm.keys import Secrets

LONGEST_REPLY = 4 << 20  # bytes, unpacked; answers have some thousand
HEARD = ("retry-after", "retry-after-ms", "location")  # headers that mean something here; the others are left out


def line(sdk: ModuleType, url: str, secrets: Secrets, timeout_s: float) -> httpx2.Client:
    """Follows no redirect, which could carry the key to another server, and uses no proxy to reach this machine."""

    class Line(sdk.DefaultHttpxClient):
        def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401
            try:
                return hear(super().send(request, **{**options, "stream": True}), secrets, timeout_s)
            except httpx2.RequestError as error:  # may quote what came: a status line, a header
                raise type(error)(secrets.hide(str(error)), request=request) from None

    for name in ("httpx2", "httpcore2"):  # they would log what came as it came
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    direct = {"transport": httpx2.HTTPTransport(trust_env=False), "trust_env": False} if is_here(url) else {}
    return Line(follow_redirects=False, timeout=timeout_s, **direct)


def hear(response: httpx2.Response, secrets: Secrets, timeout_s: float) -> httpx2.Response:
    """The same reply, read to its end within the time, with nothing in it that must not be shown."""
    content, until = bytearray(), time.monotonic() + timeout_s
    try:
        for part in response.iter_bytes():
            content += part
            if len(content) > LONGEST_REPLY:
                raise httpx2.DecodingError(f"a reply of more than {LONGEST_REPLY >> 20} MiB")
            if time.monotonic() > until:
                raise httpx2.ReadTimeout("the reply did not end in time")
    finally:
        response.close()
    headers = {name: secrets.hide(response.headers[name]).encode() for name in HEARD if name in response.headers}
    text = secrets.hide(content.decode(response.encoding or "utf-8", "replace"))
    return httpx2.Response(response.status_code, headers=headers, content=text.encode(), request=response.request)


def is_here(url: str) -> bool:
    """Whether a URL leads to this machine by its loopback interface, however it is written."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))  # 127.1, 2130706433
        except OSError:
            return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def status_of(cause: BaseException | None) -> str:
    """The name of a failure on the line: whole but unreadable replies are told apart from those that broke off."""
    return "garbled" if isinstance(cause, httpx2.DecodingError) else "connection_error"
