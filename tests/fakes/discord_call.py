"""A request to the fake Discord, taken apart."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


class Call:
    """A request taken apart, so that it can also be carried out after its sender was cut off."""

    def __init__(self, path: dict[str, str], query: dict[str, str], body: Any) -> None:
        self.path, self.query, self.body = path, query, body


async def body_of(request: web.Request) -> Any:
    """JSON, or the JSON part of a form with files; the files become attachments."""
    if request.content_type == "application/json":
        return await request.json()
    if request.content_type == "multipart/form-data":
        form = await request.post()
        payload = json.loads(str(form["payload_json"]))
        names = [str(getattr(part, "filename", "")) for key, part in form.items() if key.startswith("files[")]
        holder = payload.get("data", payload)
        holder["attachments"] = [
            {
                "id": str(at),
                "filename": name,
                "size": 1,
                "url": f"https://cdn.invalid/{name}",
                "proxy_url": "",
            }
            for at, name in enumerate(names)
        ]
        return payload
    return {}
