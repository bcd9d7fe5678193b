"""Package wise_hf: what it needs, with lower bounds; constraints.txt has the exact versions that CI runs."""

from pathlib import Path

from setuptools import find_packages, setup


REQUIRED = [
    "accelerate>=1.10",
    "datasets>=4.0",
    "evaluate>=0.4.6",
    "huggingface-hub>=1.0",
    "jinja2>=3.1",
    "matplotlib>=3.9",
    "numpy>=1.26",
    "opensmile>=2.5.1",
    "pocketsphinx>=5.0.4",
    "scikit-learn>=1.5",
    "scipy>=1.11",
    "silero-vad>=6.2.3,<7",
    "soundfile>=0.12",
    "soxr>=0.5",
    "torch>=2.6",
    "transformers>=5.0",
]
DEMO = ["espeakng-loader>=0.2.4"]
SPACE = ["gradio>=6.0"]
TEST = ["hypothesis>=6.100", "playwright>=1.50", "pytest>=8.0", "pytest-xdist>=3.5", "ruff>=0.9"]

setup(
    name="wise_hf",
    version="0.1.0",
    description="Word-level interaction-based speech emotion recognition (WISE) for Hugging Face",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["wise_hf", "wise_hf.*"]),
    # The metric is a folder that `evaluate` loads by its path, not a package.
    package_data={"wise_hf": ["py.typed"], "wise_hf.training": ["emotion_scores/*.py", "*.jinja"]},
    python_requires=">=3.10",
    install_requires=REQUIRED,
    extras_require={"demo": DEMO, "space": SPACE, "dev": DEMO + SPACE + TEST},
)
