"""Speak the clips of the watch anew: `python web/scripts/voice_clips.py` (needs flite 2).

A browser may have no voice of its own, so what the watch says is recorded: CMU Flite's voice
`rms`, reduced to mono PCM of 8 bits at 11,025 Hz, which every browser decodes.
"""

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

FOLDER = Path(__file__).parents[1] / "public" / "voice"
RATE_HZ = 11_025
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = {
    "take-shelter": "Take shelter.",
    "caution": "Caution.",
    "not-watching": "Not watching.",
    "not-heard": "Siren not heard.",
    "exercise": "Exercise.",
    "not-attended": "Track, not attended.",
    **{f"site-{n}": f"Site {word}." for n, word in enumerate(NUMBERS, 1)},
}


def spoken(words: str) -> np.ndarray:
    """Return samples at RATE_HZ, from -1 to 1, without silence before and after."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", "rms", "-t", words, "-o", file.name]
        subprocess.run(command, check=True)  # noqa: S603
        with wave.open(file.name) as read:
            rate = read.getframerate()
            raw = np.frombuffer(read.readframes(read.getnframes()), dtype=np.int16)
    samples = resample_poly(raw / 32768.0, RATE_HZ, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1] + 1] * (0.95 / np.abs(samples).max())


def main() -> None:
    """Write all clips."""
    FOLDER.mkdir(exist_ok=True)
    for name, words in WORDS.items():
        octets = np.clip(np.round(spoken(words) * 127.0 + 128.0), 0, 255).astype(np.uint8)
        with wave.open(str(FOLDER / f"{name}.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(1)
            out.setframerate(RATE_HZ)
            out.writeframes(octets.tobytes())


if __name__ == "__main__":
    main()
