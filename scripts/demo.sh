#!/usr/bin/env bash
# An imitation of IEMOCAP, a cross-validation on it, one sentence: bash scripts/demo.sh FOLDER (make demo).
set -euo pipefail
folder="${1:?give a folder for the demo}"
cd "$(dirname "$0")/.."

echo "== 1/4  IEMOCAP's folders with speech by espeak-ng in them (synthetic: no person speaks here)"
python scripts/make_iemocap_imitation.py --output_dir "$folder/IEMOCAP_imitation" --share 0.06
echo "== 2/4  Training on it as on IEMOCAP, one of the five sessions held out at a time"
echo "        (it is smaller than IEMOCAP, so the counts that are compared first differ, as they should)"
accelerate launch --quiet --cpu --num_processes 1 --num_machines 1 --mixed_precision no --dynamo_backend no \
  --num_cpu_threads_per_process 1 \
  scripts/train.py --dataset iemocap --data_dir "$folder/IEMOCAP_imitation" --allow_incomplete \
  --output_dir "$folder/run" --overwrite_output_dir --epochs 20
echo "== 3/4  The emotion of a sentence by a voice that the model never heard, one of those on a published model's page"
python scripts/predict.py hub_card/samples/angry.wav --model "$folder/run/fold_1" \
  --text "Get out and leave that picture alone!" --plot "$folder/angry.png"
echo "== 4/4  The same sentence by the starter model, which learnt from real speech, and never from synthetic voices"
python scripts/predict.py hub_card/samples/angry.wav --text "Get out and leave that picture alone!"
echo
echo "The model:   $folder/run/fold_1      The scores: $folder/run/results.md      The picture: $folder/angry.png"
echo "The speech is synthetic. The scores show that the machinery works, and nothing about real emotions."
