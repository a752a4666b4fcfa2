"""A credential in a comment is in Git as any other: told with its line, and not repeated."""

import pytest

from stagemail.document import comments
from stagemail.source.pasted import in_comments

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    "line",
    [
        f"# {TOKEN}",
        f"port: 587 # was {TOKEN}",
        "# https://ann:hunter2hunter@smtp.example.com",
        "# -----BEGIN PRIVATE KEY-----",
        "# password: hunter2-hunter2",
        "    # clientSecret: 'a8~secret9'",
    ],
)
def test_a_comment_with_a_credential_is_a_problem_at_its_line(line: str) -> None:
    [problem] = in_comments(f"a: 1\n{line}\nb: 2\n".encode(), "environments/qa/email.yaml")
    assert (problem.code, problem.location.line, problem.severity) == ("literal-secret", 2, "error")
    assert problem.location.column == line.index("#") + 1
    assert not {TOKEN, "hunter2", "secret9"} & set(problem.message.split())


@pytest.mark.parametrize(
    "text",
    [
        "# the password: see the vault\n",
        "# password: {secretRef: {store: env, key: SMTP_2}}\n",
        "# password: <your password 1>\n",
        f"a: 'no # comment {TOKEN}'\n",
        f"a: |\n  # a text {TOKEN}\n",
        f"a: x#{TOKEN}\n",
        "# nothing\n",
    ],
)
def test_what_is_no_comment_or_no_credential_is_left_to_others(text: str) -> None:
    assert in_comments(text.encode(), "x.yaml") == ()


def test_comments_stand_where_they_stand() -> None:
    assert list(comments("a: 1 # one\n#two\nb: '#no' # three\n")) == [
        (1, 6, "# one"), (2, 1, "#two"), (3, 10, "# three"),
    ]  # fmt: skip
    assert list(comments("a: 'never ended\n# broken")) == []
