"""Why a recording cannot be used, in words that are the same for every recording with that fault."""


def reason_of(error: Exception, audio: str) -> str:
    """The sentence of an error, without the path of the recording."""
    return str(error).removeprefix(f"{audio}: ").replace(audio, "the recording")
