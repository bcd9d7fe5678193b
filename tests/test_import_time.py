"""What `import wise_hf` reads beside transformers: nothing that takes long and is not always needed."""

import subprocess
import sys


CODE = """
import sys
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification, AutoProcessor, pipeline
before = {name.partition(".")[0] for name in sys.modules}
import wise_hf
after = {name.partition(".")[0] for name in sys.modules}
print(*(after - before - sys.stdlib_module_names))
"""
SMALL = {"wise_hf", "soundfile", "_soundfile", "_soundfile_data", "soxr", "threadpoolctl"}


def test_importing_the_package_reads_no_large_package_that_transformers_has_not_read():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= SMALL
