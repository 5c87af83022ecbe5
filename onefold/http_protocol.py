"""HTTP as the API process speaks it: uvicorn's, with a limit on what comes before a body, and problem documents."""

import json
from typing import cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.problems import MEDIA_TYPE, http_problem
from api.raw_path import TARGET

LARGEST_HEAD = 64 * 1024


class Protocol(HttpToolsProtocol):
    """Refuses what is not HTTP, and a request line with headers that has no end."""

    _reads_head = False
    _head = 0

    def data_received(self, data: bytes) -> None:
        goes_on = self._reads_head
        super().data_received(data)
        if goes_on and self._reads_head:
            self._head += len(data)
            if self._head > LARGEST_HEAD and not self.transport.is_closing():
                self._refuse(431, "The request line and the headers are larger than 64 KiB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reads_head, self._head = True, 0

    def on_headers_complete(self) -> None:
        self._reads_head = False
        cast("dict[str, object]", self.scope)[TARGET] = self.url
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "This is not an HTTP request. A path holds visible ASCII only; all else is percent-encoded.")

    def _refuse(self, status: int, detail: str) -> None:
        body = json.dumps(http_problem(status, detail)).encode()
        head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()
