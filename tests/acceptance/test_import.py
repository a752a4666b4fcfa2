"""An organization that exists is imported: under every profile nothing changes, and the first apply only adopts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.acceptance.bench import PASSWORD, Bench, Said
from tests.acceptance.conftest import MakeBench

from odc_emulator.profiles import PROFILES
from odc_emulator.seed import AppSeed, ClientSeed, Seed, StageSeed, default_clients, default_seed

STAGES = ("Development", "QA", "Production")
APPS = ("CRM", "Portal")
WITH_LISTS = tuple(name for name, profile in PROFILES.items() if profile.test_list_in_api)
CLICKED: Mapping[str, str] = {
    "host": "smtp.example.com",
    "authentication": "basic",
    "username": "mailer@example.com",
    "password": PASSWORD,
    "senderName": "Example: all",
    "senderAddress": "no-reply@example.com",
}
"""What somebody clicked together in the portal of each stage."""


class Organization:
    """An emulated organization, and an empty folder to import it into."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.platform = bench.platform
        self.folder = folder
        self.lists = PROFILES[bench.platform.health()["profile"]].test_list_in_api
        for variable in ("SHARED", "SHARED_2", "DEVELOPMENT", "QA", "PRODUCTION"):
            bench.environment[f"STAGEMAIL_SMTP_{variable}"] = PASSWORD

    def click(self, stage: str, values: Mapping[str, str | None], app: str | None = None) -> None:
        """Set values as a person does in the portal."""
        for field, value in values.items():
            if self.lists or not field.startswith("testList"):
                self.platform.set(stage, field, value, app)

    def list_of(self, stage: str, app: str, members: str) -> None:
        """Give an app a test list and switch it on."""
        self.click(stage, {"testList": members, "testListActive": "true"}, app)

    def run(self, *arguments: str, expect: int | None = 0) -> Said:
        return self.bench.run(*arguments, expect=expect, cwd=self.folder)

    def asked(self, *arguments: str) -> tuple[str, ...]:
        """The command."""
        return ("import", "--domain", self.bench.emulator.url, "--client-id", "stagemail-ci", *arguments)

    def take(self, *arguments: str, expect: int = 0) -> Said:
        """``stagemail import``, and a commit of what it wrote."""
        said = self.run(*self.asked(*arguments), expect=expect)
        if (self.folder / "stagemail.yaml").exists():
            self.bench.repository = self.folder
            self.bench.git("init", "--quiet", "--initial-branch", "main")
            self.bench.commit("Import what is there")
        return said

    def nothing_changes(self) -> None:
        """The law, as an admin sees it."""
        self.run("validate").hides("error")
        made = json.loads(self.run("plan", "--detailed-exitcode", "--format", "json").out)
        assert [plan["steps"] for plan in made["plans"]] == [[] for _ in made["plans"]]
        self.run("apply").shows("nothing was to be done")
        assert self.platform.ledger() == []

    def is_adopted(self) -> None:
        """After the first apply there is still nothing to do."""
        self.nothing_changes()
        self.run("plan", "--detailed-exitcode").shows("In sync, left alone")
        self.run("status").shows("Ready")
        assert self.platform.ledger() == []


MakeOrganization = Callable[..., Organization]


@pytest.fixture
def organization(make_bench: MakeBench, tmp_path: Path) -> MakeOrganization:
    """Makes an organization that nobody has imported."""

    def make(profile: str = "guid-pending", **options: object) -> Organization:
        folder = tmp_path / "imported"
        folder.mkdir()
        return Organization(make_bench(profile, discovered=False, **options), folder)

    return make


@pytest.mark.parametrize("profile", PROFILES)
def test_right_after_an_import_nothing_is_to_be_done(organization: MakeOrganization, profile: str) -> None:
    there = organization(profile)
    for stage in STAGES:
        there.click(stage, CLICKED)
    for app in ("CRM", "Billing"):
        there.list_of("QA", app, "qa@example.com, b@example.com")
    there.list_of("Development", "CRM", "dev@example.com")
    said = there.take()
    said.shows("STAGEMAIL_ODC_CLIENT_SECRET", "password of mailer@example.com at smtp.example.com:587")
    if there.lists:
        said.shows("mail real people outside production", "qa/Portal", "qa/FieldApp")
    else:
        said.shows("the platform's API shows no test list")
    there.is_adopted()


