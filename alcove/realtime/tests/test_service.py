from collections.abc import Callable

import orjson

from alcove.base.house import Registry
from alcove.base.peers import Alone
from alcove.documents import Change, Document
from alcove.realtime import REDACTIONS, Realtime
from alcove.realtime.service import TOPICS_LIMIT, Outbox


def realtime(redactions: dict[str, frozenset[str]] | None = None) -> Realtime:
    registry = Registry(REDACTIONS)
    for name, fields in (redactions or {}).items():
        registry.add(name, fields)
    return Realtime(registry)


class Wire(Alone):
    """Two processes that hear each other at once."""

    def __init__(self) -> None:
        super().__init__()
        self.other: Wire | None = None
        self.heard: dict[str, Callable[[str], None]] = {}

    def send(self, topic: str, text: str) -> None:
        if self.other is not None:
            self.other.heard[topic](text)

    def hear(self, topic: str, heard: Callable[[str], None]) -> None:
        self.heard[topic] = heard


async def test_what_is_published_in_one_process_is_heard_in_the_other_once() -> None:
    here, there = Wire(), Wire()
    here.other, there.other = there, here
    hubs, ears = [Realtime(Registry(REDACTIONS), wire) for wire in (here, there)], [Outbox(), Outbox()]
    for hub, ear in zip(hubs, ears, strict=True):
        hub.subscribe("t1", "a.b", "", ear)
    hubs[0].publish("t1", "NOTIFIED", "a.b", "x", b'{"n":"\xc3\xa9"}')
    event = {"event": "NOTIFIED", "payload": {"type": "a.b", "id": "x", "doc": {"n": "é"}}}
    assert [await heard(ear) for ear in ears] == [[event], [event]]
    hubs[1].hear([change(b"{}")])
    assert await heard(ears[0]) == [], "a write is heard of by every process itself"


def change(body: bytes, rev: str = "1-a", old: Document | None = None, deleted: bool = False) -> Change:
    return Change("t1", 1, Document("io.cozy.bills", "b1", rev, body, deleted=deleted), old)


async def heard(outbox: Outbox) -> list[dict[str, object]]:
    outbox.put("end")
    frames = []
    while (frame := await outbox.get()) != "end":
        frames.append(orjson.loads(frame))
    return frames


async def test_tells_those_who_listen_to_the_type_or_the_id_once() -> None:
    hub, whole, other, both = realtime(), Outbox(), Outbox(), Outbox()
    hub.subscribe("t1", "io.cozy.bills", "", whole)
    hub.subscribe("t1", "io.cozy.bills", "b2", other)
    hub.subscribe("t1", "io.cozy.bills", "", both)
    hub.subscribe("t1", "io.cozy.bills", "b1", both)
    hub.hear([change(b'{"a":1}')])
    event = {
        "event": "CREATED",
        "payload": {"type": "io.cozy.bills", "id": "b1", "doc": {"_id": "b1", "_rev": "1-a", "a": 1}},
    }
    assert await heard(whole) == [event]
    assert await heard(other) == []
    assert await heard(both) == [event]


async def test_another_instance_hears_nothing() -> None:
    hub, outbox = realtime(), Outbox()
    hub.subscribe("t2", "io.cozy.bills", "", outbox)
    hub.hear([change(b"{}")])
    assert await heard(outbox) == []


async def test_a_deleted_document_is_told_with_its_last_content_and_new_revision() -> None:
    hub, outbox = realtime(), Outbox()
    hub.subscribe("t1", "io.cozy.bills", "b1", outbox)
    old = Document("io.cozy.bills", "b1", "2-b", b'{"a":1}')
    hub.hear([change(b"{}", "3-c", old, deleted=True)])
    (event,) = await heard(outbox)
    assert event["event"] == "DELETED"
    assert event["payload"] == {"type": "io.cozy.bills", "id": "b1", "doc": {"_id": "b1", "_rev": "3-c", "a": 1}}


async def test_secrets_are_left_out() -> None:
    hub, outbox = realtime({"io.cozy.bills": frozenset({"secret"})}), Outbox()
    hub.subscribe("t1", "io.cozy.bills", "", outbox)
    hub.hear([change(b'{"secret":"s","a":1}')])
    (event,) = await heard(outbox)
    assert event["payload"]["doc"] == {"_id": "b1", "_rev": "1-a", "a": 1}  # type: ignore[index]  # decoded JSON


async def test_who_leaves_hears_no_more_and_leaves_nothing_behind() -> None:
    hub, outbox = realtime(), Outbox()
    hub.subscribe("t1", "io.cozy.bills", "", outbox)
    hub.subscribe("t1", "io.cozy.files", "x", outbox)
    hub.unsubscribe("t1", "io.cozy.bills", "b1", outbox)  # never subscribed: changes nothing
    hub.unsubscribe("t1", "io.cozy.bills", "", outbox)
    hub.hear([change(b"{}")])
    assert await heard(outbox) == []
    hub.leave("t1", outbox)
    assert hub._topics == {}


async def test_a_socket_listens_to_so_much_and_no_more() -> None:
    hub, outbox = realtime(), Outbox()
    assert all(hub.subscribe("t1", "io.cozy.bills", str(n), outbox) for n in range(TOPICS_LIMIT))
    assert not hub.subscribe("t1", "io.cozy.files", "", outbox)


async def test_a_slow_reader_is_lost_before_it_costs_memory() -> None:
    gone = list[str]()
    by_size = Outbox(lambda: gone.append("size"), waiting=10)
    by_count = Outbox(lambda: gone.append("count"), frames=2)
    by_size.put("one frame may be longer")
    assert gone == []
    by_size.put("x")
    assert gone == ["size"]
    for _ in range(2):
        by_count.put("x")
    assert gone == ["size"]
    by_count.put("x")
    by_count.put("x")
    assert gone == ["size", "count"]
    assert not by_count._frames


async def test_how_documents_are_listed_is_no_event() -> None:
    hub, whole = realtime(), Outbox()
    hub.subscribe("t1", "io.cozy.bills", "", whole)
    hub.hear([Change("t1", 1, Document("io.cozy.bills", "_design/by_date", "1-a", b"{}"))])
    assert await heard(whole) == []
