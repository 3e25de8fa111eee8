"""A name server for tests: answers TXT queries over UDP from a table, and "no such name" to everything else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def answering(table: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Name → its TXT records; the address of the server. A name with no records exists and has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        ending = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, table, ending))
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        ending.set()
        thread.join()


def _serve(server: socket.socket, table: Mapping[str, Sequence[str]], ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            asked, client = server.recvfrom(4096)
        except TimeoutError:
            continue
        server.sendto(_answer(dns.message.from_wire(asked), table).to_wire(), client)


def _answer(query: dns.message.Message, table: Mapping[str, Sequence[str]]) -> dns.message.Message:
    answer, name = dns.message.make_response(query), query.question[0].name
    answer.flags |= dns.flags.RA
    texts = table.get(name.to_text(omit_final_dot=True))
    if texts is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif texts:
        written = [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) for text in texts]
        answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", written))
    return answer
