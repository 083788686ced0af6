"""Links to files and folders, as clients of the Nextcloud dialect make, change and take them back (OCS share API).

They are the links of the app Files: it lists them, and serves the page that they open.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

import orjson

from alcove.base.clock import rfc3339
from alcove.base.digits import whole
from alcove.base.errors import BadRequest, Forbidden, NotFound
from alcove.dav.http.cloud.answering import names_of_path, ocs_routes
from alcove.dav.model.numbers import number_in, number_of
from alcove.dav.model.shares import CREATE, READ, expiry_of, permissions_of, verbs_of
from alcove.files import FILES, ROOT
from alcove.identity import LinkPatch, NewLink, Who, login_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.base.http import Call, Route
    from alcove.files import Files, Node
    from alcove.identity import Permission, Permissions, SlowHash
    from alcove.instances import Instance, Instances

HERE = "/apps/files_sharing/api/v1/shares"
APP, LINK = "files", 3
"""The app whose links these are; and the kind of share that a link is, the only one there is here."""
MAKERS = frozenset({"device", "app", "access", "cli"})
BODY = 64 << 10


class Shares:
    """Makes, lists, changes and removes links."""

    def __init__(
        self,
        files: Files,
        permissions: Permissions,
        instances: Instances,
        slow: SlowHash,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._files = files
        self._permissions = permissions
        self._instances = instances
        self._slow = slow
        self._clock = clock
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            *ocs_routes("GET", HERE, self.all),
            *ocs_routes("POST", HERE, self.make),
            *ocs_routes("GET", f"{HERE}/:share", self.show),
            *ocs_routes("PUT", f"{HERE}/:share", self.change),
            *ocs_routes("DELETE", f"{HERE}/:share", self.remove),
        ]

    async def all(self, call: Call) -> list[Any]:
        """The links to the file of `path`, with `subfiles` to what is in that folder; without a path, all."""
        instance, who = cast("Instance", call.instance), _who(call, "GET")
        if call.query("shared_with_me") == "true":
            return []
        wanted: Node | None = None
        if call.query("path"):
            wanted = await self._node(instance, call.query("path"))
        found = []
        for link in await self._links(instance):
            node = await self._opened(instance, link)
            if node is None:
                continue
            within = call.query("subfiles") == "true"
            if wanted is None or (node.dir_id if within else node.id) == wanted.id:
                found.append(await self._shown(instance, who, link, node))
        return found

    async def show(self, call: Call) -> list[Any]:
        """A link."""
        instance, who = cast("Instance", call.instance), _who(call, "GET")
        link, node = await self._found(call)
        return [await self._shown(instance, who, link, node)]

    async def make(self, call: Call) -> dict[str, Any]:
        """A new link to the file of `path`, with `permissions`, `password` and `expireDate` as they are said."""
        instance, who, said = cast("Instance", call.instance), _who(call, "POST"), await _said(call)
        if whole(said.get("shareType", str(LINK)), 3) != LINK:
            raise Forbidden("Files are shared by link here, with nobody by name")
        if await self._permissions.granted(instance, "app", APP) is None:
            raise Forbidden("Links need the app Files, which is not installed")
        node = await self._node(instance, said.get("path", ""))
        if node.id == ROOT or node.trashed:
            raise Forbidden("This cannot be shared")
        rule = {
            "type": FILES,
            "verbs": verbs_of(_wanted(said, node, READ), folder=node.is_dir),
            "values": [node.id],
            "description": node.name,
        }
        lock = await self._slow.hash(said["password"]) if said.get("password") else ""
        link = NewLink({"files": rule}, ["link"], lock=lock, ends=self._ends(said) or "")
        made = await self._permissions.create(instance, who, link)
        return await self._shown(instance, who, made, node)

    async def change(self, call: Call) -> dict[str, Any]:
        """What is said of a link holds from now on; what is empty is taken away."""
        instance, who, said = cast("Instance", call.instance), _who(call, "PUT"), await _said(call)
        link, node = await self._found(call)
        if "permissions" in said or "publicUpload" in said:
            wanted = _wanted(said, node, permissions_of(_verbs(link), folder=node.is_dir))
            rule = {**_rule(link), "verbs": verbs_of(wanted, folder=node.is_dir)}
            link = await self._permissions.patch(instance, who, link.id, LinkPatch(rules={_title(link): rule}))
        lock = None
        if "password" in said:
            lock = await self._slow.hash(said["password"]) if said["password"] else ""
        ends = self._ends(said)
        if lock is not None or ends is not None:
            link = await self._permissions.patch(instance, who, link.id, LinkPatch(lock=lock, ends=ends))
        return await self._shown(instance, who, link, node)

    async def remove(self, call: Call) -> list[Any]:
        """Takes a link back: it opens nothing from then on."""
        who = _who(call, "DELETE")
        link, _ = await self._found(call)
        await self._permissions.revoke(call.instance, who, link.id)
        return []

    async def _links(self, instance: Instance) -> list[Permission]:
        """The links to files that have not ended."""
        links = await self._permissions.links(instance)
        return [link for link in links if not self._permissions.ended(link) and _rule(link).get("values")]

    async def _found(self, call: Call) -> tuple[Permission, Node]:
        """The link of a path, by its number, and what it opens; raises `NotFound`."""
        instance, number = cast("Instance", call.instance), number_in(call.params["share"])
        for link in await self._links(instance):
            if number_of(link.id) == number:
                node = await self._opened(instance, link)
                if node is not None:
                    return link, node
        raise NotFound("There is no such share")

    async def _opened(self, instance: Instance, link: Permission) -> Node | None:
        node = await self._files.find(instance, str(_rule(link)["values"][0]))
        return None if node is None or node.trashed else node

    async def _node(self, instance: Instance, path: str) -> Node:
        node = await self._files.at(instance, "/" + "/".join(names_of_path(path)))
        if node is None:
            raise NotFound("There is no file of this path")
        return node

    def _ends(self, said: Mapping[str, str]) -> str | None:
        """When a link is to end, at the end of a day; empty for never, None when nothing is said of it."""
        if "expireDate" not in said:
            return None
        ends = expiry_of(said["expireDate"])
        if ends is not None and ends <= self._clock.now():
            raise BadRequest("expireDate is in the past")
        return "" if ends is None else rfc3339(ends)

    async def _shown(self, instance: Instance, who: Who, link: Permission, node: Node) -> dict[str, Any]:
        if not any(rule.whole or node.id in rule.values for rule in who.rules("GET", FILES)):
            raise Forbidden
        fields, login = link.fields, login_of(instance)
        code = next(iter((fields.get("shortcodes") or fields.get("codes") or {}).values()), "")
        made = str((fields.get("cozyMetadata") or {}).get("createdAt") or "1970-01-01T00:00:00Z")
        lock = "***" if fields.get("password") else None
        number, kind = number_of(node.id), "folder" if node.is_dir else "file"
        return {
            "id": str(number_of(link.id)),
            "share_type": LINK,
            "uid_owner": login,
            "displayname_owner": login,
            "uid_file_owner": login,
            "displayname_file_owner": login,
            "permissions": permissions_of(_verbs(link), folder=node.is_dir),
            "can_edit": True,
            "can_delete": True,
            "stime": int(datetime.fromisoformat(made).timestamp()),
            "parent": None,
            "expiration": None if link.ends is None else link.ends.astimezone(UTC).strftime("%Y-%m-%d 00:00:00"),
            "token": code,
            "note": "",
            "label": "",
            "name": "",
            "path": await self._files.path(instance, node),
            "item_type": kind,
            "mimetype": "httpd/unix-directory" if node.is_dir else node.mime,
            "storage_id": "home",
            "storage": 1,
            "item_source": number,
            "file_source": number,
            "file_parent": number_of(node.dir_id),
            "file_target": f"/{node.name}",
            "share_with": lock,
            "share_with_displayname": lock,
            "password": lock,
            "send_password_by_talk": False,
            "url": f"{self._scheme}://{self._instances.app_host(instance, APP)}/public/?sharecode={code}",
            "mail_send": 0,
            "hide_download": 0,
        }


def _who(call: Call, verb: str) -> Who:
    """The app Files, with what the caller may do. Only who may do that to all files is told of links."""
    caller = cast("Who", call.caller)
    caller.allow_type(verb, FILES)
    if caller.audience not in MAKERS or caller.document:
        raise Forbidden
    return Who("app", APP, f"io.cozy.apps/{APP}", caller.permissions)


def _title(link: Permission) -> str:
    return next((title for title, rule in _rules(link).items() if rule.get("type") == FILES), "")


def _rules(link: Permission) -> Mapping[str, Mapping[str, Any]]:
    return link.fields.get("permissions") or {}


def _rule(link: Permission) -> Mapping[str, Any]:
    """The rule about files of a link; empty for one without."""
    return _rules(link).get(_title(link)) or {}


def _verbs(link: Permission) -> list[str]:
    return list(_rule(link).get("verbs") or [])


def _wanted(said: Mapping[str, str], node: Node, before: int) -> int:
    """The permissions that are asked for, as a sum."""
    wanted = whole(said["permissions"], 3) if said.get("permissions") else None
    if wanted is None:
        wanted = before
        if "publicUpload" in said:
            wanted = 15 if said["publicUpload"] in ("true", "1") and node.is_dir else READ
    if not wanted & (READ | CREATE):
        raise BadRequest("permissions must let guests read, or put something in")
    return wanted


async def _said(call: Call) -> dict[str, str]:
    """What the query and the body say: a form, or JSON."""
    body, said = await call.body(BODY), dict(call.request.query_params)
    if call.request.headers.get("content-type", "").startswith("application/json"):
        try:
            told = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            raise BadRequest("The body is not JSON") from None
        if not isinstance(told, dict):
            raise BadRequest("The body must be a JSON object")
        words = {True: "true", False: "false"}
        return said | {
            name: words[value] if isinstance(value, bool) else str(value or "") for name, value in told.items()
        }
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("The form cannot be read") from None
    return said | {name: values[0] for name, values in form.items()}


def _text(value: Any) -> str:
    """A value of JSON as a form would say it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
