"""Who sends bills: well-known French brands as plain facts of labels, and invented ones nobody has heard of.

`known()` gives each brand with the creditor or merchant names that statements really show for it: often the legal
name, a payment partner or a town treasury rather than the brand. `invent` makes a vendor that no dictionary holds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from alcove_sample.model import Vendor

if TYPE_CHECKING:
    from random import Random

# sector: (VAT per mille, true category of its operations)
SECTORS: dict[str, tuple[int, str]] = {
    "internet": (200, "400150"),
    "mobile": (200, "400150"),
    "power": (200, "401080"),
    "gas": (200, "401080"),
    "water": (55, "401070"),
    "stream": (200, "400750"),
    "press": (21, "400111"),
    "cloud": (200, "400740"),
    "gym": (200, "400710"),
    "transit": (100, "400280"),
    "home insurance": (0, "401040"),
    "car insurance": (0, "400230"),
    "school insurance": (0, "400440"),
    "mutual": (0, "400620"),
    "town": (0, "400420"),
    "tax": (0, "400540"),
    "rent": (0, "401020"),
    "toll": (200, "400270"),
    "alarm": (200, "400330"),
    "shop": (200, "400112"),
    "drive": (55, "400110"),
    "train": (100, "400840"),
    "travel": (100, "400840"),
    "health insurance": (0, "400610"),
    "doctor": (0, "400610"),
    "pharmacy": (55, "400610"),
    "craft": (100, "401050"),
    "abroad": (0, "400112"),
}

# sector | printed name | registered name | names on statements, separated by ; | town
_KNOWN = """
internet|Free|Free SAS|FREE TELECOM;FREE HAUTDEBIT|
internet|Orange|Orange SA|ORANGE SA-ORANGE|
internet|SFR|Société française du radiotéléphone - SFR|SFR;SFR FIXE ADSL|
internet|Bouygues Telecom|Bouygues Telecom SA|BOUYGUES TELECOM|
mobile|Free Mobile|Free Mobile SAS|FREE MOBILE|
mobile|Sosh|Orange SA|ORANGE SA-ORANGE;SOSH|
mobile|RED by SFR|Société française du radiotéléphone - SFR|SFR;RED BY SFR|
mobile|Prixtel|Prixtel SAS|PRIXTEL|
mobile|La Poste Mobile|La Poste Telecom SAS|LA POSTE TELECOM|
power|EDF|Électricité de France SA|EDF CLIENTS PARTICULIERS;EDF|
power|Engie|Engie SA|ENGIE;ENGIE PARTICULIERS|
power|TotalEnergies|TotalEnergies Électricité et Gaz France|TOTALENERGIES ELECTRICITE ET GAZ|
power|Ekwateur|Ekwateur SAS|EKWATEUR|
gas|Gaz de Bordeaux|Gaz de Bordeaux SAS|GAZ DE BORDEAUX|
gas|ENI|Plenitude France SA|ENI GAS & POWER FRANCE;PLENITUDE|
water|Veolia Eau|Veolia Eau - Compagnie générale des eaux|VEOLIA EAU CIE GLE DES EAUX;VEOLIA EAU|
water|SUEZ Eau France|Suez Eau France SAS|SUEZ EAU FRANCE|
water|Saur|Saur SAS|SAUR|
stream|Netflix|Netflix International B.V.|NETFLIX.COM;NETFLIX|
stream|Spotify|Spotify AB|SPOTIFY P#?#?##;SPOTIFY|
stream|Deezer|Deezer SA|DEEZER;DEEZER.COM|
stream|Disney+|The Walt Disney Company|DISNEY PLUS;DISNEYPLUS|
stream|CANAL+|Groupe Canal+ SA|GROUPE CANAL PLUS;CANAL+ FRANCE|
stream|Prime Video|Amazon Digital France|AMAZON PRIME;PRIME VIDEO AMZN.EU|
press|Le Monde|Société éditrice du Monde|LE MONDE;SOC EDITRICE DU MONDE|
press|Mediapart|Mediapart SAS|MEDIAPART|
press|Télérama|Publications de la vie catholique|TELERAMA;MALESHERBES PUBLICATIONS|
press|Ouest-France|Société Ouest-France|OUEST FRANCE|
cloud|OVHcloud|OVH SAS|OVH;OVH ROUBAIX|
cloud|iCloud+|Apple Distribution International|APPLE.COM/BILL|
cloud|Google One|Google Commerce Limited|GOOGLE *GOOGLE ONE;GOOGLE STORAGE|
cloud|Microsoft 365|Microsoft Ireland Operations|MSFT *E0#?##?#;MICROSOFT*365|
gym|Basic-Fit|Basic Fit France SAS|BASIC FIT FRANCE;BASIC-FIT|
gym|L'Orange Bleue|Orange Bleue Fitness|ORANGE BLEUE;DECIPLUS ORANGE BLEUE|
transit|TCL|Sytral Mobilités|TCL TECELY;SYTRAL MOBILITES|LYON
transit|Navigo|Comutitres SAS|COMUTITRES SAS;NAVIGO ANNUEL|PARIS
home insurance|MAIF|MAIF|MAIF|
home insurance|MACIF|Macif|MACIF|
home insurance|Matmut|Matmut Mutualité|MATMUT|
car insurance|GMF|GMF Assurances|GMF ASSURANCES|
car insurance|Direct Assurance|Avanssur|DIRECT ASSURANCE;AVANSSUR|
car insurance|MAAF|MAAF Assurances SA|MAAF ASSURANCES SA|
school insurance|MAE|Mutuelle assurance de l'éducation|MAE|
mutual|Harmonie Mutuelle|Harmonie Mutuelle|HARMONIE MUTUELLE|
mutual|MGEN|Mutuelle générale de l'éducation nationale|MGEN|
mutual|Malakoff Humanis|MHN Mutuelle|MALAKOFF HUMANIS PREVOYANCE;MHN|
town|Ville de Villeurbanne|Commune de Villeurbanne|SGC VILLEURBANNE;REGIE RESTAURANTS SCOLAIRES|
tax|Impôts.gouv|Direction générale des finances publiques|DIRECTION GENERALE DES FINANCES PUBLIQUES;DGFIP IMPOT|
rent|Foncia|Foncia Lyon SAS|FONCIA LYON|
toll|Ulys|Vinci Autoroutes|VINCI AUTOROUTES SERVICE CLIENT;ULYS|
toll|Fulli|Area - APRR|APRR;AREA TELEPEAGE|
alarm|Verisure|Securitas Direct SAS|SECURITAS DIRECT;VERISURE|
shop|Amazon|Amazon EU S.à r.l.|AMAZON EU SARL PAYLI2;AMAZON.FR*??###;AMZN MKTP FR*?#?##|
shop|Cdiscount|Cdiscount SA|CDISCOUNT;CDISCOUNT.COM|
shop|Fnac|Fnac Direct|FNAC DIRECT;FNAC.COM|
shop|Darty|Établissements Darty et fils|DARTY.COM;DARTY ####|
shop|LDLC|Groupe LDLC|LDLC.COM;GROUPE LDLC|
shop|Boulanger|Boulanger SA|BOULANGER;BOULANGER.COM|
shop|Decathlon|Decathlon France|DECATHLON ####;DECATHLON.FR|
shop|Leroy Merlin|Leroy Merlin France|LEROY MERLIN ###;LEROYMERLIN.FR|
shop|IKEA|Meubles Ikea France|IKEA ###;IKEA.FR|
shop|La Redoute|La Redoute SAS|LA REDOUTE;REDOUTE ROUBAIX|
shop|Zalando|Zalando SE|ZALANDO;ZALANDO PAYMENTS|
shop|Veepee|Veepee SA|VEEPEE;VENTE-PRIVEE.COM|
shop|Back Market|Jung SAS|BACK MARKET;BACKMARKET|
shop|ManoMano|Colibri SAS|MANOMANO;COLIBRI MANOMANO|
shop|Rakuten|Rakuten France SAS|RAKUTEN FR;PRICEMINISTER|
shop|Sephora|Sephora SAS|SEPHORA.FR;SEPHORA ####|
shop|Maisons du Monde|Maisons du Monde France|MDM E-COMMERCE;MAISONS DU MONDE|
shop|Conforama|Conforama France|CONFORAMA.FR;CONFO ####|
shop|King Jouet|King Jouet SA|KING JOUET|
shop|Truffaut|Établissements Horticoles Georges Truffaut|TRUFFAUT ##|
shop|Yves Rocher|Laboratoires de biologie végétale Yves Rocher|YVES ROCHER;LAB YVES ROCHER|
shop|Lego|Lego Brand Retail|LEGO SYSTEM;LEGO.COM|
drive|Carrefour Drive|Carrefour Hypermarchés|CARREFOUR DRIVE;CARREFOUR ####|
drive|E.Leclerc Drive|SA Villeurdis|LECLERC DRIVE ####;E.LECLERC|VILLEURBANNE
drive|Auchan Drive|Auchan Hypermarché|AUCHAN DRIVE;CHRONODRIVE ###|
drive|Picard|Picard Surgelés|PICARD SA ####|LYON
train|SNCF Connect|SNCF Voyageurs SA|SNCF INTERNET;SNCF-VOYAGEURS;SNCF WEB MOBILE|
train|Trainline|Trainline SAS|TRAINLINE;WWW.TRAINLINE.COM|
train|OUIGO|SNCF Voyageurs SA|OUIGO;SNCF-VOYAGEURS|
train|Eurostar|Eurostar International Limited|EUROSTAR INTL;THALYS INTL|
train|FlixBus|FlixBus France SARL|FLIXBUS.FR|
train|BlaBlaCar|Comuto SA|COMUTO SA;BLABLACAR|
travel|Airbnb|Airbnb Ireland UC|AIRBNB * HM????#?#?|
travel|Booking.com|Booking.com B.V.|HOTEL AT BOOKING.COM;BOOKING.COM|
travel|Air France|Société Air France|AIR FRANCE ##########;AIRFRANCE|
travel|ibis|Accor SA|IBIS ####;ACCOR ALL|
travel|Gîtes de France|Gîtes de France du Rhône|GITES DE FRANCE|
doctor|Dr Hélène Marchandeau|SELARL Marchandeau|DR MARCHANDEAU;SELARL MARCHANDEAU|VILLEURBANNE
doctor|Dr Karim Bensaber|Dr Bensaber Karim|SUMUP *DR BENSABER;DR BENSABER|LYON
doctor|Cabinet dentaire des Gratte-Ciel|SCM Dentistes Gratte-Ciel|SCM DENTISTES G CIEL;CAB DENTAIRE|VILLEURBANNE
doctor|Centre d'ophtalmologie Part-Dieu|SELAS Vision Est|VISION EST;CTRE OPHTALMO|LYON
pharmacy|Pharmacie du Tonkin|SELARL Pharmacie du Tonkin|PHARM DU TONKIN;PHIE TONKIN|VILLEURBANNE
craft|Norauto|Norauto France|NORAUTO ####|BRON
craft|Midas|Mobivia Midas France|MIDAS ###|LYON
craft|Clinique vétérinaire des Charpennes|SCP Vétos Charpennes|CLIN VETERINAIRE;SCP VETOS CHARPENNES|VILLEURBANNE
craft|Optic 2000|Gadol Optic|OPTIC 2000;GADOL OPTIC|LYON
abroad|GitHub|GitHub Inc.|GITHUB.COM;GITHUB, INC.|
abroad|DigitalOcean|DigitalOcean LLC|DIGITALOCEAN.COM|
abroad|AliExpress|Alibaba.com Singapore|ALIEXPRESS;ALIPAY SINGAPORE|
abroad|Etsy|Etsy Ireland UC|ETSY.COM*?????###;ETSY.COM|
abroad|Steam|Valve Corporation|STEAMGAMES.COM 42595|
abroad|Blackwell's|Blackwell UK Limited|BLACKWELL UK LTD|OXFORD
abroad|Kickstarter|Kickstarter PBC|KICKSTARTER.COM|
"""

_HEADS = (
    "Bri",
    "Cal",
    "Dor",
    "El",
    "Fer",
    "Gar",
    "Hel",
    "Isa",
    "Jor",
    "Kor",
    "Lan",
    "Mor",
    "Nev",
    "Or",
    "Pel",
    "Quin",
    "Ros",
    "Sel",
    "Tav",
    "Ul",
    "Var",
    "Wil",
    "Yo",
    "Zan",
)
_MIDDLES = ("va", "li", "no", "ra", "be", "dou", "cha", "mi", "to", "gue", "sou", "bel", "an", "er")
_TAILS = ("nis", "let", "mar", "vane", "zac", "lis", "dor", "rel", "tex", "via", "mont", "nel", "rine", "quin", "sel")
_TRADES: dict[str, tuple[str, ...]] = {
    "internet": ("{} Télécom", "{} Fibre"),
    "mobile": ("{} Mobile", "{}"),
    "power": ("{} Énergie", "Énergies du {}"),
    "gas": ("{} Gaz", "{} Énergies"),
    "water": ("Eaux de {}", "Régie des eaux de {}"),
    "stream": ("{} TV", "{}"),
    "press": ("Le Courrier de {}", "{} Magazine"),
    "cloud": ("{} Cloud", "{} Hébergement"),
    "gym": ("{} Fitness", "Club {}"),
    "home insurance": ("{} Assurances", "Mutuelle {}"),
    "car insurance": ("{} Assurances", "{} Auto"),
    "mutual": ("Mutuelle {}", "{} Santé"),
    "town": ("Ville de {}", "Commune de {}"),
    "rent": ("Agence {}", "Régie {}"),
    "drive": ("{} Drive", "Primeurs {}"),
    "train": ("{} Voyages", "Cars {}"),
    "travel": ("Hôtel {}", "Gîte {}", "Camping {}"),
    "doctor": ("Dr {}", "Cabinet {}"),
    "pharmacy": ("Pharmacie {}",),
    "craft": ("Garage {}", "Plomberie {}", "Menuiserie {}", "Atelier {}"),
    "shop": ("{}", "Maison {}", "{} & Fils", "La Boutique {}", "Librairie {}"),
    "abroad": ("{} Ltd", "{} Inc.", "{} Store"),
}
_ALONE = ("tax", "transit", "school insurance", "toll", "alarm")  # nobody invents another tax office
_FORMS = ("SAS", "SARL", "SA", "EURL", "SASU")


@lru_cache(maxsize=1)
def known() -> tuple[Vendor, ...]:
    """Return every well-known vendor, in a fixed order."""
    return tuple(_parse(line) for line in _KNOWN.strip().splitlines())


def _parse(line: str) -> Vendor:
    sector, name, legal, labels, city = line.split("|")
    slug = "".join(sign if sign.isalnum() else "-" for sign in f"{sector} {name}".lower())
    return Vendor(slug, name, legal, tuple(labels.split(";")), sector, city)


def coin(throw: Random) -> str:
    """Return an invented proper name of two or three syllables."""
    middle = throw.choice(_MIDDLES) if throw.random() < 0.5 else ""
    return throw.choice(_HEADS) + middle + throw.choice(_TAILS)


def invent(throw: Random, sector: str, serial: int) -> Vendor:
    """Return a vendor that no dictionary knows.

    Half of them appear on statements under their own name, a quarter under a shortened or run-together form of it,
    and a quarter under the unrelated name of the company behind the brand.
    """
    root = coin(throw)
    name = throw.choice(_TRADES.get(sector, ("{}", "Maison {}"))).format(root)
    legal = f"{name} {throw.choice(_FORMS)}"
    draw = throw.random()
    if draw < 0.5:
        labels: tuple[str, ...] = (name, legal)
    elif draw < 0.75:
        labels = throw.choice(((name.replace(" ", ""),), (f"{root[:5]} {throw.choice(_FORMS)}",), (f"{root} ####",)))
    else:
        behind = throw.choice((f"{coin(throw)} HOLDING", f"{coin(throw)[:3]} FRANCE", f"STE {coin(throw)}"))
        legal = f"{behind.title()} {throw.choice(_FORMS)}"
        labels = (behind,)
    return Vendor(f"invented-{serial}", name, legal, labels, sector, known=False)


def cast(throw: Random, unknown: float) -> dict[str, tuple[Vendor, ...]]:
    """Return the vendors of a household by sector, the share `unknown` of them replaced by invented ones."""
    brands = known()
    open_to = [place for place, vendor in enumerate(brands) if vendor.sector not in _ALONE]
    replaced = set(throw.sample(open_to, min(len(open_to), round(unknown * len(brands)))))
    sectors: dict[str, list[Vendor]] = {sector: [] for sector in SECTORS}
    for place, vendor in enumerate(brands):
        sectors[vendor.sector].append(invent(throw, vendor.sector, place) if place in replaced else vendor)
    return {sector: tuple(members) for sector, members in sectors.items()}
