"""espeak-ng, which the package espeakng_loader brings: how it is started, and its sounds as ARPAbet phonemes."""

import ctypes
import importlib


# Values of espeak-ng's public header speak_lib.h.
AUDIO_OUTPUT_SYNCHRONOUS = 2  # no sound card
PHONEME_EVENTS = 1
DONT_EXIT = 0x8000  # where the data is missing
CHARS_UTF8 = 1
PHONEMES_AS_IPA = 0x02

# ARPAbet -> the IPA signs and espeak-ng's own names (stress marks removed) that stand for it in its English voices;
# with some of other languages, whose nearest sound it is.
_SOUNDS = {
    "AA": ("a ɑ ɑː ɒ", "A A: A# 0 0#"),
    "AE": ("æ", "a aa &"),
    "AH": ("ə ʌ ɐ", "@ @2 @5 @- a# V V2 V# 3#"),
    "AO": ("ɔ ɔː oː", "O O: O2 o: O1"),
    "AW": ("aʊ", "aU aU2"),
    "AY": ("aɪ", "aI aI2"),
    "EH": ("e ɛ ø œ", "E E2 E# e E:"),
    "ER": ("ɚ ɝ ɜː", "3 3: @r V3: 3:r"),
    "EY": ("eɪ", "eI e: e2 E:I"),
    "IH": ("ɪ ᵻ ɨ ʏ y", "I I2 I#"),
    "IY": ("i iː", "i i: i2 I:"),
    "OW": ("o oʊ əʊ", "oU o o2 @U oU#"),
    "OY": ("ɔɪ", "OI oI"),
    "UH": ("ʊ", "U U2"),
    "UW": ("u uː", "u u: u2 uu"),
    "AA R": ("", "A@ A@2"),
    "AO R": ("", "O@ o@ O@2"),
    "EH R": ("", "e@ E@"),
    "IH R": ("", "i@ i@3 i@2"),
    "UH R": ("", "U@ u@"),
    "AH R": ("", "VR"),
    "AY ER": ("aɪɚ", "aI@ aI3"),
    "AW ER": ("", "aU@ aU3"),
    "AH L": ("əl", "@L l-"),
    "AH N": ("n̩", "n- @n"),
    "AH M": ("", "m- @m"),
    "B": ("b", "b"),
    "CH": ("tʃ", "tS"),
    "D": ("d", "d d#"),
    "DH": ("ð", "D"),
    "F": ("f", "f"),
    "G": ("g ɡ", "g g2"),
    "HH": ("h ç", "h C"),
    "HH W": ("", "hw"),
    "JH": ("dʒ", "dZ"),
    "K": ("k x", "k k2 x"),
    "L": ("l ɫ", "l L l#"),
    "M": ("m", "m"),
    "N": ("n ɲ", "n"),
    "NG": ("ŋ", "N"),
    "P": ("p", "p p#"),
    "R": ("r ɹ ʁ", "r r- r/ R *"),
    "S": ("s", "s"),
    "SH": ("ʃ ɕ ʂ", "S"),
    "T": ("t ɾ ʔ", "t t# t2"),
    "TH": ("θ", "T"),
    "V": ("v β", "v v#"),
    "W": ("w", "w w#"),
    "Y": ("j", "j ;"),
    "Z": ("z", "z z# z/2"),
    "ZH": ("ʒ ʑ ʐ", "Z"),
    "": ("", "?"),  # a glottal stop that has a time of its own is no phoneme of ARPAbet
}
IPA_SOUNDS = {sign: arpabet.split() for arpabet, (signs, _) in _SOUNDS.items() for sign in signs.split()}
NAMED_SOUNDS = {name: arpabet.split() for arpabet, (_, names) in _SOUNDS.items() for name in names.split()}


def espeak_paths() -> tuple[str, bytes]:
    """Where the library and its data are.

    Raises:
        ImportError: espeakng_loader is missing.
    """
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise ImportError("espeak-ng is not installed; get it by `pip install espeakng-loader`.") from error
    return loader.get_library_path(), str(loader.get_data_path()).encode()


def start_espeak(library: ctypes.CDLL, data_path: bytes, options: int) -> int:
    """Start a library that was loaded.

    Args:
        library: espeak-ng.
        data_path: the folder of its data.
        options: PHONEME_EVENTS, DONT_EXIT.

    Returns:
        The rate of its speech in Hz, below 0 where its data is missing.
    """
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data_path, options)


def choose_voice(library: ctypes.CDLL, name: str) -> None:
    """Let a library that was started speak with a voice.

    Raises:
        ValueError: it does not know the voice.
    """
    if library.espeak_SetVoiceByName(name.encode()):
        raise ValueError(f"espeak-ng has no voice {name!r}; give one such as 'en-us+m3'.")
