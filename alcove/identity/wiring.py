"""Puts identity into the house."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.crypto import Sealer
from alcove.base.http import TokenReader
from alcove.base.outgoing import Outgoing
from alcove.base.tables import Tables
from alcove.documents import POLICIES, Documents, Policies, Policy
from alcove.identity import GRANTS, OFFERS
from alcove.identity.addresses.http import AddressRoutes
from alcove.identity.addresses.service import DOCTYPE as CODES
from alcove.identity.addresses.service import LIVES, MailAddresses
from alcove.identity.app_passwords.http import AppPasswordRoutes
from alcove.identity.app_passwords.model import APP_PASSWORDS
from alcove.identity.app_passwords.service import AppPasswords
from alcove.identity.clients.device_flow import FLOWS, DeviceFlows
from alcove.identity.clients.device_flow import PATIENCE as FLOW_PATIENCE
from alcove.identity.clients.devices import DeviceLimit
from alcove.identity.clients.http.authorize import AuthorizePages
from alcove.identity.clients.http.certifying import Certifying
from alcove.identity.clients.http.device_flow import DeviceFlowPages
from alcove.identity.clients.http.devices import DeviceRoutes
from alcove.identity.clients.http.flagship import FlagshipRoutes
from alcove.identity.clients.http.granting import Granting
from alcove.identity.clients.http.moving import Moving
from alcove.identity.clients.http.registering import ClientRoutes
from alcove.identity.clients.model import CLIENTS, SECRETS
from alcove.identity.clients.service import Clients
from alcove.identity.delegation.http.login import DelegationRoutes
from alcove.identity.delegation.http.tokens import DelegatedTokens
from alcove.identity.delegation.providers import Providers
from alcove.identity.delegation.service import Delegation
from alcove.identity.doors import Doors
from alcove.identity.factors.http.setting import FactorRoutes
from alcove.identity.factors.http.twofactor import AppStep, SecondStep
from alcove.identity.factors.service import DOCTYPE as FACTORS
from alcove.identity.factors.service import SECRETS as FACTOR_SECRETS
from alcove.identity.factors.service import SecondFactors
from alcove.identity.hosting.http import HostingRoutes
from alcove.identity.hosting.service import Leaving
from alcove.identity.limits import Attempts
from alcove.identity.magic.http import MagicPages, MagicTokens
from alcove.identity.magic.service import MagicLinks
from alcove.identity.notices import Notices
from alcove.identity.operator import operator_passphrase
from alcove.identity.passkeys.http import PasskeyRoutes
from alcove.identity.passkeys.model import PASSKEYS
from alcove.identity.passkeys.service import Passkeys
from alcove.identity.passphrases.hints import Hints
from alcove.identity.passphrases.http.changing import PassphraseRoutes
from alcove.identity.passphrases.http.confirming import Confirming
from alcove.identity.passphrases.http.defining import FirstPassphrase
from alcove.identity.passphrases.http.hints import HintRoutes
from alcove.identity.passphrases.http.proving import Proof
from alcove.identity.passphrases.http.resets import ResetRoutes
from alcove.identity.passphrases.http.vault import VaultRoutes
from alcove.identity.passphrases.model import SlowHash
from alcove.identity.passphrases.resets import Resets
from alcove.identity.passphrases.service import Passphrases
from alcove.identity.passphrases.vault import Vault
from alcove.identity.permissions.codes import Codes
from alcove.identity.permissions.http.links import LinkPages
from alcove.identity.permissions.http.sets import PermissionRoutes
from alcove.identity.permissions.model import PERMISSIONS
from alcove.identity.permissions.service import Permissions
from alcove.identity.permissions.visits import VISITS, Visits
from alcove.identity.service import Gate
from alcove.identity.sessions.http.entrance import Entrance
from alcove.identity.sessions.http.listing import SessionRoutes
from alcove.identity.sessions.http.login import LoginPages
from alcove.identity.sessions.http.opening import SessionCodes
from alcove.identity.sessions.service import Sessions
from alcove.identity.store import Tries
from alcove.identity.tasks import CLEAN, FORGET, clean_clients, clean_later, forget_later, forget_secrets
from alcove.identity.tokens.keys import Keys
from alcove.identity.tokens.once import ACCESS_CODES, SESSION_CODES, OnceCodes
from alcove.identity.tokens.service import Tokens
from alcove.identity.tokens.slips import Slips
from alcove.instances import CAPABILITIES, PROVISIONERS, Allowances, Contexts, Flags, Instances, InstanceSettings
from alcove.jobs import HANDLERS, Triggers
from alcove.outbox import Outbox
from alcove.realtime import REDACTIONS, Realtime

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides the guard, tokens, sessions and passphrases, and the login page."""
    settings, clock = house.settings, house.clock
    documents, instances = house.need(Documents), house.need(Instances)
    tokens = house.provide(Tokens, Tokens(clock))
    sessions = house.provide(Sessions, Sessions(documents, clock))
    grants, tries = house.registry(GRANTS), Tries(house.need(Tables))
    writable = Policies(house.registry(POLICIES)).writable
    permissions = house.provide(Permissions, Permissions(documents, tokens, grants, writable, clock))
    house.registry(REDACTIONS).add(PERMISSIONS, frozenset({"password", "codes", "shortcodes"}))
    codes = house.provide(Codes, Codes(documents, permissions, Attempts(tries, clock, "code")))
    operator = operator_passphrase(settings)
    offers, contexts = house.registry(OFFERS), house.need(Contexts)
    clients = house.provide(Clients, Clients(documents, instances, tokens, permissions, offers, contexts, clock))
    passwords = _app_passwords(house, Attempts(tries, clock, "app password"))
    gate = Gate(
        documents,
        tokens,
        sessions,
        permissions,
        codes,
        clients,
        passwords,
        house.need(InstanceSettings),
        clock,
        operator,
        flat=settings.subdomains == "flat",
        secure=settings.scheme == "https",
    )
    house.provide(Gate, gate)
    house.provide(TokenReader, gate)
    instances.on_destroyed(gate.forget)
    sealer, slow = house.need(Sealer), house.provide(SlowHash, SlowHash())
    passphrases = house.provide(Passphrases, Passphrases(instances, sessions, sealer, slow))
    house.registry(PROVISIONERS).add("passphrase", passphrases.provision)
    guesses = Attempts(tries, clock, "passphrase")
    proof = Proof(passphrases, sessions, guesses)
    slips = Slips(sealer, tries, clock)
    factors = _factors(house, slips, sealer, Attempts(tries, clock, "code of a login"))
    entrance, step = Entrance(gate, sessions, factors, clock, settings.scheme), AppStep(factors)
    doors = _doors(house, slips)
    _entering(house, gate, passphrases, proof, entrance, step, doors)
    shared, allowances = Attempts(tries, clock, "link"), house.need(Allowances)
    visits = _visits(house)
    links = house.provide(
        LinkPages,
        LinkPages(gate, permissions, codes, slow, shared, allowances, instances, visits, settings.scheme),
    )
    house.add_routes(*PermissionRoutes(permissions, slow, visits, clock).routes(), *links.routes())
    certified = Attempts(tries, clock, "certify")
    granting, session_codes, moving = _oauth(house, gate, clients, passphrases, proof, factors, step, slips, certified)
    vouched, asked = Attempts(tries, clock, "provider"), Attempts(tries, clock, "magic link")
    confirming = _second(house, gate, proof, passphrases, factors, slips, entrance, doors.providers, moving)
    _delegated(house, doors.providers, slips, entrance, confirming, step, granting, session_codes, vouched)
    mailed = MagicPages(gate, doors.links, factors, proof, passphrases, entrance, instances, asked, settings.scheme)
    opened = MagicTokens(doors.links, factors, proof, step, clients, granting, session_codes)
    house.add_routes(*mailed.routes(), *opened.routes())
    _hosted(house, gate)
    _mails(house, gate, sessions, passphrases, proof, slips, Attempts(tries, clock, "reset"))
    _signing(house)
    _devices(house, gate, passwords, proof, slips)

    async def resume() -> None:
        passphrases.resume()

    house.on_start("attempts", guesses.prepare)
    house.on_start("passphrases", resume)
    house.on_stop("passphrases", passphrases.stop)


