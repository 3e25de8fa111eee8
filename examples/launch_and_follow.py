"""Add people to a campaign and follow them: python launch_and_follow.py CAMPAIGN_ID maria@example.com …

API is the address of the installation, TOKEN one with the scope “write”. Needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from typing import Any

API, TOKEN = os.environ["API"].rstrip("/") + "/api/v1", os.environ["TOKEN"]


def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
    request = urllib.request.Request(  # noqa: S310  the address is yours
        API + path,
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as refused:
        problem = json.loads(refused.read())
        sys.exit(f"{problem['status']} {problem['title']}: {problem['detail']}")


def person(email: str) -> int:
    """The number of the person with this address, who is added when there is nobody."""
    found = [one for one in ask("GET", f"/people?words={email}")["items"] if one["email"] == email]
    return found[0]["id"] if found else ask("POST", "/people", {"email": email})["id"]


def main(campaign_id: str, *emails: str) -> None:
    people = {"people": [person(email) for email in emails]}
    check = ask("POST", f"/campaigns/{campaign_id}/launches/check", people)
    for one in check["excluded"]:
        print(f"{one['person']} is excluded: {one['words']}")
    # The same key may be sent again after a lost connection: nobody is added twice.
    key = str(uuid.uuid4())
    launch = ask("POST", f"/campaigns/{campaign_id}/launches", people, **{"Idempotency-Key": key})
    print(f"Launch {launch['id']}: {launch['started']} of {launch['targeted']} started")
    after = ""
    while after is not None:
        page = ask("GET", f"/campaigns/{campaign_id}/enrollments?limit=200&after={after}")
        for one in page["items"]:
            step = one["next"]
            coming = f"{step['title']} at {step['at']} ({step['why']})" if step else "every step is over"
            print(f"{one['email']} is {one['state']}: {coming}")
        after = page["after"]


if __name__ == "__main__":
    main(*sys.argv[1:])
