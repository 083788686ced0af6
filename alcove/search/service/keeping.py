"""Keeps each instance's index true to its documents: follows their changes, and makes anew what is lost."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from alcove.base.errors import NotFound, Unavailable
from alcove.search.service.kinds import Neighbours, content_of
from alcove.search.store import Line, Lost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from alcove.documents import Change, Document, Documents
    from alcove.search.model import Fields, Findable
    from alcove.search.service.kinds import Kinds
    from alcove.search.store import Indexes

log = logging.getLogger("alcove.search")

FOLLOWER = "search"
BATCH = 250
"""Changes that are put in with one commit: few enough that nobody waits for the thread that does it."""
FEW = 10
"""Documents whose words are cut at once, without a thread."""
MUCH = 4 << 20
"""Characters of content that are put in with one commit, give or take one document."""
PATIENCE = 1.0
"""Seconds that a question waits for an index that is behind, before it is answered from what is there."""


class Keeping:
    """The indexes of all instances, made from what `kinds` say of documents.

    An index knows itself how far it has come. In each process the first change or question makes it read on from
    there, so that one which was lost, or is older than the documents, becomes whole without anybody's doing.
    """

    def __init__(self, documents: Documents, indexes: Indexes, kinds: Kinds) -> None:
        self._documents = documents
        self._indexes = indexes
        self._kinds = kinds
        self._whole = set[str]()
        self._locks = defaultdict[str, asyncio.Lock](asyncio.Lock)
        self._making = dict[str, asyncio.Task[None]]()
        self._leaving = set[asyncio.Task[None]]()

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Puts changes in: a handler of the change feed."""
        async with self._locks[tenant]:
            if tenant in self._whole:
                try:
                    await self._take(tenant, changes)
                except Lost as error:
                    await self._start_over(tenant, error)
                else:
                    return
            await self._catch_up(tenant)

    async def ready(self, tenant: str) -> bool:
        """Whether the index is whole; one that is not begins to be made, and is waited for a moment."""
        if tenant not in self._whole:
            await asyncio.wait([self._make(tenant)], timeout=PATIENCE)
        return tenant in self._whole

    def lost(self, tenant: str, error: Lost) -> None:
        """Somebody found that an index cannot be read: it is made anew, in the background."""
        log.warning("the search index of %s cannot be read: %s", tenant, error)
        self._whole.discard(tenant)
        self._make(tenant, anew=True)

    async def renew(self, tenant: str, doctype: str, ident: str) -> None:
        """Puts a document in as it is now: its content can be read since a moment ago."""
        async with self._locks[tenant]:
            if tenant in self._whole:
                try:
                    await self._put_again(tenant, Renewed(doctype, ident))
                except Lost as error:
                    await self._start_over(tenant, error)
                else:
                    return
            await self._catch_up(tenant, Renewed(doctype, ident))

    async def forget(self, tenant: str) -> None:
        """Removes an index."""
        async with self._locks[tenant]:
            self._whole.discard(tenant)
            await self._indexes.drop(tenant)

    def leave(self, tenant: str) -> None:
        """`forget` for who cannot wait: an instance is gone."""
        self._whole.discard(tenant)
        task = asyncio.create_task(self.forget(tenant))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def sweep(self, living: Iterable[str]) -> None:
        """Removes the indexes of instances that are gone: the server ended while they were removed."""
        for tenant in set(await self._indexes.tenants()) - set(living):
            await self._indexes.drop(tenant)

    async def stop(self) -> None:
        """Ends what runs, and lets go of the files."""
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), *self._leaving, return_exceptions=True)
        await self._indexes.close()

    # -- making

    def _make(self, tenant: str, *, anew: bool = False) -> asyncio.Task[None]:
        task = self._making.get(tenant)
        if task is None:
            task = self._making[tenant] = asyncio.create_task(self._made(tenant, anew=anew))
        return task

    async def _made(self, tenant: str, *, anew: bool) -> None:
        try:
            async with self._locks[tenant]:
                if tenant not in self._whole:
                    if anew:
                        await self._indexes.drop(tenant)
                    await self._catch_up(tenant)
        except (NotFound, Unavailable):
            log.debug("%s has no store any more", tenant)
        except Exception:
            log.exception("the search index of %s could not be made; the next question tries again", tenant)
        finally:
            self._making.pop(tenant, None)

    async def _start_over(self, tenant: str, error: Lost) -> None:
        log.warning("the search index of %s is made anew: %s", tenant, error)
        self._whole.discard(tenant)
        await self._indexes.drop(tenant)

    async def _catch_up(self, tenant: str, renewed: Renewed | None = None) -> None:
        try:
            await self._read_on(tenant, renewed)
        except Lost as error:
            await self._start_over(tenant, error)
            await self._read_on(tenant)
        self._whole.add(tenant)

    async def _read_on(self, tenant: str, renewed: Renewed | None = None) -> None:
        last = await self._documents.last_seq(tenant)  # raises when the store is gone, before an index is made
        reached = await self._indexes.prepare(tenant)
        if reached > last:
            raise Lost("the documents are older than it")
        while changes := await self._documents.changes(tenant, reached, BATCH, self._kinds.doctypes):
            await self._take(tenant, changes)
            reached = changes[-1].seq
        if renewed is not None:  # it may have been put in before its content was there, by a process that has ended
            await self._put_again(tenant, renewed)

    # -- putting in

    async def _take(self, tenant: str, changes: Sequence[Change]) -> None:
        documents = [change.document for change in changes]
        # First those that say the content of a changed one: were they last, a crash in between would leave them old.
        for document in documents:
            if document.type in self._kinds.dependents:
                await self._take_dependents(tenant, document)
        await self._put(tenant, documents, changes[-1].seq)

    async def _take_dependents(self, tenant: str, document: Document) -> None:
        fields = None if document.deleted else document.fields()
        naming = [one for one in self._kinds.dependents[document.type] if fields is None or _may_name(one, fields)]
        own = self._kinds.by_doctype.get(document.type)
        if not naming or (own is not None and fields is not None and any(await self._there(tenant, own, document))):
            return
        for findable in naming:
            async for page in self._dependents(tenant, findable, document.id):
                await self._put(tenant, page, None)

    async def _dependents(self, tenant: str, findable: Findable, ident: str) -> AsyncIterator[list[Document]]:
        beside, bookmark = findable.beside, ""
        assert beside is not None
        while True:
            found = await self._documents.find(tenant, findable.doctype, beside.naming(ident, BATCH, bookmark))
            if found.documents:
                yield found.documents
            bookmark = found.bookmark
            if not bookmark:
                return

    async def _put_again(self, tenant: str, renewed: Renewed) -> None:
        """Puts a document in with its content, unless it is there."""
        document = await self._documents.get(tenant, *renewed)
        findable = self._kinds.by_doctype.get(renewed.doctype)
        if document is None or findable is None:
            return
        _, *with_content = await self._there(tenant, findable, document)
        if not any(with_content):
            await self._put(tenant, [document], None)

    async def _there(self, tenant: str, findable: Findable, document: Document) -> list[bool]:
        """Whether the index holds what a document says: without its content, and with it where it has some."""
        kept = await self._indexes.digest(tenant, self._kinds.numbers[document.type], document.id)
        beside = await Neighbours(self._documents, tenant).of(findable, document.fields())
        lines = self._kinds.lines(findable, document, document.fields(), beside)
        return [bool(kept) and digest == kept for digest in lines.digests]

    async def _put(self, tenant: str, documents: Sequence[Document], reached: int | None) -> None:
        """Puts documents in as they are, with one commit unless they hold much; then all is in it up to `reached`."""
        neighbours = Neighbours(self._documents, tenant)
        work, much = list[_Work](), 0
        for document in documents:
            findable = self._kinds.by_doctype.get(document.type)
            if findable is None:
                continue
            fields = None if document.deleted else document.fields()
            beside = await neighbours.of(findable, fields)
            content = await content_of(findable, tenant, document.id, fields)
            work.append(_Work(findable, document, fields, beside, content))
            much += len(content or "")
            if much > MUCH:
                await self._indexes.write(tenant, await self._cut(work), None)
                work, much = [], 0
        await self._indexes.write(tenant, await self._cut(work), reached)

    async def _cut(self, work: Sequence[_Work]) -> list[Line]:
        """What documents say, as lines of the index; words are cut in a thread where they are many."""

        def cut() -> list[Line]:
            return [self._line(one) for one in work]

        return cut() if len(work) <= FEW and not any(one.content for one in work) else await asyncio.to_thread(cut)

    def _line(self, work: _Work) -> Line:
        said, without, whole = self._kinds.lines(work.findable, work.document, work.fields, work.beside)
        line = whole if whole is not None and work.content is not None else without
        if said is None:
            return line
        written = " ".join((said.title, said.detail, said.words))
        return line.holding(written, work.content, whole=work.findable.contents is not None)


def _may_name(findable: Findable, fields: Fields) -> bool:
    """Whether documents of a kind can name one of these fields."""
    return findable.beside is None or findable.beside.may_be(fields)


class Renewed(NamedTuple):
    """A document whose content can be read since a moment ago."""

    doctype: str
    ident: str


class _Work(NamedTuple):
    findable: Findable
    document: Document
    fields: Fields | None
    beside: Fields | None
    content: str | None
