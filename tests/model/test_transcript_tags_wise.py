import time

import pytest

from wise_hf.model.transcript_tags_wise import is_tag, without_tags


SPOKEN = {
    "[laughter] Kids [noise] are <unk> {lg} here ++GARBAGE++ +LAUGHTER+": "Kids are here",
    "*laughs* yes (laughs) no (inaudible) ok [inaudible 00:12] [crosstalk]": "yes no ok",
    "(door slams) (phone ringing) (clears her throat) (speaking Spanish) hola": "hola",
    "((unintelligible)) yes ((I think)) so": "( ) yes ((I think)) so",
    "[vocalized-noise] <v-noise> [noise [loud]] [?] hi <s> </s>": "hi",
    "<i>Hello</i> <v Bob>there</v> <00:00:01.000>now <!-- said twice -->": "Hello there now",
    "&lt;unk&gt; Tom &amp; Jerry": "Tom & Jerry",
    "WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.000\nHello": "Hello",
    "%uh =words &-uh &=laughs I xxx go +...": "uh words uh I go",
    "[laughter-yes] [ I, + I ] think {F uh, } so": "yes I, I think uh, so",
    "<I want> [/] I want it": "I want I want it",
    "READ(2) it": "READ it",
    "Speaker 1: Hello\nSPEAKER_00: you\nAGENT: there": "Hello you there",
    ">> Fine. >> BOB: yes": ">> Fine. yes",
    "*CHI:\tmore cookie\n%mor: qn|more n|cookie": "more cookie",
    "00:00:12 Speaker 2: okay": "okay",
}
AS_IT_IS = [
    "I (really) mean it, *really*, (the noise was loud), (I laughed) and (you know)",
    "C++ and a + b + c, 5<6 and 7>6, a < b and c > d, 2 * 3 laughs * 4",
    "Listen: I said: go, at 10:30",
    "HE SAID: GO",
    "OK: let's go",
    "call (555) 123-4567, 100 % of it",
    "laughter and noise",
]


@pytest.mark.parametrize("text", SPOKEN)
def test_what_is_not_spoken_goes(text):
    assert without_tags(text).split() == SPOKEN[text].split()


@pytest.mark.parametrize("text", AS_IT_IS)
def test_prose_stays_as_it_is(text):
    assert without_tags(text) == text


def test_what_a_speaker_does_without_words_may_be_kept():
    text = "[laughs] a (sighs deeply) b *coughing* c {br} d ++LAUGHTER++ [noise] <unk> [music]"
    kept = "laughter a sigh b cough c breathing d laughter"
    assert without_tags(text, keep_nonverbal=True).split() == kept.split()


TAGS = ["[noise]", "<unk>", " </s> ", "{lg}", "++UH++", "(laughs)", "*sighs*", "[BLANK_AUDIO]", "<p:>", "[a] <b>"]


@pytest.mark.parametrize("token", [*TAGS, "sil", "SIL", "sp", "spn", "xxx"])
def test_noise_tags_and_silence_marks_are_told_from_words(token):
    assert is_tag(token)


@pytest.mark.parametrize("token", ["", "noise", "[noise] door", "it's", "5", "C++", "silly", "(really)", "laughter"])
def test_words_are_no_tags(token):
    assert not is_tag(token)


@pytest.mark.parametrize(
    "piece", ["(", "[", "<", "{", "*", "*a", "+", ">>", "> ", "<a ", "[ a+", "(laughs ", "A: ", "\n1"]
)
def test_unclosed_tags_take_no_longer_than_their_length(piece):
    start_s = time.process_time()
    without_tags((piece * 20_000)[:20_000])
    # What is quadratic takes 5 s and more.
    assert time.process_time() - start_s < 1.0