@pytest.mark.parametrize("profile", ["guid-pending", "symbol-live", "no-test-list-live"])
def test_odd_things_are_named_and_left_alone(organization: MakeOrganization, profile: str) -> None:
    there = organization(profile)
    for stage in STAGES:
        there.click(stage, CLICKED)
    there.click("Production", {"port": "25"})
    there.click("Development", {"authentication": "Kerberos"})
    there.platform.set("QA", "senderName", "Somebody's", pending=True)
    there.platform.set("QA", "settings/ApiUrl", "https://x.example", "Billing", pending=True)
    there.list_of("QA", "Portal", "nobody")
    said = there.take()
    said.shows("production/server.port: the platform has 25", "Kerberos", "settings: ApiUrl")
    if there.lists:
        said.shows("qa/Portal: its test list cannot be written", "nobody")
    said.shows("pending: set is Somebody's", "apply or discard it in the Portal")
    there.nothing_changes()


def test_equal_stages_share_one_configuration(organization: MakeOrganization) -> None:
    there = organization()
    for stage in STAGES:
        there.click(stage, CLICKED)
    there.take().shows("configuration shared-relay", "password of mailer@example.com", "_SMTP_SHARED")
    shared = there.bench.read("environments/shared/email.yaml")
    assert shared.count("kind: EmailConfiguration") == 1
    assert "folders:" in there.bench.read("stagemail.yaml")
    there.nothing_changes()


def test_no_value_of_a_secret_is_written_or_said(organization: MakeOrganization) -> None:
    there = organization("symbol-live")
    there.click("QA", CLICKED)
    said = there.take()
    said.hides(PASSWORD, "emulator-secret")
    files = b"".join(
        path.read_bytes() for path in there.folder.rglob("*") if path.is_file() and ".git" not in path.parts
    )
    assert PASSWORD.encode() not in files
    assert b"emulator-secret" not in files


def test_nothing_is_ever_overwritten(organization: MakeOrganization) -> None:
    there = organization()
    there.click("QA", CLICKED)
    (there.folder / "environments").mkdir()
    (there.folder / "stagemail.yaml").write_text("mine\n", encoding="utf-8")
    said = there.run(*there.asked(), expect=2)
    said.shows("already there: environments, stagemail.yaml")
    assert (there.folder / "stagemail.yaml").read_text(encoding="utf-8") == "mine\n"
    assert sum(there.platform.reads().values()) == 0


def test_an_import_goes_where_it_is_told(organization: MakeOrganization, tmp_path: Path) -> None:
    there = organization()
    there.click("QA", CLICKED)
    asked = there.asked("--folder", str(tmp_path / "new"), "--format", "json")
    assert json.loads(there.run(*asked).out)["report"]["domain"] == there.bench.emulator.url
    assert (tmp_path / "new" / "odc-mapping.yaml").is_file()
    assert (tmp_path / "new" / ".gitignore").read_text(encoding="utf-8").startswith("stagemail.db\n")


def test_an_organization_without_a_mail_server_is_not_imported(organization: MakeOrganization) -> None:
    there = organization()
    said = there.take(expect=1)
    said.shows("no stage can be imported", "qa: no mail server is set there")
    assert list(there.folder.iterdir()) == []


def test_a_stage_that_may_not_be_read_is_named_and_the_others_are_imported(organization: MakeOrganization) -> None:
    clients = [
        ClientSeed(client_id="stagemail-ci", secret="emulator-secret", stages={"QA": ["View stage"]}),
    ]  # fmt: skip
    seed = default_seed()
    there = organization(seed=Seed(stages=seed.stages, apps=seed.apps, clients=clients))
    for stage in STAGES:
        there.click(stage, CLICKED)
    there.take(expect=5).shows("Stages that were left out", "qa:", "View configurations")
    assert "qa:" not in there.bench.read("stagemail.yaml")
    there.nothing_changes()


