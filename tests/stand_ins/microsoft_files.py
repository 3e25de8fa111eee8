"""Files of drafts at the stand-in for Graph: whole, or piece by piece at an address of its own."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from itertools import count

from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.microsoft_mail import Item
from tests.stand_ins.serving import Asked, Reply

MOST = 4 * 1024 * 1024  # bytes of a call
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
NUMBERS = count(1)


@dataclass
class Upload:
    """A file that is on its way."""

    item: Item
    name: str
    media_type: str
    size: int
    got: bytearray = field(default_factory=bytearray)


class Files:
    def __init__(self, address: str) -> None:
        self._address = address
        self._uploads: dict[str, Upload] = {}

    def answer(self, name: str, item: Item, asked: Asked) -> Reply:
        if name == "files.list":
            shown = [
                {"id": id, "name": file["name"], "size": file["size"]} for id, file in item.files.items()
            ]
            return Reply(body={"value": shown})
        if name == "files.delete":
            item.changes += 1
            item.files.pop(asked.path.rpartition("/")[2], None)
            return Reply(204)
        if len(asked.body) > MOST:
            return graph_error(413, "RequestEntityTooLarge", "The request is larger than 4 MB.")
        return self._begin(item, asked) if name == "files.begin" else self._whole(item, asked)

    def take(self, asked: Asked) -> Reply:
        """One piece. The address is secret enough: a token there is refused."""
        upload = self._uploads[asked.path.rpartition("/")[2]]
        first, last, size = (int(one) for one in _RANGE.fullmatch(asked.headers["content-range"]).groups())  # type: ignore[union-attr]
        fits = (first, size) == (len(upload.got), upload.size) and last - first + 1 == len(asked.body)
        if "authorization" in asked.headers or not fits or len(asked.body) > MOST:
            return graph_error(400, "ErrorInvalidRequest", "This piece does not fit.")
        upload.got += asked.body
        if len(upload.got) < size:
            return Reply(body={"nextExpectedRanges": [str(len(upload.got))]})
        _put(upload.item, upload.name, upload.media_type, bytes(upload.got))
        return Reply(201)

    def _begin(self, item: Item, asked: Asked) -> Reply:
        told, token = asked.json()["AttachmentItem"], f"u{next(NUMBERS)}"
        self._uploads[token] = Upload(item, told["name"], told["contentType"], told["size"])
        return Reply(201, {"uploadUrl": f"{self._address}/upload/{token}", "nextExpectedRanges": ["0-"]})

    def _whole(self, item: Item, asked: Asked) -> Reply:
        told = asked.json()
        content = base64.b64decode(told["contentBytes"])
        if len(content) >= 3 * 1024 * 1024:
            return graph_error(413, "ErrorAttachmentSizeLimitExceeded", "Use an upload session.")
        _put(item, told["name"], told["contentType"], content)
        return Reply(201, {"id": next(reversed(item.files)), "name": told["name"], "size": len(content)})


def _put(item: Item, name: str, media_type: str, content: bytes) -> None:
    file = {"name": name, "contentType": media_type, "content": content, "size": len(content)}
    item.changes += 1
    item.files[f"f{next(NUMBERS)}"] = file
