"""The story of the demo, one function a step; each checks what it says against the platform and the mailbox.

Not here: how it is told (``telling``), where it plays (``place``).
"""

import shutil
from collections import Counter
from collections.abc import Callable

from stagemail.cli.demo.following import follow
from stagemail.cli.demo.place import Place
from stagemail.cli.demo.telling import require
from stagemail.resources.location import sample_folder

QA = "environments/qa"
CUSTOMER = "customer@customer.example"


def discover(place: Place) -> None:
    """What the platform's settings are called."""
    place.teller.step("The platform is looked at: which of its settings are email settings is written to a mapping.")
    place.stagemail("target", "discover", "--write", shows=["server.host"])
    place.commit("Map our fields to the platform's settings")


def validate(place: Place) -> None:
    """Every document against its schema."""
    place.teller.step("Every document is validated, as CI does for every commit.")
    place.stagemail("validate", shows=["stages: development, production, qa"])


def plan(place: Place) -> None:
    """What would happen."""
    place.teller.step("The plan: what would be changed in QA, in which order, and why.")
    place.stagemail("plan", "qa", shows=["smtp.example.com", "crm-test@example.com"])


def apply(place: Place) -> None:
    """It happens."""
    place.teller.step("It is applied to all stages: recipients first, then the server; read back, made live.")
    place.stagemail("apply", shows=["qa: read back equal, live on 5 of 5 apps"])
    place.stagemail("status", shows=["qa", "Ready"])
    place.stagemail("plan", "--detailed-exitcode")
    place.teller.seen("planning again finds nothing to do")


def mail(place: Place) -> None:
    """Mail reaches the test list and nobody else."""
    place.teller.step("An app of QA sends an email to a customer: it arrives at the test list and at nobody else.")
    _send(place, "CRM")
    got = _recipients(place)
    require(got == {"crm-test@example.com"}, f"only the test list got mail, not {sorted(got)}")
    place.teller.seen("To, Cc and Bcc were all replaced by crm-test@example.com")


def preflight(place: Place) -> None:
    """The server takes the credential and the sender; nothing is sent."""
    place.teller.step("Preflight: does QA's server take the credential over TLS, and the sender? Nothing is sent.")
    before = len(place.inbox())
    place.stagemail("preflight", "qa", shows=["mechanism PLAIN", "1 of 1 stages passed; nothing was sent"])
    require(len(place.inbox()) == before, "preflight sent nothing")


def review(place: Place) -> None:
    """A placeholder that nobody filled is found before anybody gets it."""
    place.teller.step("Review: an app's message is looked at before people get it. One thing is wrong with it.")
    shutil.copy(sample_folder() / "docs" / "examples" / "order.html", place.folder / "rendered.html")
    found = ("error template-placeholder", "was not filled: {{deliveryDay}}", "1 error; mail clients")
    place.stagemail("review", "../rendered.html", "--stage", "qa", expect=1, shows=found)
    page = (place.folder / "rendered.html").read_text(encoding="utf-8").replace("{{deliveryDay}}", "Monday")
    (place.folder / "rendered.html").write_text(page, encoding="utf-8")
    place.stagemail("review", "../rendered.html", shows=["nothing to mend"])


def send_test(place: Place) -> None:
    """One marked message, through the stage's own settings, to the test list."""
    place.teller.step("A test message with an app's template: marked, and to the test list whoever was asked for.")
    template = "<html><head><title>Order 7</title></head><body><p>Thank you</p></body></html>\n"
    (place.folder / "order.html").write_text(template, encoding="utf-8")
    send = ("send-test", "--stage", "qa", "--app", "CRM", "--template", "../order.html", "--to", CUSTOMER)
    place.stagemail(*send, shows=["accepted: test message", f"it replaces {CUSTOMER}"])
    newest = place.inbox()[-1]
    require(newest["recipients"] == ["crm-test@example.com"], "the test message reached the test list and nobody else")
    require(newest["subject"] == "[TEST qa] Order 7", "it is marked as a test")
    place.teller.seen("[TEST qa] Order 7 arrived at crm-test@example.com")
    show = ("inbox", "show", str(newest["id"]), "--folder", "../mail")
    place.stagemail(*show, shows=["Subject [TEST qa] Order 7", "to crm-test@example.com"])


def port(place: Place) -> None:
    """A commit changes the port."""
    place.teller.step("A commit changes the port; plan, apply, and the app is live with it.")
    place.change(f"{QA}/email.yaml", "port: 587", "port: 2587", "Move QA to the relay's new port")
    place.stagemail("plan", "qa", "--detailed-exitcode", expect=3, shows=["587 → 2587", "changed in Git"])
    place.stagemail("apply", "qa", shows=["read back equal, live on 5 of 5 apps"])
    _send(place, "Billing")
    require("qa@example.com" in _recipients(place), "Billing sends over the new port")
    place.teller.seen("Billing's mail arrived over port 2587")


def drift(place: Place) -> None:
    """Hand edits are seen, reported, and the dangerous one healed."""
    place.teller.step("Somebody edits in the portal: another port, and CRM's test list is switched off.")
    place.emulator("portal", "set", "--stage", "QA", "--field", "port", "--value", "26")
    place.emulator("portal", "set", "--stage", "QA", "--app", "CRM", "--field", "testListActive", "--value", "false")
    place.stagemail("drift", "qa", expect=3, shows=["server.port", "recipients.mode", "mail reaches real users now"])
    place.teller.step("Automatic reconciling heals the drift that widens recipients, and reports the other.")
    place.stagemail("apply", "qa", "--automatic", shows=["left alone"])
    place.stagemail("drift", "qa", expect=3, shows=["server.port"])
    place.stagemail("apply", "qa", shows=["read back equal"])
    place.stagemail("drift", "qa", shows=["no drift"])


