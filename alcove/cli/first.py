"""The place of this machine's first person, which `alcove up` makes and finds again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.instances import Instances

FIRST = "me.localhost"
"""The host of the instance that is made at the first start, and found without being named."""


async def first_place(instances: Instances, port: int, locale: str) -> tuple[str, str]:
    """The domain of this machine's first instance, made when there is none.

    And its one-time secret, in hexadecimal digits, as long as nobody has chosen a passphrase with it. When the server
    has moved to another port since, the instance moves with it.
    """
    domain = f"{FIRST}:{port}"
    mine = {i.domain: i for i in instances.all() if i.domain.partition(":")[0] == FIRST}
    instance = mine.get(domain) or next(iter(mine.values()), None)
    if instance is None:
        instance = await instances.create(domain, {"Locale": locale}, {})
    elif instance.domain != domain:
        instance = await instances.rename(instance, domain)
    return domain, base64.b64decode(instance.fields.get("register_token") or "").hex()
