"""A review as one HTML page that needs nothing else: no script, no request, everything of the message escaped.

The message itself is shown in a sandboxed frame without scripts, forms, navigation and network: the page's policy
(Content-Security-Policy, which a ``srcdoc`` frame inherits) allows styles written in place and images in the page only.
Sources: HTML Standard (iframe sandbox, srcdoc), CSP Level 3 section 7.8. Not here: the terminal's text (``review``).
"""

from html import escape

from stagemail.model.review import Review, ReviewFinding
from stagemail.report.escape import visible
from stagemail.report.review import place_of, sum_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:70rem;padding:1.5rem}
h1{font-size:1.4rem;overflow-wrap:anywhere} h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%} td,th{border-bottom:1px solid #8884;padding:.35rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}
.f{border-left:.3rem solid;margin:.8rem 0;padding:.1rem 0 .1rem .8rem}
.f p{margin:.15rem 0;overflow-wrap:anywhere}
.error{border-color:#c62828}.warning{border-color:#b26a00}.hint{border-color:#1565c0}
.s{opacity:.75;font-size:.9em} code{font-family:ui-monospace,monospace}
iframe{background:#fff;border:1px solid #8886;height:40rem;width:100%}
""".strip()


def review_page(review: Review, shown: str) -> str:
    """The page. ``shown`` is the message's HTML, or "" where it has none."""
    found = "\n".join(_finding(finding) for finding in review.findings) or "<p>Nothing to mend.</p>"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>Review of {_text(review.name)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>Review of {_text(review.name)}</h1>",
            f"<p>{_text(sum_of(review))}</p>",
            _facts(review),
            "<h2>Findings</h2>",
            found,
            *_message(shown),
            "</body>",
            "</html>",
            "",
        )
    )


def _facts(review: Review) -> str:
    rows = [("Size", f"{review.size:,} bytes as it is sent, HTML {review.html_size:,}")]
    if review.kind == "message":
        rows = [("From", review.sender or "(none)"), ("Subject", review.subject or "(none)"), *rows]
    for part in review.parts:
        facts = (part.type, part.charset, part.encoding, part.disposition, part.name)
        size = f"{part.size:,} bytes" if part.sent else ""
        rows.append((f"Part {part.number}", ", ".join(each for each in (*facts, size) if each)))
    cells = "\n".join(f'<tr><th scope="row">{_text(name)}</th><td>{_text(value)}</td></tr>' for name, value in rows)
    return f"<table>\n{cells}\n</table>"


def _finding(finding: ReviewFinding) -> str:
    return (
        f'<div class="f {finding.severity}">\n<p><strong>{finding.severity}</strong> <code>{_text(finding.code)}</code>'
        f" {_text(place_of(finding))}</p>\n<p>{_text(finding.message)}</p>\n<p>→ {_text(finding.instead)}</p>\n"
        f'<p class="s">source: {_text(finding.source)}</p>\n</div>'
    )


def _message(shown: str) -> tuple[str, ...]:
    if not shown:
        return ()
    title = "The message, without scripts and network"
    return (
        "<h2>The message</h2>",
        '<p class="s">Shown without scripts and network: images from the web stay empty.</p>',
        f'<iframe sandbox="" title="{title}" srcdoc="{escape(shown)}"></iframe>',
    )


def _text(value: str) -> str:
    return escape(visible(value))