def _visits(house: House) -> Visits:
    """Who opened which link: for a route of its own alone."""
    house.registry(POLICIES).add(VISITS, Policy(readable=False, writable=False))
    return Visits(house.need(Documents), house.clock)


def _doors(house: House, slips: Slips) -> Doors:
    """The ways in beside the passphrase."""
    instances, person, outbox = house.need(Instances), house.need(InstanceSettings), house.need(Outbox)
    clock, scheme = house.clock, house.settings.scheme
    links = MagicLinks(instances, person, outbox, slips, house.need(Allowances), clock, scheme)
    house.provide(MagicLinks, links)
    house.registry(CAPABILITIES).add("can_auth_with_magic_links", links.offered)
    house.registry(POLICIES).add(PASSKEYS, Policy(readable=False, writable=False))
    passkeys = Passkeys(house.need(Documents), slips, clock, Notices(person, outbox), scheme)
    return Doors(Providers(house.settings.authentication), passkeys, links)


def _entering(
    house: House,
    gate: Gate,
    passphrases: Passphrases,
    proof: Proof,
    entrance: Entrance,
    step: AppStep,
    doors: Doors,
) -> None:
    """Logging in and out, passphrases, passkeys and sessions."""
    sessions, instances, scheme = house.need(Sessions), house.need(Instances), house.settings.scheme
    person, realtime = house.need(InstanceSettings), house.need(Realtime)
    begin = person.beginning
    pages = LoginPages(gate, sessions, passphrases, proof, entrance, doors, instances, begin, scheme)
    hints = house.provide(Hints, Hints(house.need(Documents)))
    vault = house.provide(Vault, Vault(house.need(Documents), house.need(Sealer)))
    first = house.provide(FirstPassphrase, FirstPassphrase(passphrases, person, hints, vault, realtime))
    changing = PassphraseRoutes(
        gate, passphrases, proof, entrance, step, doors, instances, person, first, vault, scheme
    )
    keys = PasskeyRoutes(doors.passkeys, passphrases, proof, entrance, instances, person, scheme)
    for routes in (pages, changing, keys, SessionRoutes(gate, sessions)):
        house.add_routes(*routes.routes())


