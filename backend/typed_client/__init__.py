"""A client for a remote console with one typed method per operation; `__init__.pyi` has their types.

from backend.typed_client import ConsoleClient

console = ConsoleClient("https://console.example.com")
console.sign_in("anne", "…")
page = console.get_videos(title="海", page_size=20)
print(page.total, [video.title for video in page.video_list])
"""

from __future__ import annotations

import backend.operations  # noqa: F401, declares them
from backend.api.registry import OPERATIONS
from backend.typed_client.calls import CallFailed, OperationClient, method_of

__all__ = ["CallFailed", "ConsoleClient"]


class ConsoleClient(OperationClient):
    """Calls the operations of a remote console by methods: `getVideos` is `get_videos`.

    A method returns what the operation's `data` is, or None, and raises CallFailed if the console refuses the call or
    cannot be reached. Arguments that are None are not sent.
    """


for _operation in OPERATIONS.values():
    setattr(ConsoleClient, _operation.function.__name__, method_of(_operation))
