"""Checks of senders in one run: the operator's resolver, and the checks that are loaded when they are asked for.

Not here: who asks (``reconcile.check_sender``), what records mean (``mail.believing``).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import import_module
from typing import Any

from stagemail.model.sender import Believed, SenderQuestion, question_of
from stagemail.model.snapshot import Desired
from stagemail.ports import Resolver
from stagemail.reconcile.check_sender import check_senders
from stagemail.reconcile.preflight import configuration_of
from stagemail.reconcile.stages import StageResult
from stagemail.wiring.installation import Installation

SIDE_BY_SIDE = 16
"""Stages that are asked for at the same time, at most."""


class SenderChecks:
    """What a run may ask of DNS."""

    def __init__(self, installation: Installation) -> None:
        self._operator = installation.operator
        self._base = installation.base

    def question(self, desired: Desired) -> SenderQuestion:
        """What to ask for a stage. Raises NotFound where nothing configures it."""
        relays = {relay.lower(): tuple(addresses) for relay, addresses in self._operator.dns.relays.items()}
        return question_of(desired.stage, configuration_of(desired), relays)

    def check(self, asked: Sequence[SenderQuestion]) -> tuple[StageResult[Believed], ...]:
        """Judge the senders of these stages."""
        believing: Any = import_module("stagemail.mail.believing")

        def judge(question: SenderQuestion) -> Believed:
            found: Believed = believing.believed(self._resolver.ask, question, self._fetch)
            return found

        with ThreadPoolExecutor(min(SIDE_BY_SIDE, max(1, len(asked))), thread_name_prefix="sender") as executor:
            return check_senders(asked, judge, executor)

    @cached_property
    def _fetch(self) -> Any:
        """Gets policy files of MTA-STS, within the rules for mail checks."""
        sts: Any = import_module("stagemail.mail.mta_sts")
        bounds: Any = import_module("stagemail.mail.bounds")
        securing: Any = import_module("stagemail.mail.securing")
        rules: Any = import_module("stagemail.resources.mail")
        checks = self._operator.mail
        context = securing.context_of(self._base / checks.ca_file if checks.ca_file else None)
        return sts.fetcher(rules.egress_of(checks, []), bounds.Bounds(connect=5.0, reply=5.0, total=10.0), context)

    @cached_property
    def _resolver(self) -> Resolver:
        module: Any = import_module("stagemail.mail.dns_resolver")
        rules: Any = import_module("stagemail.resources.dns")
        servers = [rules.nameserver_of(text) for text in self._operator.dns.nameservers]
        made: Resolver = module.DnsResolver(servers, float(self._operator.dns.timeout))
        return made
