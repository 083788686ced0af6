import pytest

from alcove.realtime.model import Ask, permission_for, read_ask


def test_reads_the_frames_of_clients() -> None:
    assert read_ask('{"method":"AUTH","payload":"t"}') == Ask("AUTH", token="t")
    assert read_ask('{"method":"subscribe","payload":{"type":"io.cozy.files"}}') == Ask(
        "subscribe", type="io.cozy.files"
    )
    assert read_ask(b'{"method":"X","payload":{"type":"t","id":"i"}}') == Ask("X", type="t", id="i")
    assert read_ask('{"method":"X"}') == Ask("X")


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "1", '{"method":1}', '{"method":"X","payload":3}', '{"method":"X","payload":{"type":1}}']
)
def test_what_is_no_frame_is_none(frame: str) -> None:
    assert read_ask(frame) is None


def test_some_events_go_by_another_permission() -> None:
    assert permission_for("io.cozy.bills", "1") == ("io.cozy.bills", "1")
    assert permission_for("io.cozy.files.thumbnails", "1") == ("io.cozy.files", "1")
    assert permission_for("io.cozy.notes.events", "") == ("io.cozy.files", "")
    assert permission_for("io.cozy.auth.confirmations", "1") is None
    settings = "io.cozy.settings"
    assert permission_for(settings, "io.cozy.settings.passphrase") == (settings, "io.cozy.settings.instance")
    assert permission_for(settings, "") == (settings, "")
