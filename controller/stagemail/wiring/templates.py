"""What ``stagemail init`` writes: a first operator file and a folder per stage, complete enough to validate.

Not here: writing files (``cli.init``), what the fields mean (``resources``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

IGNORED = "stagemail.db\nstagemail.db-*\nstagemail.db.key\n*.postgresql.key\n"


@dataclass(frozen=True, slots=True)
class FirstStage:
    """A stage as the command line names it."""

    name: str
    environment: str
    purpose: str


def files(domain: str, client_id: str, stages: Sequence[FirstStage], sender_domain: str) -> Mapping[str, str]:
    """Path → text of every file, for a repository that has none of them."""
    written = {"stagemail.yaml": _operator(domain, client_id, stages, sender_domain)}
    for stage in stages:
        written[f"environments/{stage.name}/email.yaml"] = _email(stage, sender_domain)
        written[f"environments/{stage.name}/apps.yaml"] = _apps(stage)
    return written


def _operator(domain: str, client_id: str, stages: Sequence[FirstStage], sender_domain: str) -> str:
    listed = "".join(
        f"""  {stage.name}:
    target: odc
    environment: {json.dumps(stage.environment, ensure_ascii=False)}
    purpose: {stage.purpose}
    sync: {{automated: false, selfHeal: recipients}}
"""
        for stage in stages
    )
    grants = "".join(
        f'  - {{stages: [{stage.name}], store: env, keys: "SMTP_{_variable(stage.name)}*", '
        f'destinations: ["smtp.{sender_domain}:587"]}}\n'
        for stage in stages
    )
    return f"""# The operator file: identity, trust and policy. No secret is in it.
apiVersion: stagemail/v1
kind: Operator
source: {{path: environments}}
state: sqlite:///stagemail.db
targets:
  odc:
    type: odc
    domain: {domain}
    mapping: odc-mapping.yaml      # written by `stagemail target discover --write`
    readOnly: true                 # nothing can be written until you set this to false
    credentials:
      clientId: {client_id}
      clientSecret: {{secretRef: {{store: env, key: ODC_CLIENT_SECRET}}}}   # variable STAGEMAIL_ODC_CLIENT_SECRET
stages:
{listed}secretStores:
  env: {{type: env, prefix: STAGEMAIL_}}
grants:
{grants}ownDomains: [{sender_domain}]
"""


def _email(stage: FirstStage, sender_domain: str) -> str:
    recipients = (
        "  recipients: {mode: set-in-app}\n"
        if stage.purpose == "production"
        else f"""  recipients:
    mode: test-list
    testList: [{{name: {stage.name} team, address: {stage.name}@{sender_domain}}}]
"""
    )
    variable = f"SMTP_{_variable(stage.name)}"
    return f"""apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {{name: {stage.name}-relay}}
spec:
  server: {{host: smtp.{sender_domain}, port: 587, security: starttls}}
  authentication:
    type: basic
    username: mailer@{sender_domain}
    password: {{secretRef: {{store: env, key: {variable}}}}}   # variable STAGEMAIL_{variable}
  sender: {{name: {json.dumps(stage.environment, ensure_ascii=False)}, address: no-reply@{sender_domain}}}
{recipients}"""


def _apps(stage: FirstStage) -> str:
    return f"""# Which apps of this stage stagemail manages. Names, keys, or patterns with * and ?.
apiVersion: stagemail/v1
kind: AppBinding
metadata: {{name: {stage.name}-apps}}
spec:
  apps: ["*"]
"""


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
