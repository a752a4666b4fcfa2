"""Rules of header fields. Not here: looking for them (``headers``, ``subject``, ``sender``)."""

from collections.abc import Mapping
from typing import Final

from stagemail.review.rule import Rule

COUNTS = "RFC 5322 section 3.6"
ASSASSIN = "https://spamassassin.apache.org/"
GUIDELINES = "https://support.google.com/mail/answer/81126"

HEADER: Final[Mapping[str, Rule]] = {
    "missing-from": Rule("error", "there is no From", "add From with one address", COUNTS),
    "missing-date": Rule("warning", "there is no Date", "add Date: filters count its absence against you", COUNTS),
    "missing-message-id": Rule(
        "warning",
        "there is no Message-ID",
        "add one that is unique, with your domain after the @; filters count its absence against you",
        f"{COUNTS}.4; {GUIDELINES}",
    ),
    "missing-subject": Rule("warning", "there is no Subject, or an empty one", "say what it is about", COUNTS),
    "missing-recipient": Rule(
        "hint", "there is neither To nor Cc", "name the recipient: filters count it against you", COUNTS
    ),
    "duplicate-field": Rule(
        "error",
        "{field} occurs {count} times, and may occur once: each reader believes another one",
        "keep one",
        f"{COUNTS}; {GUIDELINES}",
    ),
    "malformed-field": Rule(
        "error",
        "a line of the header is no field: what follows it may be read as the body",
        "write Name: value, and begin folded lines with a space",
        "RFC 5322 section 2.2",
    ),
    "raw-8bit-header": Rule(
        "error",
        "{field} has characters beyond ASCII that are not encoded: without SMTPUTF8 servers refuse or spoil it",
        "write it as an encoded word (=?utf-8?q?…?=)",
        "RFC 2047; RFC 6532",
    ),
    "broken-encoded-word": Rule(
        "error",
        "{field} has an encoded word that cannot be read: {word}",
        "let a library encode it: =?utf-8?b?…?=",
        "RFC 2047 section 2",
    ),
    "long-encoded-word": Rule(
        "warning",
        "{field} has an encoded word of {length} characters; 75 are allowed",
        "split it into several words, one a line",
        "RFC 2047 section 2",
    ),
    "encoded-word-in-quotes": Rule(
        "warning",
        "{field} has an encoded word between quotation marks: clients show it as it is",
        "take the quotation marks away",
        "RFC 2047 section 5",
    ),
    "long-header-line": Rule(
        "error",
        "{field} has a line of {length} bytes; servers may refuse more than 998",
        "fold it: a line end and a space",
        "RFC 5322 section 2.1.1",
    ),
    "header-injection": Rule(
        "error",
        "{field} holds a line end or a control character when it is read: somebody's input may have made it",
        "refuse CR, LF and NUL in what goes into a header field",
        "CWE-93; RFC 5322 section 2.2",
    ),
    "header-in-body": Rule(
        "error",
        "the body begins with {field}: an empty line came too early, which injected text does",
        "refuse CR and LF in what goes into a header field",
        "CWE-93",
    ),
    "bcc-in-message": Rule(
        "error",
        "Bcc stands in the message: every recipient may see it",
        "leave it to the envelope",
        "RFC 5322 section 3.6.3",
    ),
    "hidden-character": Rule(
        "error",
        "{field} has a character that nobody sees, or that turns the writing direction: {character}",
        "take it out; it is what forged names are made of",
        "Unicode Technical Report 36 section 2.5",
    ),
    "long-subject": Rule(
        "hint",
        "the subject has {length} characters; a line has 78",
        "say the important part first",
        "RFC 5322 section 2.1.1",
    ),
    "shouting-subject": Rule(
        "warning",
        "the subject is written in capitals",
        "write it as a sentence",
        f"SpamAssassin SUBJ_ALL_CAPS ({ASSASSIN})",
    ),
    "excited-subject": Rule(
        "warning",
        "the subject has several exclamation or question marks in a row",
        "one is enough",
        f"SpamAssassin PLING_PLING ({ASSASSIN})",
    ),
    "false-reply": Rule(
        "warning",
        "the subject begins like a reply, and the message is none (no In-Reply-To, no References)",
        "take the prefix away",
        "RFC 5322 section 3.6.5",
    ),
    "bad-from": Rule(
        "error",
        "From is no address: {value}",
        "write: Name <address@example.com>",
        "RFC 5322 section 3.4",
    ),
    "several-from-addresses": Rule(
        "error",
        "From names {count} addresses: many servers refuse that",
        "name one",
        "RFC 5322 section 3.6.2; RFC 7489 section 6.6.1",
    ),
    "name-is-another-address": Rule(
        "error",
        "the display name shows {shown}, the address is {address}: forged mail does that",
        "write a name, or the same address",
        f"{GUIDELINES}; SpamAssassin FROM_2_EMAILS_SHORT",
    ),
    "not-the-stages-sender": Rule(
        "warning",
        "From is {address}; stage {stage} sends as {expected}",
        "write from {expected}: the server may refuse other senders",
        "the stage's configuration (spec.sender)",
    ),
    "not-the-stages-domain": Rule(
        "error",
        "From is {address}; stage {stage} sends from {expected}: SPF, DKIM and DMARC are set up for that domain",
        "write from {expected}",
        "the stage's configuration (spec.sender); RFC 7489 section 3.1",
    ),
    "not-the-stages-name": Rule(
        "hint",
        'the display name is "{name}"; stage {stage} sends as "{expected}"',
        "use the same name, so that readers know you",
        "the stage's configuration (spec.sender)",
    ),
    "reply-to-elsewhere": Rule(
        "warning",
        "answers go to {address}, another domain than {domain}",
        "use an address of the sender's domain, if that is not meant",
        "SpamAssassin FREEMAIL_FORGED_REPLYTO",
    ),
    "bad-date": Rule(
        "warning", "Date cannot be read: {value}", "write: Thu, 26 Nov 2026 10:00:00 +0000", "RFC 5322 section 3.3"
    ),
    "bad-message-id": Rule(
        "warning",
        "Message-ID has not the form <left@right>: {value}",
        "write <unique@your.domain>",
        "RFC 5322 section 3.6.4",
    ),
    "no-unsubscribe": Rule(
        "hint",
        "there is no List-Unsubscribe",
        "add it with List-Unsubscribe-Post if this is sent to many; a receipt or password mail needs none",
        "RFC 8058; https://support.google.com/mail/answer/81126",
    ),
}
