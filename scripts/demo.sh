#!/usr/bin/env bash
# A small synthetic corpus, a cross-validation on it, one new sentence: bash scripts/demo.sh FOLDER (make demo).
set -euo pipefail
folder="${1:?give a folder for the demo}"
cd "$(dirname "$0")/.."

echo "== 1/4  Speech by espeak-ng (synthetic: no person speaks here)"
python scripts/make_synthetic_corpus.py --output_dir "$folder/corpus" --num_speakers 8 --utterances_per_speaker 40
echo "== 2/4  Training on it, two of the eight voices held out at a time"
accelerate launch --quiet --cpu --num_processes 1 --num_machines 1 --mixed_precision no --dynamo_backend no \
  --num_cpu_threads_per_process 1 \
  scripts/train.py --dataset folder --data_dir "$folder/corpus" --output_dir "$folder/run" --overwrite_output_dir \
  --emotions angry,happy,neutral,sad --cross_validation speaker --folds 4 --epochs 20
echo "== 3/4  A new sentence, by a voice that the first fold never heard"
python scripts/make_synthetic_corpus.py --say "I never want to see you again" --emotion angry --output_dir "$folder/new"
echo "== 4/4  Its emotion"
python scripts/predict.py "$folder/new/sentence.wav" --model "$folder/run/fold_1" \
  --text "I never want to see you again" --plot "$folder/sentence.png"
echo
echo "The model:   $folder/run/fold_1      The scores: $folder/run/results.md      The picture: $folder/sentence.png"
echo "The speech is synthetic. The scores show that the machinery works, and nothing about real emotions."