def unbound(place: Place) -> None:
    """An app that nobody bound is named."""
    place.teller.step("Somebody deploys a new app that no binding names: the plan says so.")
    place.emulator("portal", "deploy", "--stage", "QA", "--app", "Shop", "--type", "WebApplication")
    place.stagemail("plan", "qa", shows=["Shop: bound by nobody"])


def unmanage(place: Place) -> None:
    """A removed binding is unmanaged, not blanked."""
    place.teller.step("A binding is removed from Git: the platform keeps its values, stagemail forgets them.")
    place.change(f"{QA}/apps.yaml", 'apps: ["Portal*", FieldApp]', 'apps: ["Portal*"]', "Leave FieldApp to its team")
    place.stagemail("apply", "qa", shows=["forgotten; the platform keeps its values"])
    place.emulator("show", "--stage", "QA", "--app", "FieldApp", shows=["qa@example.com"])
    place.teller.seen("FieldApp still has its test list")


def widen(place: Place) -> None:
    """Real users need a waiver."""
    place.teller.step("A commit would send CRM's mail to real users: it is held, with the waiver to paste.")
    old = "mode: test-list\n    testList:\n      - {name: CRM testers, address: crm-test@example.com}"
    place.change(f"{QA}/apps.yaml", old, "mode: set-in-app", "Let CRM write to everybody")
    place.stagemail("plan", "qa", expect=4, shows=["qa/CRM: test list → real users", "allow: recipients-widened"])
    place.stagemail("apply", "qa", expect=4, shows=["held"])
    _send(place, "CRM")
    require(CUSTOMER not in _recipients(place), "the customer got nothing while it is held")
    place.teller.step("A reviewed waiver names exactly that, and lets it through.")
    waiver = (
        "apiVersion: stagemail/v1\nkind: Waiver\nmetadata: {name: crm-pilot}\n"
        "spec: {allow: recipients-widened, apps: [CRM], to: set-in-app, reason: CHG-1234 pilot with one customer}\n"
    )
    place.write(f"{QA}/waivers.yaml", waiver, "Accept real users for CRM (CHG-1234)")
    place.stagemail("apply", "qa", shows=["done"])
    _send(place, "CRM")
    require(CUSTOMER in _recipients(place), "the customer gets CRM's mail now")
    place.teller.seen(f"{CUSTOMER} got CRM's mail, because a person agreed to it")


def killed(place: Place) -> None:
    """kill -9 loses nothing and doubles nothing."""
    place.teller.step("An apply is killed with kill -9 in the middle; the next run finishes it, nothing is sent twice.")
    place.change(f"{QA}/email.yaml", "name: Example QA", "name: Example QA team", "Say who writes")
    before = len(place.ledger())
    place.killed_apply("qa", writes=2)
    place.stagemail("apply", "qa", shows=["live on"])
    rows = place.ledger()[before:]
    sent = Counter((row["method"], row["path"], str(row.get("app"))) for row in rows if row["status"] < 300)
    twice = sorted(str(what) for what, count in sent.items() if count > 1)
    require(not twice, f"nothing was sent twice: {twice}")
    patches = sum(method == "PATCH" for method, _, _ in sent)
    require(patches == 1, f"one PATCH for the stage, not {patches}")
    place.teller.seen(f"{len(sent)} writes in the platform's own books, each once")
    place.stagemail("plan", "qa", "--detailed-exitcode")
    place.stagemail("history", "qa", "--limit", "5", shows=["interrupted"])


def adopt(place: Place) -> None:
    """What exists is imported, and nothing changes."""
    place.teller.step("Another team has an organization and no Git: it is imported, and the plan right after is empty.")
    folder = "../imported"
    before = len(place.ledger())
    place.stagemail(
        "import", "--domain", place.url, "--client-id", "stagemail-ci", "--folder", folder,
        shows=["wrote environments/qa/email.yaml", "qa/CRM", "no test list is active"],
    )  # fmt: skip
    place.stagemail("validate", folder, shows=["stages: development, production, qa"])
    place.stagemail("plan", "--root", folder, "--detailed-exitcode", shows=["Nothing to do: qa is as Git wants it."])
    require(len(place.ledger()) == before, "nothing was written to the platform")
    place.teller.seen("every app and setting is described, and no write reached the platform")


def _send(place: Place, app: str) -> None:
    to = ["--to", CUSTOMER, "--cc", "colleague@customer.example", "--bcc", "archive@customer.example"]
    place.emulator("send", "--stage", "QA", "--app", app, *to, "--subject", f"Invoice of {app}")


def _recipients(place: Place) -> set[str]:
    """Who got the newest message."""
    messages = place.inbox()
    require(bool(messages), "a message arrived")
    return set(messages[-1]["recipients"])


STORY: tuple[Callable[[Place], None], ...] = (
    discover, validate, plan, apply, preflight, mail, review, send_test, port, drift, unbound, unmanage, widen, killed,
    follow, adopt,
)  # fmt: skip
