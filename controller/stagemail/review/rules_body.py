"""Rules of text, links, images, HTML and CSS. Not here: looking for them."""

from collections.abc import Mapping
from typing import Final

from stagemail.review.rule import Rule

CAN_I_EMAIL = "https://www.caniemail.com/"
WCAG = "https://www.w3.org/TR/WCAG22/"
GMAIL_STYLE = "https://github.com/hteumeuleu/email-bugs/issues/90"
OUTLOOK = "Word's HTML in Outlook: https://learn.microsoft.com/previous-versions/office/developer/office-2007/aa338201(v=office.12)"
GMAIL_CLIP = "https://github.com/hteumeuleu/email-bugs/issues/41"

BODY: Final[Mapping[str, Rule]] = {
    "html-clipped": Rule(
        "warning",
        "the HTML has {size} bytes; Gmail shows the first 102 KB and hides the rest behind a link",
        "make it smaller: shorter styles, no comments, no data: images",
        GMAIL_CLIP,
    ),
    "html-nearly-clipped": Rule(
        "hint",
        "the HTML has {size} bytes, and Gmail clips at 102 KB; links that are rewritten on the way make it longer",
        "leave some room",
        GMAIL_CLIP,
    ),
    "control-character": Rule(
        "warning",
        "the HTML has the control character {character}: Gmail may clip the message there",
        "take it out; it often comes from text of another charset",
        GMAIL_CLIP,
    ),
    "style-too-long": Rule(
        "warning",
        "a <style> of {size} bytes: Gmail drops what is over 16 KB",
        "split it, or make it shorter",
        GMAIL_STYLE,
    ),
    "template-placeholder": Rule(
        "error", "a placeholder was not filled: {text}", "fill the template before it is sent", "the message itself"
    ),
    "filler-text": Rule("warning", "filler text: {text}", "write the real text", "the message itself"),
    "mostly-images": Rule(
        "warning",
        "{images} images and {words} words: filters and readers without images see nearly nothing",
        "say what the images say as text",
        "SpamAssassin HTML_IMAGE_ONLY (https://spamassassin.apache.org/)",
    ),
    "language-missing": Rule(
        "hint",
        "<html> names no language",
        'add lang="en" (or yours): screen readers pronounce by it',
        f"{WCAG}#language-of-page",
    ),
    "image-without-alt": Rule(
        "warning",
        "an image has no alt: {src}",
        'write alt="what it shows", or alt="" where it only decorates',
        f"{WCAG}#non-text-content",
    ),
    "image-without-source": Rule(
        "error", "an image has no src", "name an https: address or a cid:", "HTML Standard, img"
    ),
    "image-http": Rule(
        "warning", "an image is fetched without TLS: {src}", "use https:", "https://www.w3.org/TR/mixed-content/"
    ),
    "image-unreachable": Rule(
        "error",
        "an image is at a place that readers cannot reach: {src}",
        "use an https: address of a public server, or a cid:",
        "RFC 3986 section 4.2",
    ),
    "link-without-target": Rule(
        "warning", "a link leads nowhere: {text}", "give it an https: address", "HTML Standard, a"
    ),
    "link-without-text": Rule(
        "warning",
        "a link has neither text nor an image with alt: {href}",
        "say where it leads",
        f"{WCAG}#link-purpose-in-context",
    ),
    "link-http": Rule("warning", "a link without TLS: {href}", "use https:", "RFC 9110 section 4.2.2"),
    "link-relative": Rule(
        "error",
        "a relative link: {href}",
        "a message has no address of its own: write the whole https: address",
        "RFC 3986 section 4.2",
    ),
    "link-script": Rule(
        "error",
        "a link runs a script or holds data: {href}",
        "use an https: address; clients remove this one",
        "RFC 6068; HTML Standard",
    ),
    "link-ip-address": Rule(
        "warning",
        "a link to an address without a name: {href}",
        "use a name: filters count it against you",
        "SpamAssassin NORMAL_HTTP_TO_IP (https://spamassassin.apache.org/)",
    ),
    "link-unreachable": Rule(
        "error", "a link that works in your network only: {href}", "use a public name", "RFC 6761; RFC 6762"
    ),
    "link-credentials": Rule(
        "error",
        "a link with a user name before its host: {href}",
        "take it out: readers take it for the host",
        "RFC 3986 section 7.6",
    ),
    "link-text-mismatch": Rule(
        "error",
        "the text shows {shown}, the link leads to {host}: forged mail does that",
        "show the host that it leads to, or words; links that are counted by your provider need its own domain set up",
        "https://support.google.com/mail/answer/81126",
    ),
    "link-broken": Rule("error", "a link that cannot be read: {href}", "write a whole https: address", "RFC 3986"),
    "script": Rule("error", "the HTML has {what}: clients remove it, filters refuse it", "take it out", OUTLOOK),
    "frame": Rule("error", "the HTML has <{what}>: clients remove it", "link to the page instead", OUTLOOK),
    "not-supported-everywhere": Rule(
        "warning",
        "{feature}: {unsupported} of {tested} clients ({share} %) do not support it{partly}: {clients}",
        "see that the message reads well without it",
        CAN_I_EMAIL,
    ),
    "not-supported-by-some": Rule(
        "hint",
        "{feature}: {unsupported} of {tested} clients ({share} %) do not support it{partly}: {clients}",
        "see that the message reads well without it",
        CAN_I_EMAIL,
    ),
    "css-syntax": Rule(
        "warning", "CSS that cannot be read: {fault}", "mend it: clients skip what follows", "CSS Syntax Level 3"
    ),
}
