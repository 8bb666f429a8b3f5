#!/bin/bash
# Four machines of a SLURM cluster, one worker on each: sbatch slurm.sh
#SBATCH --job-name=digits
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --mem=16G
#SBATCH --time=00:30:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=digits-%j.log
set -euo pipefail

# The first half of TF_CONFIG: all workers, in the order in which SLURM
# counts its nodes.
port=$((20000 + SLURM_JOB_ID % 10000))
workers=$(scontrol show hostnames "$SLURM_JOB_NODELIST" |
    sed "s/.*/\"&:$port\"/" | paste -sd, -)
export CLUSTER="{\"worker\": [$workers]}"

# One folder that all machines see. A job that SLURM starts again keeps its
# number, so it finds its backup.
export BACKUP="$SLURM_SUBMIT_DIR/backup-$SLURM_JOB_ID"

# srun starts these lines on each machine; only the machine's number
# differs. When one worker ends badly, srun ends the others, and the job
# goes back into the queue, at most five times.
# shellcheck disable=SC2016  # each machine fills in its own number
srun --kill-on-bad-exit=1 bash -c '
    task="{\"type\": \"worker\", \"index\": $SLURM_NODEID}"
    export TF_CONFIG="{\"cluster\": $CLUSTER, \"task\": $task}"
    exec python train.py --steps 5000 --batch 1024 --limit 600 \
        --backup "$BACKUP" --backup-every 100
' || {
    if [ "${SLURM_RESTART_COUNT:-0}" -lt 5 ]; then
        scontrol requeue "$SLURM_JOB_ID"
    fi
    exit 1
}
