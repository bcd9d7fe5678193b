"""What stands in a transcript and is not spoken: tags of noises and unclear speech, markup, speakers' names."""

import html
import re


# Whole labels that stand for no word: what aligners and segment files write where nobody speaks.
SILENCE_MARKS = {"sil", "!sil", "sp", "spn", "eps", "pau", "noi", "nsn", "h#", "#h"}
# What a speaker does without words, and how tags call it; {lg}, {br}, {ls}, {cg} are short for it.
NONVERBAL = {
    "laughter": r"laugh|chuckl|giggl|snicker|lg\b",
    "breathing": r"breath|inhal|exhal|pant(?:s|ing)\b|br\b",
    "sigh": r"sigh",
    "gasp": r"gasp",
    "cough": r"cough|cg\b",
    "sneeze": r"sneez",
    "sniff": r"sniff",
    "crying": r"sob(?:s|bing)?\b|cries\b|cry(?:ing)?\b|weep|whimper",
    "scream": r"scream|shriek",
    "groan": r"groan|moan|grunt",
    "yawn": r"yawn",
    "throat": r"throat",
    "lipsmack": r"lip|smack|ls\b|tongue|tsk",
}
# What else stands in round brackets or between stars without being said.
SOUNDS = (
    r"nois[ey]|music|applau|clap(?:s|ping)\b|cheer(?:s|ing)\b|silen|paus|static\b|beep|buzz|bang(?:s|ing)?\b|thud|slam"
    r"|knock(?:s|ing)\b|ring(?:s|ing)\b|bark(?:s|ing)\b|siren|honk|footstep|click(?:s|ing)\b"
    r"|door (?:opens|closes|shuts)|whisper(?:s|ing)\b|shout(?:s|ing)\b|yell(?:s|ing)\b|hum(?:s|ming)\b|whistl|hiccup"
    r"|sing(?:s|ing)\b|mumbl|mutter|murmur|stutter|burp|gulp|snor(?:es|ing|t)|inaudible|unintelligible|indistinct"
    r"|unclear|indiscernible|cross.?talk|overlapping|background (?:talk|speech|voices|conversation)|chatter"
    r"|foreign (?:language|speech)|garbl|redacted|vocali[sz]ed|off.?(?:mic|screen|camera)|(?:ph|sp|sic)\b"
)
# A remark with one of these, or a longer one, is what somebody says: "I (really do not like the music) ...".
PROSE = re.compile(
    r"\b(?:an?|the|i|you|he|she|it|we|they|me|him|us|them|my|your|our|is|was|are|were|be|am|do|does|did|no|not|to|for"
    r"|that|this|but|so|what|who|why|how|when|where|if|have|had|has|will|would|can|could)\b|'",
    re.IGNORECASE,
)
MAX_REMARK_WORDS = 4
ROLES = (
    "speaker|spk|agent|caller|callee|customer|client|interviewer|interviewee|host|guest|operator|narrator|moderator"
    "|participant|respondent|user|assistant|male|female|man|woman|boy|girl|teacher|student|doctor|patient|therapist"
    "|counsel+or|officer|witness|judge|attorney|reporter|announcer|unknown"
)