def _factors(house: House, slips: Slips, sealer: Sealer, attempts: Attempts) -> SecondFactors:
    """The second proof that a person may want to be asked for."""
    house.registry(POLICIES).add(FACTORS, Policy(readable=False, writable=False))
    house.registry(REDACTIONS).add(FACTORS, FACTOR_SECRETS)
    factors = SecondFactors(
        house.need(Documents),
        house.need(Instances),
        house.need(InstanceSettings),
        house.need(Outbox),
        slips,
        sealer,
        attempts,
        house.need(Allowances),
        house.clock,
    )
    return house.provide(SecondFactors, factors)


def _second(
    house: House,
    gate: Gate,
    proof: Proof,
    passphrases: Passphrases,
    factors: SecondFactors,
    slips: Slips,
    entrance: Entrance,
    providers: Providers,
    moving: Moving,
) -> Confirming:
    """The second step of a login, and what asks for the passphrase again."""
    instances, realtime, scheme = house.need(Instances), house.need(Realtime), house.settings.scheme
    confirming = Confirming(gate, proof, passphrases, factors, providers, slips, realtime, instances, scheme)
    step = SecondStep(factors, entrance, confirming, moving, instances, house.clock, scheme)
    house.add_routes(*step.routes(), *confirming.routes(), *FactorRoutes(factors, proof).routes())
    return confirming


def _delegated(
    house: House,
    providers: Providers,
    slips: Slips,
    entrance: Entrance,
    confirming: Confirming,
    step: AppStep,
    granting: Granting,
    session_codes: SessionCodes,
    attempts: Attempts,
) -> None:
    """Another provider may say who it is."""
    delegation, scheme = Delegation(house.need(Outgoing), house.clock), house.settings.scheme
    sessions, clients, instances = house.need(Sessions), house.need(Clients), house.need(Instances)
    others = DelegationRoutes(providers, delegation, slips, entrance, confirming, sessions, clients, instances, scheme)
    tokens = DelegatedTokens(providers, delegation, step, clients, granting, session_codes, attempts)
    house.add_routes(*others.routes(), *tokens.routes())
    able = house.registry(CAPABILITIES)
    able.add("can_auth_with_oidc", lambda instance: providers.of(instance) is not None)
    able.add("can_auth_with_password", lambda instance: not providers.alone(instance))


def _app_passwords(house: House, attempts: Attempts) -> AppPasswords:
    """What devices say that speak no OAuth."""
    house.registry(POLICIES).add(APP_PASSWORDS, Policy(readable=False, writable=False))
    person = house.need(InstanceSettings)
    notices = Notices(person, house.need(Outbox))
    passwords = AppPasswords(house.need(Documents), person, house.need(Sealer), attempts, notices, house.clock)
    return house.provide(AppPasswords, passwords)


def _devices(house: House, gate: Gate, passwords: AppPasswords, proof: Proof, slips: Slips) -> None:
    """Where app passwords are made: in the app Account, and on the page to which a device sends the person."""
    house.registry(POLICIES).add(FLOWS, Policy(readable=False, writable=False))
    codes = OnceCodes(house.need(Documents), house.clock, FLOWS, FLOW_PATIENCE)
    flows = house.provide(DeviceFlows, DeviceFlows(slips, codes, passwords))
    pages = house.provide(DeviceFlowPages, DeviceFlowPages(gate, flows, house.settings.scheme))
    routes = AppPasswordRoutes(passwords, proof, house.settings.scheme)
    house.add_routes(*routes.routes(), *pages.routes())


