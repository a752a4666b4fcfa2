"""Stands in for the GitHub CLI on a runner's path: keeps comments and issues in a file, and knows the calls that the
workflows make. Anything else is refused. Started as a program; not here: what is expected of it (the tests).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

BOT = "github-actions[bot]"


def chosen(comments: list[dict[str, Any]], query: str) -> str:
    """What `gh --jq` prints: by jq where it is there, else by what the one query that we know means."""
    if shutil.which("jq"):
        done = subprocess.run(
            ["jq", "-r", query], input=json.dumps(comments), capture_output=True, text=True, check=True
        )
        return done.stdout
    found = re.fullmatch(
        r'\.\[\] \| select\(\.user\.login == "(.+)"\) \| select\(\.body \| startswith\("(.+)"\)\) \| \.id', query
    )
    assert found is not None, query
    ours = (c for c in comments if c["user"]["login"] == found[1] and c["body"].startswith(found[2]))
    return "".join(f"{comment['id']}\n" for comment in ours)


def api(state: dict[str, Any], words: list[str]) -> None:
    """Comments: listed, made, changed."""
    path = next(word for word in words if word.startswith("repos/example/mail/issues/"))
    comments = state["comments"]
    if "--method" not in words:
        assert path.endswith("/1/comments") and "--paginate" in words, words
        sys.stdout.write(chosen(comments, option(words, "--jq")))
        return
    body = Path(option(words, "-F").removeprefix("body=@")).read_text(encoding="utf-8")
    if option(words, "--method") == "POST":
        assert path.endswith("/1/comments"), path
        comments.append({"id": len(comments) + 100, "user": {"login": BOT}, "body": body})
    else:
        (comment,) = (c for c in comments if path.endswith(f"/issues/comments/{c['id']}"))
        comment["body"] = body


def issue(state: dict[str, Any], verb: str, words: list[str]) -> None:
    """Issues: listed, made, changed, closed."""
    issues = state["issues"]
    if verb == "list":
        assert option(words, "--jq") == ".[].number"
        sys.stdout.write("".join(f"{i['number']}\n" for i in issues if i["open"])[:2])
    elif verb == "create":
        assert option(words, "--label") in state["labels"]
        body = Path(option(words, "--body-file")).read_text(encoding="utf-8")
        issues.append({"number": len(issues) + 1, "open": True, "title": option(words, "--title"), "body": body})
    else:
        (found,) = (i for i in issues if str(i["number"]) == words[0])
        assert found["open"]
        if verb == "edit":
            found["body"] = Path(option(words, "--body-file")).read_text(encoding="utf-8")
            found["edits"] = found.get("edits", 0) + 1
        else:
            assert verb == "close"
            found["open"] = False


def option(words: list[str], name: str) -> str:
    """The value of an option."""
    return words[words.index(name) + 1]


def main(words: list[str]) -> None:
    """One call."""
    assert os.environ["GH_TOKEN"]
    kept = Path(os.environ["FAKE_GH_STATE"])
    state = json.loads(kept.read_text(encoding="utf-8"))
    if words[0] == "api":
        api(state, words[1:])
    elif words[:2] == ["label", "create"]:
        state["labels"] = sorted({*state["labels"], words[2]})
    else:
        assert words[0] == "issue", words
        assert os.environ["GH_REPO"] == "example/mail"
        issue(state, words[1], words[2:])
    kept.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
