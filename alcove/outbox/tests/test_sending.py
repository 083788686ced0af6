"""Mails against a real mail server: how they look, and what happens when it says no."""

from __future__ import annotations

import base64
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.config import Settings
from alcove.base.crypto import Sealer
from alcove.base.tables import SqliteTables
from alcove.egress.testing import Book
from alcove.instances import Contexts, Instance, Instances, TooOften
from alcove.jobs import Jobs
from alcove.jobs.testing import ME, Bench
from alcove.outbox import AddressWrong, Button, Letter, MailUnset, Outbox
from alcove.outbox.post import Post
from alcove.outbox.service import HOURLY, WORKER
from alcove.outbox.store import Waiting
from alcove.outbox.tasks import Tasks
from alcove.outbox.testing import PostOffice, make_certificate, post_office, text_of
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRET = "https://me.localhost/auth/passphrase_renew?token=deadbeef"
LETTER = Letter("passphrase reset", "Nouvelle phrase de passe", ["Été & <b>co</b>"], Button("Choisir", SECRET))


HERE = Instance("alice.example:8080", ME, locale="fr")
CONTEXT = {
    "noreply_name": "Chez nous\r\nBcc: x@example.org",
    "noreply_address": "box@{domain}",
    "reply_to": "us@host.example",
}


class Desk:
    """The outbox on the bench of the jobs: time passes when it is told to."""

    def __init__(self, bench: Bench, **settings: Any) -> None:
        chosen = Settings(**settings)
        self.bench = bench
        self.waiting = Waiting(SqliteTables(lambda: bench.database), Sealer(b"k" * 32))
        contexts = Contexts({"ours": CONTEXT})
        self.outbox = Outbox(self.waiting, bench.jobs, bench.allowances, contexts, bench.clock, chosen)
        self.book = Book(bench.clock)
        post = Post.of(chosen, self.book.journal)
        bench.workers.add(WORKER, Tasks(self.waiting, post, bench.clock).worker())

    async def turn_and_read(self, ident: str) -> tuple[str, str]:
        """Does what is due; the job's state and error."""
        await self.bench.turn()
        job = await self.bench.jobs.get(ME, ident)
        return job.state, job.error


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    found = await Bench().open()
    yield found
    await found.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "mail.pem")


async def desk(bench: Bench, office: PostOffice, **settings: Any) -> Desk:
    made = Desk(bench, **office.settings(**settings))
    await made.outbox.prepare()
    await made.book.open(ME)
    return made


