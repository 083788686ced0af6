"""The place that `alcove up` makes at the first start, and finds again."""

from __future__ import annotations

from alcove.cli.first import first_place
from alcove.instances import Instances
from alcove.server.testing import front


async def test_the_secret_is_told_until_a_passphrase_is_chosen() -> None:
    async with front() as house:
        instances = house.house.need(Instances)
        domain, secret = await first_place(instances, 8080, "fr")
        assert (domain, len(secret)) == ("me.localhost:8080", 32)
        assert await first_place(instances, 8080, "fr") == (domain, secret)
        (instance,) = instances.all()
        assert instance.locale == "fr"
        await instances.change(instance, {"register_token": None})
        assert await first_place(instances, 8080, "fr") == (domain, "")
        assert len(instances.all()) == 1


async def test_the_place_moves_with_the_port() -> None:
    async with front() as house:
        instances = house.house.need(Instances)
        _, secret = await first_place(instances, 8080, "en")
        assert await first_place(instances, 9090, "en") == ("me.localhost:9090", secret)
        assert [instance.domain for instance in instances.all()] == ["me.localhost:9090"]
