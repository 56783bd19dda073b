#!/usr/bin/env bash
# Slurm's commands as names of the program; a script written for Slurm runs unchanged.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
"$suan" slurm-names "$work/names" >/dev/null
start_hub --centre "$work/centre.yaml" --readable "$work/names"
as acme bob
export PATH=$work/names:$PATH SBATCH_PARTITION=cpu SLURM_PARTITION=cpu

cat >"$work/job.sh" <<'SCRIPT'
#!/bin/bash
#SBATCH --job-name="my job"
#SBATCH -N 1 -n 2            # two tasks
#SBATCH --time=00:05:00
#SBATCH --mail-type=END

echo "job $SLURM_JOB_ID of $SLURM_JOB_NAME, $SLURM_NTASKS tasks, argument $1, X=$X"
srun hostname >/dev/null && echo "step done"
#SBATCH -n 99
SCRIPT
id=$(X=7 sbatch --parsable "$work/job.sh" hello 2>"$work/notes")
grep -q 'mail-type is ignored' "$work/notes"
"$suan" job wait "$id" >/dev/null
expect 0 "job $id of my job, 2 tasks, argument hello, X=7" "$suan" job logs "$id"
expect 0 'step done' "$suan" job logs "$id"
expect 0 '^Submitted batch job [0-9]+$' sbatch --wrap 'exit 4'
expect 0 'accepted|[0-9]' sbatch --parsable --array=0-3%2 --wait --wrap 'echo $SLURM_ARRAY_TASK_ID'
array=$(sbatch --parsable --array=1,5 --hold --wrap 'true')
expect 0 "^ *${array}_\[1,5\] .* PD " squeue
expect 0 "^ *${array}_5 " squeue -r -h
expect 0 "^${array}_1 PENDING JobHeldUser$" squeue -h -r -j "${array}_1" -o '%i %T %r'
expect 0 '"job_state":"PENDING"' squeue --json
expect 0 'None|JobHeldUser' squeue --me --start
after=$(sbatch --parsable -d "afterok:$array" --wrap true)
expect 0 'Dependency' squeue -h -j "$after" -o '%r'
scancel "${array}_1"
expect 0 "^${array}_1\|CANCELLED$" sacct -n -P -X -j "$array" -o JobID,State
scancel "$array"
expect 0 "$after\|CANCELLED" sacct -n -P -j "$after" -o JobID,State
expect 0 'FAILED +4:0' sacct --name wrap
expect 0 '^JobID +JobName' sacct
expect 0 '^cpu +up .* idle this$' sinfo -p cpu
expect 0 'gpu:8' sinfo -h -o '%P %G'
expect 0 '^hello from 0$' srun -n 1 sh -c 'echo hello from $SLURM_PROCID'
expect 9 '' srun sh -c 'exit 9'
expect 0 '^1: rank 1$' srun -l -n 2 sh -c 'echo rank $RANK'

# Bad input.
expect 2 'unknown option --prtition; did you mean --partition' sbatch --prtition=cpu "$work/job.sh"
expect 2 'nodelist is not supported' sbatch -w this "$work/job.sh"
expect 2 'does not look like a batch script' sbatch <<<'echo hi'
expect 2 '--time' sbatch --time=1:2:3:4 "$work/job.sh"
expect 1 'no partition "none"' sbatch -p none "$work/job.sh"
expect 2 'has no accelerators' sbatch --gres=gpu:1 "$work/job.sh"
expect 65 'never_fits' sbatch -p virtual --gres=gpu:9 --wrap true
expect 1 'not_found' scancel 99999
expect 2 'no jobs named' scancel
expect 2 'format: %y is not known' squeue -o '%y'
SUAN_TOKEN=$(cat "$SUAN_TOKEN_FILE") sbatch --wait --wrap 'env' >/dev/null
last=$(sacct -n -P -o JobID | tail -n 1)
if "$suan" job logs "$last" | grep -q SUAN_TOKEN; then
    echo "FAILED: the token reached the job"
    exit 1
fi
stop_hub
echo "Slurm's names work"