def test_several_portfolios_want_one_named(organization: MakeOrganization) -> None:
    stages = [StageSeed(name="QA", order=0), StageSeed(name="QA", order=1, portfolio="Retail", key="retail-qa")]
    there = organization(
        seed=Seed(
            portfolios=["Main", "Retail"], stages=stages, apps=[AppSeed(name="CRM")], clients=default_clients(["QA"])
        )
    )
    there.click("QA", CLICKED)
    there.run(*there.asked(), expect=2).shows("--portfolio")
    there.take("--portfolio", "Main")
    assert "portfolio: Main" in there.bench.read("stagemail.yaml")
    there.nothing_changes()


def test_names_that_could_mean_something_else_are_written_as_keys(organization: MakeOrganization) -> None:
    stages = [StageSeed(name="Qualität & Test", order=0, purpose=None), StageSeed(name="QA 2", order=1)]
    apps = [AppSeed(name="Portal*", key="key-of-portal"), AppSeed(name="CRM")]
    there = organization(seed=Seed(stages=stages, apps=apps, clients=default_clients([])))
    there.click("Qualität & Test", CLICKED)
    there.take().shows("the platform tells no purpose")
    assert "key-of-portal" in there.bench.read("environments/qualitat-test/apps.yaml")
    there.run("validate").hides("error")
    made = json.loads(there.run("plan", "--no-secrets", "--format", "json").out)  # its password is in no store yet
    assert [plan["steps"] for plan in made["plans"]] == [[] for _ in made["plans"]]
    assert there.platform.ledger() == []


ODD = ("", " ", "x" * 600, "p\u0430ypal.example", "zero\u200bwidth", "on", "04", "@x: #", "ünïcode.example")
VALUES: Mapping[str, tuple[str, ...]] = {
    "host": ("smtp.example.com", "SMTP.Example.com", "10.0.0.7", "smtp_relay"),
    "port": ("587", "25", "465", "five"),
    "authentication": ("none", "basic", "oauth2", "Kerberos"),
    "username": ("mailer@example.com", "mailer"),
    "password": (PASSWORD,),
    "tokenUrl": ("https://login.example.com/token", "http://login.example.com/token"),
    "clientId": ("3f2a",),
    "clientSecret": (PASSWORD,),
    "scopes": ("a b",),
    "senderName": ("Example", 'Ex: "ample", AG'),
    "senderAddress": ("no-reply@example.com", "no-at-sign"),
}
OF_APPS: Mapping[str, tuple[str, ...]] = {
    "testList": ("qa@example.com", "b@example.com, qa@example.com", "nobody"),
    "testListActive": ("true", "false"),
}


def drawn(pools: Mapping[str, tuple[str, ...]]) -> st.SearchStrategy[dict[str, str | None]]:
    secrets = ("password", "clientSecret", "testListActive")
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(pool) if name in secrets else st.sampled_from((*pool, *pool, *pool, *ODD))
            for name, pool in pools.items()
        },
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_law_holds_for_any_organization(make_bench: MakeBench, tmp_path: Path, profile: str) -> None:
    """Generated organizations over the whole way: HTTP, files, Git, the commands."""
    bench = make_bench(profile, discovered=False, limits=False)
    count = iter(range(10_000))

    @settings(
        max_examples=3, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        st.tuples(*(drawn(VALUES) for _ in STAGES)),
        st.lists(
            st.tuples(st.sampled_from(STAGES[:2]), st.sampled_from(["CRM", "Portal"]), drawn(OF_APPS)), max_size=4
        ),
    )
    def law(stages: tuple[dict[str, str | None], ...], apps: list[tuple[str, str, dict[str, str | None]]]) -> None:
        folder = tmp_path / f"organization-{next(count)}"
        folder.mkdir()
        there = Organization(bench, folder)
        for stage, values in zip(STAGES, stages, strict=True):
            there.click(stage, {**dict.fromkeys(VALUES), "host": "smtp.example.com", **values})
            for app in APPS:
                if stage != "Production":
                    there.click(stage, dict.fromkeys(OF_APPS), app)
        for stage, app, values in apps:
            there.click(stage, values, app)
        code = there.run(*there.asked(), expect=None).code
        assert (code == 0) == (folder / "stagemail.yaml").exists()
        if code == 0:
            bench.repository = folder
            bench.git("init", "--quiet", "--initial-branch", "main")
            bench.commit("Import what is there")
            there.nothing_changes()

    law()
