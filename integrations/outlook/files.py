"""Files of a draft: small ones with one call each, large ones piece by piece."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Sequence

from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.writing import File

AT_ONCE = 3 * 1024 * 1024  # bytes that one call takes: of more Graph wants an upload session
PIECE = 12 * 320 * 1024  # bytes; below 4 MB, and a multiple of 320 KiB


def enclose(api: GraphApi, id: str, files: Sequence[File]) -> None:
    """These files and no others, whatever an earlier try has left there."""
    there = api.get(message_at(id, "attachments"), {"$select": "id,name,size"}).get("value", [])
    if not there or not _are(there, files):
        for one in there:
            api.delete(message_at(id, "attachments", str(one["id"])))
        add(api, id, files)


def add(api: GraphApi, id: str, files: Iterable[File]) -> None:
    for file in files:
        if len(file.content) < AT_ONCE:
            _put(api, id, file)
        else:
            _upload(api, id, file)


def _are(there: Sequence[dict[str, object]], files: Sequence[File]) -> bool:
    """By their names: what is uploaded in pieces stands there when its last piece has come."""
    return Counter(str(one.get("name")) for one in there) == Counter(file.name for file in files)


def _put(api: GraphApi, id: str, file: File) -> None:
    whole = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.media_type,
        "contentBytes": base64.b64encode(file.content).decode(),
    }
    api.post(message_at(id, "attachments"), whole)


def _upload(api: GraphApi, id: str, file: File) -> None:
    size = len(file.content)
    item = {"attachmentType": "file", "name": file.name, "size": size, "contentType": file.media_type}
    session = api.post(message_at(id, "attachments", "createUploadSession"), {"AttachmentItem": item})
    for begin in range(0, size, PIECE):
        api.put_piece(str(session["uploadUrl"]), file.content[begin : begin + PIECE], begin, size)
