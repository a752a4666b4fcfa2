"""Sends notices by apprise: mail, chat, paging, webhooks, by an address that is a secret as a whole.

Source: apprise 2.3, "Apprise.notify". Not here: what is told when, and trying again (``reconcile.notifying``).
"""

import logging
import warnings
from collections.abc import Mapping
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from stagemail.errors import Unreachable, UserMustFix
from stagemail.model.notice import Notice, NoticeKind
from stagemail.model.secret import Secret

_TYPES: Final[Mapping[NoticeKind, NotifyType]] = {
    "stalled": NotifyType.FAILURE,
    "not-ready": NotifyType.WARNING,
    "source": NotifyType.WARNING,
    "journal": NotifyType.WARNING,
    "ready": NotifyType.SUCCESS,
    "applied": NotifyType.INFO,
}
_NEEDLESS: Final = ("dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
"""Services that show something on this machine's screen or write its log: no notification for people elsewhere."""

with warnings.catch_warnings():
    # apprise loads all its services at the first address; one of them uses a deprecated module where it still is there
    warnings.simplefilter("ignore", DeprecationWarning)
    Apprise().add("json://localhost")


class AppriseNotifier:
    """One address. ``name`` is the operator file's, which errors name; the address never shows."""

    def __init__(self, name: str, address: Secret) -> None:
        for library in ("apprise", "urllib3"):  # they would write addresses, which hold tokens
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
        self._name = name
        self._apprise = Apprise(asset=AppriseAsset(app_id="stagemail", app_desc="stagemail", async_mode=False))
        text = address.reveal().strip()
        if text.partition(":")[0].lower() in _NEEDLESS or not self._apprise.add(text):
            raise UserMustFix(
                f"notification {name}: its secret is no address that apprise can use",
                hint="write one as https://appriseit.com shows it, such as mailtos://… or slack://…",
            )

    def send(self, notice: Notice) -> None:
        """Send it once. Raises Unreachable where the service did not take it."""
        try:
            taken = self._apprise.notify(
                body=notice.body, title=notice.title, notify_type=_TYPES[notice.kind], body_format=NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - a hundred services, each with its own errors, which may hold tokens
            raise self._failed(type(error).__name__) from None
        if not taken:
            raise self._failed("not taken")

    def _failed(self, why: str) -> Unreachable:
        return Unreachable(
            f"notification {self._name} could not be sent ({why})",
            hint="check the service and the address in the secret store; for `mail`, run `stagemail preflight` on its "
            "stage: the server must be reachable without `mail.routes`, and trusted without `mail.caFile`",
        )
