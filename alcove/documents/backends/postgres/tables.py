"""The tables of the documents.

Every unique key begins with the tenant and no table refers to another, so that they can be spread over machines by it.
A key is cut in two, because PostgreSQL's indexes take no long entries: `head` is looked up in the index, and `tail`
sorts those whose heads are the same. `echo` holds what was written lately, for the other processes of this server.
"""

from __future__ import annotations

from alcove.base.postgres import Schema

HEAD = 1000
"""Bytes of a key that lie in the index."""

SCHEMA = Schema(
    "documents",
    (
        """
        create table tenant (
            name text primary key, inst bigint not null generated always as identity unique,
            seq bigint not null default 0, number bigint not null default 0
        );
        insert into tenant (name) values ('alcove');
        create table doctype (
            inst bigint not null, n bigint not null, name text collate "C" not null, open boolean not null,
            living bigint not null, dead bigint not null, seq bigint not null,
            primary key (inst, n), unique (inst, name)
        );
        create table doc (
            inst bigint not null, type bigint not null, id text collate "C" not null, n bigint not null,
            rev text not null, seq bigint not null, deleted boolean not null, body text not null,
            history text not null, branches text not null,
            primary key (inst, type, id), unique (inst, n), unique (inst, type, seq)
        );
        create table listing (
            inst bigint not null, n bigint not null, type bigint not null, ddoc text not null, name text not null,
            definition text not null, primary key (inst, n), unique (inst, type, ddoc, name)
        );
        create table key (
            inst bigint not null, listing bigint not null, head bytea not null, tail bytea not null,
            doc bigint not null, primary key (inst, listing, head, doc)
        );
        create table local (
            inst bigint not null, type bigint not null, name text not null, rev bigint not null, body text not null,
            primary key (inst, type, name)
        );
        create table cursor (
            inst bigint not null, follower text not null, seq bigint not null, primary key (inst, follower)
        );
        create unlogged table echo (
            inst bigint not null, last bigint not null, first bigint not null,
            at timestamptz not null default clock_timestamp(), changes text not null, primary key (inst, last)
        );
        create index echo_at on echo (at);
        """,
    ),
)

EMPTIED = ("doctype", "doc", "listing", "key", "local", "cursor", "echo")
"""What is removed with a tenant."""
