"""Rules of the message as a whole and of its MIME parts. Not here: looking for them (``structure``, ``sizes``)."""

from collections.abc import Mapping
from typing import Final

from stagemail.review.rule import Rule

GMAIL_BLOCKED = "https://support.google.com/mail/answer/6590"

STRUCTURE: Final[Mapping[str, Rule]] = {
    "not-a-message": Rule(
        "error",
        "the file has no header field, so it is no message",
        "give an .eml file (header fields, an empty line, the body), or a file that ends in .html",
        "RFC 5322 section 2.1",
    ),
    "empty-message": Rule(
        "error", "the message has no text, no HTML and no attachment", "write a text", "RFC 5322 section 3.5"
    ),
    "too-many-parts": Rule(
        "error",
        "the message has more parts, or parts in parts, than are looked at ({count} boundaries)",
        "send fewer parts; mail filters refuse such messages",
        "RFC 2046 section 5.1",
    ),
    "too-many-findings": Rule(
        "hint", "{count} more findings are left off", "mend these first, then review again", "this review's bound"
    ),
    "not-all-looked-at": Rule(
        "warning",
        "only the first {size} characters of this {what} were looked at",
        "make it smaller: what clients clip or strip is smaller still",
        "this review's bound",
    ),
    "mime-version-missing": Rule(
        "warning", "there are MIME fields, and no MIME-Version", "add MIME-Version: 1.0", "RFC 2045 section 4"
    ),
    "missing-boundary": Rule(
        "error",
        "{type} names no boundary, or its boundary never comes: clients show one long text",
        "let a library write the MIME structure",
        "RFC 2046 section 5.1.1",
    ),
    "truncated": Rule(
        "warning",
        "the closing boundary of {type} is missing: the message may have been cut",
        "end it with its boundary between two pairs of hyphens",
        "RFC 2046 section 5.1.1",
    ),
    "no-text-alternative": Rule(
        "warning",
        "there is HTML and no plain text beside it",
        "send multipart/alternative: text/plain first, then text/html",
        "RFC 2046 section 5.1.4; SpamAssassin MIME_HTML_ONLY",
    ),
    "empty-text-alternative": Rule(
        "warning",
        "the plain text beside the HTML is empty",
        "write the same message as plain text: watches, screen readers and filters read it",
        "RFC 2046 section 5.1.4",
    ),
    "different-text-alternative": Rule(
        "warning",
        "the plain text has {share} % of the words of the HTML: readers of each get another message",
        "write the same message in both",
        "RFC 2046 section 5.1.4; SpamAssassin MPART_ALT_DIFF",
    ),
    "text-after-html": Rule(
        "error",
        "text/plain stands after text/html in multipart/alternative: clients show the last that they can",
        "put text/plain first and text/html last",
        "RFC 2046 section 5.1.4",
    ),
    "alternative-not-used": Rule(
        "warning",
        "text and HTML are not in one multipart/alternative: clients show both, or one as an attachment",
        "put both into multipart/alternative",
        "RFC 2046 section 5.1.4",
    ),
    "bad-transfer-encoding": Rule(
        "error",
        "the part says Content-Transfer-Encoding: {encoding}, and {fault}",
        "encode it as quoted-printable or base64, and say so",
        "RFC 2045 section 6",
    ),
    "raw-8bit-body": Rule(
        "warning",
        "the part has bytes over 127 and is not encoded: a server without 8BITMIME spoils it",
        "encode it as quoted-printable or base64",
        "RFC 2045 section 2.8; RFC 6152",
    ),
    "long-line": Rule(
        "error",
        "a line of {length} bytes: servers may refuse or break lines of more than 998",
        "encode the part as quoted-printable or base64",
        "RFC 5322 section 2.1.1",
    ),
    "bare-cr": Rule(
        "error",
        "a carriage return without line feed: servers refuse it, or read two messages",
        "end lines with CR LF",
        "RFC 5321 section 2.3.8",
    ),
    "nul-byte": Rule("error", "a NUL byte", "take it out", "RFC 5322 section 4"),
    "charset-missing": Rule(
        "error",
        "the part has bytes over 127 and names no charset",
        "add charset=utf-8 to its Content-Type",
        "RFC 2046 section 4.1.2",
    ),
    "unknown-charset": Rule(
        "error", "nobody knows the charset {charset}", "use utf-8", "RFC 2046 section 4.1.2; RFC 2978"
    ),
    "charset-mismatch": Rule(
        "error",
        "the part says {charset}, and its bytes are not: readers see wrong characters",
        "encode the text as utf-8, and say so",
        "RFC 2046 section 4.1.2",
    ),
    "charset-not-utf-8": Rule(
        "hint", "the part is written in {charset}", "use utf-8: every client reads it", "RFC 6532 section 3.1"
    ),
    "html-charset-differs": Rule(
        "warning",
        "the HTML says charset {inside}, its MIME part {outside}; a client that saves the file believes the first",
        "say the same in both",
        "RFC 2854 section 6",
    ),
    "over-size-limit": Rule(
        "error",
        "the message has {size} bytes as it is sent; the server takes {limit} ({origin})",
        "link to large files instead of attaching them: base64 adds a third",
        "RFC 1870 section 3",
    ),
    "near-size-limit": Rule(
        "warning",
        "the message has {size} bytes as it is sent; the server takes {limit} ({origin})",
        "leave room: servers on the way add header fields, and some take less",
        "RFC 1870 section 3",
    ),
    "large-part": Rule(
        "hint",
        "{name} has {size} bytes, and {sent} as it is sent",
        "link to it: many servers take 10 MB at most, encoded",
        "RFC 2045 section 6.8",
    ),
    "attachment-without-name": Rule(
        "hint",
        "an attachment of type {type} has no file name: clients make one up",
        "add filename to its Content-Disposition",
        "RFC 2183 section 2.3",
    ),
    "blocked-attachment": Rule(
        "error",
        "{name}: Gmail and others refuse messages with such a file",
        "link to it, or send another type",
        GMAIL_BLOCKED,
    ),
    "cid-missing": Rule(
        "error",
        "the HTML shows cid:{cid}, and no part has that Content-ID: readers see a broken image",
        "attach the image inline with this Content-ID, or link to it",
        "RFC 2392",
    ),
    "cid-unused": Rule(
        "hint",
        "the inline part {cid} is not shown by the HTML: clients list it as an attachment",
        "take it out, or show it",
        "RFC 2392",
    ),
}
