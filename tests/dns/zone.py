"""Domains made for the checks of senders: one fault each. Kept as data, for the memory adapter and a real server."""

import base64
from collections.abc import Mapping
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stagemail.mail.memory_dns import Zone
from stagemail.model.dns import RecordKind

Records = dict[RecordKind, tuple[str, ...]]
RELAY = "relay.example"
ADDRESS = "203.0.113.25"
REJECT = "v=DMARC1; p=reject; rua=mailto:d@example"


@lru_cache(maxsize=4)
def key(bits: int, shape: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, shape)).decode()


def sender(domain: str, spf: str = f"v=spf1 ip4:{ADDRESS} -all", **more: str) -> dict[str, Records]:
    """A domain that takes mail; ``dkim`` and ``dmarc`` are records."""
    found: dict[str, Records] = {domain: {"MX": ("10 mail.good.example",), "TXT": (spf,) if spf else ()}}
    if "dkim" in more:
        found[f"s1._domainkey.{domain}"] = {"TXT": (more["dkim"],)}
    if "dmarc" in more:
        found[f"_dmarc.{domain}"] = {"TXT": (more["dmarc"],)}
    return found


@lru_cache(maxsize=1)
def zone() -> Zone:
    """Every domain."""
    good = f"v=DKIM1; k=rsa; p={key(2048)}"
    made: dict[str, Records] = {
        "mail.good.example": {"A": (ADDRESS,)},
        RELAY: {"A": (ADDRESS,)},
        "inside.example": {"A": ("10.1.2.3",)},
        **sender("good.example", dkim=good, dmarc=REJECT),
        "_mta-sts.good.example": {"TXT": ("v=STSv1; id=20261127",)},
        "_smtp._tls.good.example": {"TXT": ("v=TLSRPTv1; rua=mailto:t@good.example",)},
        "default._bimi.good.example": {"TXT": ("v=BIMI1; l=https://good.example/logo.svg",)},
        **sender("softfail.example", "v=spf1 ip4:198.51.100.1 ~all"),
        **sender("fail.example", "v=spf1 ip4:198.51.100.1 -all"),
        **sender("neutral.example", f"v=spf1 ip4:{ADDRESS} ?all"),
        **sender("anyone.example", "v=spf1 +all"),
        **sender("silent.example", ""),
        **sender("typo.example", f"v=spf1 ipv4:{ADDRESS} -all"),
        **sender("network.example", "v=spf1 ip4:203.0.113.999 -all"),
        **sender("loop.example", "v=spf1 include:loop2.example -all"),
        "loop2.example": {"TXT": ("v=spf1 include:loop.example -all",)},
        **sender("redirect.example", "v=spf1 redirect=good.example"),
        **sender("mx.example", "v=spf1 mx -all"),
        **sender("a.example", f"v=spf1 a:{RELAY}/24 -all"),
        **sender("macro.example", "v=spf1 exists:%{ir}.ok.macro.example -all"),
        "25.113.0.203.ok.macro.example": {"A": ("127.0.0.2",)},
        **sender("many.example", "v=spf1 " + " ".join(f"include:i{n}.many.example" for n in range(11)) + " -all"),
        **{f"i{n}.many.example": {"TXT": ("v=spf1 ip4:192.0.2.1 -all",)} for n in range(11)},
        **sender("voids.example", "v=spf1 " + " ".join(f"a:gone{n}.voids.example" for n in range(3)) + " -all"),
        **sender("none.example", "v=spf1 include:mail.good.example -all"),
        **sender("revoked.example", dkim="v=DKIM1; p=", dmarc=REJECT),
        **sender("cut.example", dkim=f"v=DKIM1; p={key(2048)[:200]}", dmarc=REJECT),
        **sender("weak.example", dkim=f"v=DKIM1; p={key(1024)}", dmarc=REJECT),
        **sender("old.example", dkim=f"p={key(2048, PublicFormat.PKCS1)}", dmarc=REJECT),
        **sender("edwards.example", dkim=f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}"),
        **sender("trial.example", dkim=f"{good}; t=y"),
        **sender("watched.example", dkim=good, dmarc="v=DMARC1; p=none"),
        **sender("wrong.example", dmarc="v=DMARC1; p=maybe"),
        **sender("org.example", dmarc="v=DMARC1; p=none; sp=reject"),
        **sender("sub.org.example", dkim=good),
        **sender("xn--bcher-kva.example", dkim=good, dmarc=REJECT),
        "null.example": {"MX": ("0 .",)},
        "bare.example": {"A": (ADDRESS,)},
        "empty.example": {"TXT": ("hello",)},
        "lost.example": {"MX": ("10 gone.lost.example",)},
        "amazonses.com": {"TXT": ("v=spf1 ip4:199.255.192.0/22 -all",)},
        **sender("misaligned.example", "", dmarc=REJECT),
        **sender("strict.example", dmarc="v=DMARC1; p=reject; aspf=s; adkim=s"),
        "bounce.strict.example": {"TXT": (f"v=spf1 ip4:{ADDRESS} -all",)},
        "spf.protection.outlook.com": {"TXT": ("v=spf1 ip4:40.92.0.0/15 -all",)},
        **sender("tenant.example", "v=spf1 include:spf.protection.outlook.com -all", dmarc=REJECT),
        "selector1._domainkey.tenant.example": {"TXT": (good,)},
        **sender("forgot.example", "v=spf1 include:amazonses.com -all", dmarc=REJECT),
    }
    made["twice.example"] = {"MX": ("10 mail.good.example",), "TXT": ("v=spf1 -all", "v=spf1 ~all")}
    made["_dmarc.twice.example"] = {"TXT": (REJECT, "v=DMARC1; p=none")}
    padding = tuple(f"{n}-verification={'x' * 200}" for n in range(20))
    made["large.example"] = {"MX": ("10 mail.good.example",), "TXT": (f"v=spf1 ip4:{ADDRESS} -all", *padding)}
    return made


ALIASES: Mapping[str, str] = {
    "s1._domainkey.alias.example": "one.chain.example",
    "one.chain.example": "two.chain.example",
    "two.chain.example": "s1._domainkey.good.example",
    "ring.example": "ring2.example",
    "ring2.example": "ring.example",
}
"""CNAMEs, which only a real server has: a chain to a key, and a ring."""
