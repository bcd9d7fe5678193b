"""Package wise_hf: what it needs, with lower bounds; constraints.txt has the exact versions that CI runs."""

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


# What the package imports, from the oldest version that its tests ran with: `make test-lowest` installs these.
REQUIRED = [
    "accelerate>=1.15",
    "av>=15.0",
    "datasets>=4.0",
    "evaluate>=0.4.6",
    "huggingface-hub>=1.31",
    "jinja2>=3.1",
    "jiwer>=4.0",
    "matplotlib>=3.9",
    "numpy>=2.0",
    "pocketsphinx>=5.0.4",
    "praatio>=6.2",
    "pyarrow>=24.0",
    "pyyaml>=6.0.2",
    "safetensors>=0.8",
    "scikit-learn>=1.5",
    "scipy>=1.13",
    "silero-vad>=6.2.3,<7",
    "soundfile>=0.13",
    "soxr>=0.5",
    "threadpoolctl>=3.1",
    "tokenizers>=0.23.1",
    "torch>=2.7",
    "tqdm>=4.66.3",
    "transformers>=5.19",
    "webvtt-py>=0.5.1",
]
DEMO = ["espeakng-loader>=0.2.4"]
FASTER_WHISPER = ["faster-whisper>=1.2"]
OPENSMILE = ["opensmile>=2.5.1"]  # free for research only; the default backend gives the same values without it
RAY = ["ray>=2.52"]
SERVE = ["h11>=0.14", "prometheus-client>=0.20", "starlette>=1.0.1", "uvicorn>=0.30"]
SPACE = ["gradio>=6.31"]
TEST = [
    "hypothesis>=6.100",
    "pillow>=11.0",
    "playwright>=1.50",
    "pytest>=8.0",
    "pytest-xdist>=3.5",
    "ruff>=0.17",
]

VERSION = re.search('__version__ = "(.+)"', Path("wise_hf/__init__.py").read_text(encoding="utf-8"))[1]
# The starter model has another licence, so it is a distribution of its own (its pyproject.toml).
STARTER_MODEL = Path("hub_card/starter_model")
HUB_CARD = [
    str(path)
    for path in Path("hub_card").rglob("*")
    if path.is_file() and path.suffix != ".pyc" and not path.is_relative_to(STARTER_MODEL)
]


class BuildWithHubCard(build_py):
    """A wheel has hub_card/ in the package; a clone has it beside the package, also where it is installed editable."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in HUB_CARD:
                target = Path(self.build_lib) / "wise_hf" / name
                self.mkpath(str(target.parent))
                self.copy_file(name, str(target))

    def get_source_files(self) -> list[str]:
        """What a source distribution holds."""
        return [*super().get_source_files(), *HUB_CARD]


setup(
    name="wise_hf",
    version=VERSION,
    description="WISE for Hugging Face: the emotion of a recording from its words and how each of them sounds",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    # A plain path in site-packages for `pip install -e`: Python also starts in the folder that holds the clone.
    package_dir={"": "."},
    packages=find_packages(include=["wise_hf", "wise_hf.*"]),
    # The metric is a folder that `evaluate` loads by its path, not a package.
    package_data={
        "wise_hf": ["py.typed"],
        "wise_hf.hub": ["*.jinja"],
        "wise_hf.synthetic": ["*.json"],
        "wise_hf.training": ["emotion_scores/*.py", "*.jinja"],
        "wise_hf.tables": ["*.jinja"],
    },
    cmdclass={"build_py": BuildWithHubCard},
    entry_points={"console_scripts": ["wise-hf = wise_hf.commands.console:main"]},
    python_requires=">=3.11",
    install_requires=REQUIRED,
    extras_require={
        "demo": DEMO,
        "faster-whisper": FASTER_WHISPER,
        "opensmile": OPENSMILE,
        "ray": RAY,
        "serve": SERVE,
        "space": SPACE,
        "dev": DEMO + FASTER_WHISPER + OPENSMILE + RAY + SERVE + SPACE + TEST,
    },
)