_NONVERBAL = {word: re.compile(rf"\b(?:{pattern})", re.IGNORECASE) for word, pattern in NONVERBAL.items()}
_SOUND = re.compile(rf"\b(?:{'|'.join(NONVERBAL.values())}|{SOUNDS})", re.IGNORECASE)
_FOREIGN = re.compile(r"\s*(?i:speak(?:s|ing)|sing(?:s|ing)?)\s+(?:in\s+)?[A-Z][a-z]+\s*")
_ENTITY = re.compile(r"&#?\w{1,31};")
# Tags with spoken words inside: [laughter-yes] and {F uh, } of Switchboard, <I want> [/] of CHAT.
_SPOKEN_INSIDE = (
    re.compile(r"\[laughter-([^\[\]]*)\]", re.IGNORECASE),
    re.compile(r"\{[A-Z]\s([^{}]*)\}"),
    re.compile(r"<(?=[^<>\s]+\s)([^<>]*)>(?=\s*\[[/<>?!=])"),
)
# Always a tag: [noise], {lg}, <unk>, <v Bob>, </i>, <00:01.000>, ++GARBAGE++, +LAUGHTER+ and &=laughs of CHAT.
_TAG = re.compile(
    r"\[[^\[\]]*\]|\{[^{}]*\}|<(?:!|[/|?_%#.]*[A-Za-z]|\d+:\d)[^<>]*>"
    r"|(?<![\w+])\+{1,2}[A-Za-z][\w-]*\+{1,2}(?![\w+])|(?<!\S)&=\S+"
)
# A restart of Switchboard: [ I, + I ].
_RESTART = re.compile(r"\[ [^\[\]]*\+[^\[\]]*\]")
# A tag if it tells of a sound, else words: (laughs), (( I think )), *coughs*, *really*.
_REMARK = re.compile(r"\(([^()]*)\)|(?<!\*)\*{1,2}(?=\S)([^*\n]{1,80})(?<=\S)\*{1,2}")
# Tags within tags, as in [noise [loud]].
_MAX_NESTING = 2
# Lines and signs that only order a transcript: WebVTT's and SRT's cues, CHAT's tiers, hesitations (%uh, &-uh, =words),
# interruptions (+..., +/.), what was not understood (xxx), variants of a pronunciation (READ(2)).
_MARK = re.compile(
    r"^(?:WEBVTT.*|(?:\d+\s*\n)?[ \t]*\d[\d:.,]*\s*-->.*|%[a-z]{3}:.*)$"
    r"|(?<![\w%])(?<!\d )%(?=[A-Za-z])|(?<!\S)(?:&[-+~*]?|=)(?=[A-Za-z])|(?<!\w)\+[/.,^<\"?!]+"
    r"|(?<![\w.@/'-])(?:xxx|yyy|www)(?![\w@/'-]|\.\w)|(?<=[A-Za-z])\(\d\)",
    re.MULTILINE,
)
# At the start of a line, after a time or not, or after chevrons: where somebody else begins to speak.
_START = r"(?:^[ \t]*(?:\d+:[\d:.]+[ \t]+)?|(?<!>)>>+[ \t]*)"
_SPEAKER = re.compile(
    rf"{_START}(?i:{ROLES})(?:[ _#-]?(?:\d{{1,3}}|[A-Z]))?:(?=\s|$)"
    r"|(?:(?<!>)>>+[ \t]*|^[ \t]*\*)[A-Za-z][\w.'-]*(?: [A-Z][\w.'-]*)?:(?=\s|$)",
    re.MULTILINE,
)
_SPEAKER_IN_CAPITALS = re.compile(
    rf"{_START}(?!(?:OK|YES|NO|SO|NOTE|WARNING|I)\b)"
    r"[A-Z][A-Z0-9_.'-]{0,20}(?: [A-Z][A-Z0-9_.'-]{0,20}){0,2}:(?=\s|$)",
    re.MULTILINE,
)


def _nonverbal(tag: str) -> str:
    return next((word for word, pattern in _NONVERBAL.items() if pattern.search(tag)), "")


def _is_sound(remark: str) -> bool:
    if _FOREIGN.fullmatch(remark):
        return True
    return len(remark.split()) <= MAX_REMARK_WORDS and bool(_SOUND.search(remark)) and not PROSE.search(remark)


def without_tags(text: str, keep_nonverbal: bool = False) -> str:
    """The text without what is not spoken in it; what tags enclose stays where it is spoken.

    Square, angle and curly brackets and double plus signs are always tags. What stands in round brackets or between
    stars is one where it tells of a sound in a few words; people do say "I (really) mean it".

    Args:
        text: a transcript.
        keep_nonverbal: a tag of what a speaker does without words becomes a word: "[laughs]" is "laughter".

    Returns:
        The text, with blanks in place of tags.
    """

    def replaced(tag: str) -> str:
        return f" {_nonverbal(tag)} " if keep_nonverbal else " "

    def tag_or_restart(match: re.Match) -> str:
        return match[0][1:-1].replace("+", " ") if _RESTART.fullmatch(match[0]) else replaced(match[0])

    def remark(match: re.Match) -> str:
        inside = match[1] or match[2] or ""
        return replaced(inside) if _is_sound(inside) else match[0]

    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _MARK.sub(" ", text)
    for pattern in _SPOKEN_INSIDE:
        text = pattern.sub(r" \1 ", text)
    for _ in range(_MAX_NESTING):
        text = _REMARK.sub(remark, _TAG.sub(tag_or_restart, text))
    text = _SPEAKER.sub(" ", text)
    return _SPEAKER_IN_CAPITALS.sub(" ", text) if re.search("[a-z]", text) else text


def is_tag(token: str) -> bool:
    """Whether a label of a transcript or a segment file is no word but a noise tag or a silence mark.

    Args:
        token: one label, such as "[noise]", "<unk>", "sil" or "++UH++".

    Returns:
        True where the whole label is a tag.
    """
    token = token.strip()
    if token.lower() in SILENCE_MARKS:
        return True
    return bool(re.search(r"\w", token)) and not re.search(r"\w", without_tags(token))