def _hosted(house: House, gate: Gate) -> None:
    """What a person asks of who hosts their place."""
    contexts = house.need(Contexts)
    leaving = Leaving(house.need(Instances), contexts, house.need(Outbox), house.need(Allowances), house.clock)
    instances, person, scheme = house.need(Instances), house.need(InstanceSettings), house.settings.scheme
    house.add_routes(*HostingRoutes(gate, instances, contexts, person, leaving, scheme).routes())


def _mails(
    house: House,
    gate: Gate,
    sessions: Sessions,
    passphrases: Passphrases,
    proof: Proof,
    slips: Slips,
    asked: Attempts,
) -> None:
    """What needs mail: a forgotten passphrase, and another address."""
    instances, settings, documents = house.need(Instances), house.need(InstanceSettings), house.need(Documents)
    outbox, allowances, scheme, clock = house.need(Outbox), house.need(Allowances), house.settings.scheme, house.clock
    hints, vault = house.need(Hints), house.need(Vault)
    resets = Resets(instances, settings, hints, vault, passphrases, outbox, slips, allowances, clock, scheme)
    house.registry(POLICIES).add(CODES, Policy(readable=False, writable=False))
    codes = OnceCodes(documents, clock, CODES, LIVES)
    addresses = MailAddresses(settings, outbox, codes, allowances, clock, scheme)
    house.add_routes(
        *ResetRoutes(gate, sessions, resets, asked, scheme).routes(), *HintRoutes(hints, passphrases, proof).routes()
    )
    house.add_routes(*VaultRoutes(vault).routes())
    house.add_routes(*AddressRoutes(gate, addresses, proof, instances, scheme).routes())


def _oauth(
    house: House,
    gate: Gate,
    clients: Clients,
    passphrases: Passphrases,
    proof: Proof,
    factors: SecondFactors,
    step: AppStep,
    slips: Slips,
    attempts: Attempts,
) -> tuple[Granting, SessionCodes, Moving]:
    """What the clients of a person ask: to be registered and let in, and to be forgotten."""
    documents, clock, scheme = house.need(Documents), house.clock, house.settings.scheme
    tokens, allowances, instances = house.need(Tokens), house.need(Allowances), house.need(Instances)
    house.registry(REDACTIONS).add(CLIENTS, SECRETS)
    house.registry(HANDLERS).add(CLEAN, clean_clients(clients))
    house.registry(POLICIES).add(SESSION_CODES, Policy(readable=False, writable=False))
    codes = OnceCodes(documents, clock, ACCESS_CODES, timedelta(minutes=10))
    opening = OnceCodes(documents, clock, SESSION_CODES, timedelta(days=7))
    session_codes = house.provide(SessionCodes, SessionCodes(gate, house.need(Sessions), opening, scheme))
    limit = house.provide(DeviceLimit, DeviceLimit(clients, house.need(Flags)))
    registering = ClientRoutes(gate, tokens, clients, allowances, clean_later(house.need(Triggers)))
    person, outbox = house.need(InstanceSettings), house.need(Outbox)
    certifying = Certifying(clients, registering, slips, attempts, allowances, outbox, person, clock)
    granting = Granting(tokens, clients, codes)
    pages = AuthorizePages(gate, clients, codes, session_codes, certifying, Notices(person, outbox), instances, scheme)
    permissions, first = house.need(Permissions), house.need(FirstPassphrase)
    flagship = FlagshipRoutes(gate, proof, step, tokens, permissions, clients, granting, session_codes, first)
    devices = DeviceRoutes(gate, clients, limit, instances, scheme)
    moving = Moving(clients, codes, proof, passphrases, factors, Notices(person, outbox), scheme)
    for routes in (registering, devices, pages, granting, certifying, flagship, moving):
        house.add_routes(*routes.routes())
    return granting, session_codes, moving


def _signing(house: House) -> None:
    """New secrets for an instance, when the operator wants that."""
    instances, triggers = house.need(Instances), house.need(Triggers)
    later = forget_later(triggers)
    keys = Keys(house.need(Documents), instances, house.need(Sessions), house.clock, later)
    house.provide(Keys, keys)
    house.registry(HANDLERS).add(FORGET, forget_secrets(keys, instances, triggers))