async def test_a_letter_arrives_as_text_and_html(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        assert await own.turn_and_read(job.id) == ("done", "")
        mail = await office.arrived()
    assert office.envelopes == [("noreply@alice.example", ["marie@example.org"])]
    assert mail["From"] == '"Alcove alice.example:8080" <noreply@alice.example>'
    assert mail["To"] == "marie@example.org"
    assert mail["Subject"] == "Nouvelle phrase de passe"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{job.id}@alice.example>"
    text = text_of(mail)
    assert "Été & <b>co</b>" in text
    assert f"Choisir :\n{SECRET}" in text
    assert "Envoyé par votre Alcove, alice.example:8080." in text
    part = mail.get_body(("html",))
    assert part is not None
    html = part.get_content()
    assert "Été &amp; &lt;b&gt;co&lt;/b&gt;" in html
    assert f'href="{SECRET}"' in html
    assert "src=" not in html


async def test_a_context_says_who_writes_and_who_reads_the_answers(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        ours = Instance("alice.example", ME, fields={"context": "ours"})
        await own.outbox.send(ours, LETTER, "marie@example.org")
        await bench.turn()
        mail = await office.arrived()
    assert mail["From"] == '"Chez nous Bcc: x@example.org" <box@alice.example>'
    assert mail["Reply-To"] == "us@host.example"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("domain", "sender"),
    [
        ("me.localhost:8080", "noreply@me.localhost"),
        ("café.example", "noreply@xn--caf-dma.example"),
        ("[::1]:8080", "noreply@localhost"),
        ("my_place.example", "noreply@localhost"),
    ],
)
async def test_every_place_has_a_sender(bench: Bench, domain: str, sender: str) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        await own.outbox.send(Instance(domain, ME), LETTER, "marie@example.org")
        await bench.turn()
        await office.arrived()
    assert office.envelopes[0][0] == sender


async def test_nobody_reads_a_secret_in_jobs_tables_or_logs(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with post_office() as office:
        own = await desk(bench, office)
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        stored = bench.database.read(lambda c: c.execute("select * from mail").fetchall())
        office.answers.append(f"554 5.7.1 spam: {SECRET}")
        state, error = await own.turn_and_read(job.id)
    assert (state, error) == ("errored", "The mail server answered 554 5.7.1")
    assert job.fields["message"] == {"kind": "passphrase reset"}
    logged = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the test's own server
    said = f"{stored} {logged} {job.fields}"
    assert "deadbeef" not in said
    assert "marie" not in said


async def test_who_is_away_is_asked_again_and_again(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        office.answers.extend(["451 4.7.1 Greylisted", "421 4.3.2 closing"])
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        assert (await own.turn_and_read(job.id))[0] == "running"
        bench.clock.pass_time(seconds=14)
        assert (await own.turn_and_read(job.id))[0] == "running"
        assert len(office.answers) == 1
        bench.clock.pass_time(seconds=2)
        await bench.turn()
        bench.clock.pass_time(seconds=31)
        assert await own.turn_and_read(job.id) == ("done", "")
        assert len(office.mails) == 1
        assert await own.waiting.read(job.id) is None


async def test_what_is_refused_for_good_waits_for_the_operator(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        office.answers.append("550 5.1.1 No such user")
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        assert (await own.turn_and_read(job.id))[0] == "errored"
        (dead,) = await bench.runners[0].dead()
        assert dead.id == job.id
        await bench.runners[0].retry_dead(job.id)
        assert await own.turn_and_read(job.id) == ("done", "")
        assert len(office.mails) == 1


async def test_a_mail_that_is_of_no_use_any_more_is_not_sent(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        office.answers.append("451 later")
        soon = bench.clock.now() + timedelta(seconds=10)
        job = await own.outbox.send(HERE, LETTER, "marie@example.org", until=soon)
        await bench.turn()
        bench.clock.pass_time(seconds=20)
        state, error = await own.turn_and_read(job.id)
    assert (state, "too late" in error) == ("errored", True)
    assert office.mails == []


async def test_a_server_that_is_not_there(bench: Bench) -> None:
    async with post_office() as office:
        settings = office.settings()
    own = Desk(bench, **settings)
    await own.outbox.prepare()
    await own.book.open(ME)
    job = await own.outbox.send(HERE, LETTER, "marie@example.org")
    state, _ = await own.turn_and_read(job.id)
    assert state == "running"
    assert last_error(bench).startswith("The mail server cannot be reached")


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "tls"])
async def test_a_login_over_tls(bench: Bench, certificate: Path, tls: bool) -> None:
    async with post_office(certificate, tls=tls, password="pw") as office:
        security = "tls" if tls else "starttls"
        secret = {"smtp_security": security, "smtp_user": "alcove@example.org", "smtp_password": "pw"}
        own = await desk(bench, office, **secret, smtp_authority=str(certificate))
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        assert await own.turn_and_read(job.id) == ("done", "")
    assert office.logins == ["alcove@example.org"]
    assert office.envelopes[0][0] == "alcove@example.org"


async def test_neither_a_strange_certificate_nor_a_server_without_one_gets_the_password(
    bench: Bench, certificate: Path
) -> None:
    secret = {"smtp_security": "starttls", "smtp_user": "me", "smtp_password": "pw"}
    async with post_office(certificate, password="pw") as office:
        own = await desk(bench, office, **secret)
        await own.outbox.send(HERE, LETTER, "marie@example.org")
        await bench.turn()
        assert office.logins == []
    async with post_office() as plain:
        with pytest.raises(Exception, match="cannot be reached"):
            await Post.of(Settings(**plain.settings(**secret)), Book().journal).hand_over(await some_mail(own))
        assert plain.logins == []


async def some_mail(own: Desk) -> Any:
    rows = own.bench.database.read(lambda c: c.execute("select id from mail").fetchall())
    return await own.waiting.read(str(rows[0][0]))


def last_error(bench: Bench) -> str:
    """What the queue says of the one job that waits."""
    (row,) = bench.database.read(lambda c: c.execute("select error from job").fetchall())
    return str(row[0])


async def test_a_wrong_password_is_said_and_tried_again(bench: Bench, certificate: Path) -> None:
    secret = {"smtp_security": "starttls", "smtp_user": "me", "smtp_password": "wrong"}
    async with post_office(certificate, password="pw") as office:
        own = await desk(bench, office, **secret, smtp_authority=str(certificate))
        job = await own.outbox.send(HERE, LETTER, "marie@example.org")
        assert (await own.turn_and_read(job.id))[0] == "running"
    assert last_error(bench).startswith("The mail server does not accept the user or the password (535")


async def test_headers_cannot_be_added(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        letter = Letter("test", "Hello\r\nBcc: evil@example.org\r\n\r\nbody", ["x"])
        await own.outbox.send(HERE, letter, "marie@example.org")
        await bench.turn()
        mail = await office.arrived()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: evil@example.org body"
    assert office.envelopes[0][1] == ["marie@example.org"]


@pytest.mark.parametrize(
    "address",
    ["", "marie", "a@b@c", "a@example.org,b@example.org", "a@example.org\r\nBcc: b@example.org", "<a@example.org>",
     "Marie <a@example.org>", "a b@example.org", "@example.org", "a@", "a@exam ple.org", "a@-x.org", ".a@example.org",
     "x" * 65 + "@example.org", "a@" + "x." * 130 + "org", "a@[127.0.0.1]", "a\x00@example.org"],
)  # fmt: skip
async def test_what_is_no_address_gets_no_mail(bench: Bench, address: str) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        with pytest.raises(AddressWrong):
            await own.outbox.send(HERE, LETTER, address)


async def test_a_place_sends_two_hundred_an_hour(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        for _ in range(200):
            await bench.allowances.take(ME, HOURLY)
        with pytest.raises(TooOften):
            await own.outbox.send(HERE, LETTER, "marie@example.org")


async def test_without_a_mail_server_nothing_is_promised(bench: Bench) -> None:
    own = Desk(bench)
    assert not own.outbox.ready
    with pytest.raises(MailUnset):
        await own.outbox.send(HERE, LETTER, "marie@example.org")


async def sent_by_an_app(entry: Front, message: Any) -> tuple[str, str]:
    """State and error of the job that an app has pushed."""
    found = entry.house.need(Instances).by_domain("alice.example")
    async with entry.client(scope="io.cozy.jobs:POST:sendmail:worker", Accept="application/json") as client:
        body = {"data": {"attributes": {"arguments": message}}}
        pushed = await client.post("/jobs/queue/sendmail", json=body)
        assert pushed.status_code == 202, pushed.text
    job = await entry.house.need(Jobs).wait(found.key, pushed.json()["data"]["id"])
    return job.state, job.error


TEXT = [{"type": "text/plain", "body": "Hi"}]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"mode": "noreply", "subject": "Hello", "parts": TEXT}, ""),
        ({"mode": "noreply", "subject": "Hello", "parts": [{"type": "text/html", "body": "<b>Hi</b>"}]}, ""),
        ({"mode": "campaign", "subject": "Hello", "parts": TEXT}, ""),
        ({"mode": "noreply", "subject": "Hello", "parts": "x"}, "A subject and a part"),
        ({"mode": "noreply", "subject": "Hello", "parts": TEXT, "template_name": "x"}, "Templates of the server"),
        ({"mode": "noreply", "subject": "Hello", "parts": TEXT, "attachments": [{}]}, "attachments: objects"),
        ({"mode": "noreply", "subject": "Hello", "parts": TEXT, "attachments": 3}, "attachments: objects"),
        (
            {
                "mode": "noreply",
                "subject": "Hello",
                "parts": TEXT,
                "attachments": [{"filename": "x", "content": "A" * 8_000_000}],
            },
            "attachments: 5000000",
        ),
        ({"mode": "pending", "subject": "Hello", "parts": TEXT}, "This is not a mail"),
        ({"mode": "support", "subject": "Hello", "parts": TEXT}, "This is not a mail"),
        ({"mode": "from", "subject": "Hello", "parts": TEXT}, "to: from 1 to 50"),
        (
            {"mode": "from", "to": [{"email": "x@example.org"}, 3], "subject": "Hello", "parts": TEXT},
            "to: from 1 to 50",
        ),
        (
            {"mode": "from", "to": [{"email": "x@example.org"}, {"email": "y"}], "subject": "Hello", "parts": TEXT},
            "This is not a mail",
        ),
        ({"mode": "other", "subject": "Hello", "parts": TEXT}, "mode is 'other'; noreply, from"),
        ("x", "A subject and a part"),
    ],
)
async def test_an_app_mails_its_person_or_hears_why_not(message: Any, error: str) -> None:
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance(Email="alice@example.org")
        state, told = await sent_by_an_app(entry, message)
        assert told.startswith(error)
        assert (state == "done") == (error == "")
        if not error:
            assert (await office.arrived())["To"] == "alice@example.org"
    assert len(office.mails) == (0 if error else 1)


async def test_an_app_writes_to_others_in_the_name_of_its_person() -> None:
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance(Email="alice@example.org", PublicName="Alice <x@example.org>, y@example.org")
        file = {"filename": "../été.pdf", "content": base64.b64encode(b"%PDF").decode()}
        to = [{"name": "Bob", "email": "bob@example.org"}, {"email": "eve@example.org"}, {"email": "bob@example.org"}]
        message = {"mode": "from", "to": to, "subject": "Hello", "parts": TEXT, "attachments": [file]}
        assert await sent_by_an_app(entry, message) == ("done", "")
        mail = await office.arrived(2)
        assert sorted(to for _, (to,) in office.envelopes) == ["bob@example.org", "eve@example.org"]
        assert mail["Reply-To"] == "alice@example.org"
        [sender] = mail["From"].addresses
        assert sender.display_name == "Alice <x@example.org>, y@example.org"
        [attached] = mail.iter_attachments()
        assert (attached.get_content_type(), attached.get_content()) == ("application/pdf", b"%PDF")


async def test_a_mail_goes_to_the_address_that_waits_and_to_who_helps() -> None:
    contexts = {"default": {"support_address": "help@host.example"}}
    async with post_office() as office, front(contexts=contexts, **office.settings()) as entry:
        await entry.instance(Email="alice@example.org", Settings="pending_email:new@example.org")
        for count, (mode, to) in enumerate((("pending", "new@example.org"), ("support", "help@host.example")), 1):
            assert await sent_by_an_app(entry, {"mode": mode, "subject": "Hello", "parts": TEXT}) == ("done", "")
            assert (await office.arrived(count))["To"] == to


async def test_the_host_writes_to_a_person() -> None:
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance(Email="alice@example.org")
        said = {"data": {"attributes": {"arguments": {"subject": "News", "parts": TEXT}}}}
        async with entry.client(scope="io.cozy.jobs:POST:sendmail:worker") as client:
            assert (await client.post("/jobs/campaign-emails", json={"data": {"attributes": {}}})).status_code == 400
            assert (await client.post("/jobs/campaign-emails", json=said)).status_code == 204
        mail = await office.arrived()
        assert (mail["To"], mail["Subject"]) == ("alice@example.org", "News")
        async with entry.client(scope="io.cozy.jobs:POST:log:worker") as other:
            assert (await other.post("/jobs/campaign-emails", json=said)).status_code == 403


async def test_a_person_writes_to_who_helps() -> None:
    contexts = {"default": {"support_address": "help@host.example"}}
    async with post_office() as office, front(contexts=contexts, **office.settings()) as entry:
        await entry.instance(Email="alice@example.org")
        said = {"data": {"attributes": {"arguments": {"subject": "Help", "body": "It is\n\nbroken"}}}}
        async with entry.client(scope="io.cozy.support:POST") as client:
            assert (await client.post("/jobs/support", json={"data": {}})).status_code == 400
            assert (await client.post("/jobs/support", json=said)).status_code == 204
            mail = await office.arrived()
            assert (mail["To"], mail["Reply-To"]) == ("help@host.example", "alice@example.org")
            assert "broken" in text_of(mail)
            statuses = [(await client.post("/jobs/support", json=said)).status_code for _ in range(5)]
            assert statuses == [204] * 4 + [429]
        async with entry.client(scope="io.cozy.files") as client:
            assert (await client.post("/jobs/support", json=said)).status_code == 403
        async with entry.client() as client:
            assert (await client.post("/jobs/support", json=said)).status_code == 401
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance(Email="alice@example.org")
        async with entry.client(scope="io.cozy.jobs:POST:sendmail:worker") as client:
            assert (await client.post("/jobs/support", json=said)).status_code == 404


async def test_the_whole_house_sends_and_forgets_with_the_instance() -> None:
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance()
        found = entry.house.need(Instances).by_domain("alice.example")
        job = await entry.house.need(Outbox).send(found, LETTER, "marie@example.org")
        assert (await entry.house.need(Jobs).wait(found.key, job.id)).state == "done"
        await office.arrived()


async def test_each_mail_is_in_the_journal_of_what_leaves(bench: Bench) -> None:
    async with post_office() as office:
        own = await desk(bench, office)
        await own.outbox.send(HERE, LETTER, "marie@example.org")
        await bench.turn()
        (line,) = await own.book.lines(ME)
        assert (line["purpose"], line["address"], line["verdict"]) == ("mail", "127.0.0.1", "done")
        assert line["up"] > 500
        assert "marie" not in str(line)
        office.answers.append("550 5.1.1 marie@example.org is unknown")
        await own.outbox.send(HERE, LETTER, "marie@example.org")
        await bench.turn()
        refused = (await own.book.lines(ME))[-1]
        assert (refused["verdict"], refused["reason"]) == ("failed", "The mail server answered 550 5.1.1")
