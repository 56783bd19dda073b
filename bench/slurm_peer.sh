#!/usr/bin/env bash
# slurm_peer.sh FOLDER: a Slurm of 490 nodes x 8 on loopback, submissions of held jobs a second by
# two clients in a loop of `sbatch`, and its end. Prints the rate alone. Needs root, slurmctld and
# slurmd; leaves nothing running. Exit status 77 where Slurm is not installed.
#
# The daemons must run under the names slurmctld and slurmd, or they drop Gres without a word; the
# devices of a Gres must be device nodes.
set -euo pipefail
lab=${1:?a folder that does not exist yet}
nodes=${SLURM_PEER_NODES:-490}
each=${SLURM_PEER_SUBMISSIONS:-400}
for program in /usr/sbin/slurmctld /usr/sbin/slurmd /usr/bin/sbatch; do
    [[ -x $program ]] || exit 77
done
# A span of ports that nothing listens on.
free_base() {
    local base used
    used=$(awk 'FNR > 1 { split($2, a, ":"); print a[2] }' /proc/net/tcp | sort -u)
    for ((base = 21000; base < 32000; base += nodes + 10)); do
        local taken=no port
        for port in $used; do
            ((16#$port >= base && 16#$port <= base + nodes)) && taken=yes
        done
        [[ $taken == no ]] && { echo "$base"; return; }
    done
    return 1
}
port=$(free_base)
mkdir -p "$lab"/{bin,etc,state,spool,log,run,dev}
export SLURM_CONF=$lab/etc/slurm.conf
ln -s "$(readlink -f /usr/sbin/slurmctld)" "$lab/bin/slurmctld"
ln -s "$(readlink -f /usr/sbin/slurmd)" "$lab/bin/slurmd"
for i in 0 1 2 3 4 5 6 7; do mknod "$lab/dev/gpu$i" c 195 "$i"; done
cat >"$SLURM_CONF" <<C
ClusterName=bench
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool/%n
SlurmctldPidFile=$lab/run/slurmctld.pid
SlurmdPidFile=$lab/run/slurmd-%n.pid
SlurmctldLogFile=$lab/log/slurmctld.log
SlurmdLogFile=$lab/log/slurmd-%n.log
SlurmctldDebug=error
SlurmdDebug=error
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
MaxJobCount=200000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=defer,batch_sched_delay=3,max_rpc_cnt=150
PriorityType=priority/basic
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=n[1-$nodes] NodeHostname=localhost NodeAddr=127.0.0.1 \
Port=[$((port + 1))-$((port + nodes))] \
CPUs=96 SocketsPerBoard=2 CoresPerSocket=48 \
ThreadsPerCore=1 RealMemory=1024 Gres=gpu:fake:8 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
C
echo "Name=gpu Type=fake File=$lab/dev/gpu[0-7] Flags=nvidia_gpu_env" >"$lab/etc/gres.conf"
echo "CgroupPlugin=cgroup/v1" >"$lab/etc/cgroup.conf"

# shellcheck disable=SC2317
down() {
    local file
    for file in "$lab"/run/*.pid; do
        if [[ -s $file ]]; then kill "$(cat "$file")" 2>/dev/null || true; fi
    done
    for _ in $(seq 200); do
        compgen -G "$lab/run/*.pid" >/dev/null || return 0
        sleep 0.1
    done
}
trap down EXIT
"$lab/bin/slurmctld" -c >&2
for ((i = 1; i <= nodes; i++)); do "$lab/bin/slurmd" -N "n$i" >&2; done
for _ in $(seq 600); do
    [[ $(sinfo -h -t idle -o %D 2>/dev/null) == "$nodes" ]] && break
    sleep 0.1
done
[[ $(sinfo -h -t idle -o %D) == "$nodes" ]] || { echo "Slurm's nodes are not up" >&2; exit 1; }

cd "$lab"
submit() {
    for ((k = 0; k < each; k++)); do
        sbatch --hold -N 1 --gres=gpu:8 -t 120 -o /dev/null --wrap true >/dev/null
    done
}
begin=$(date +%s%N)
submit &
submit &
wait %1 %2
end=$(date +%s%N)
queued=$(squeue -h | wc -l)
((queued == 2 * each)) || { echo "Slurm has $queued jobs of $((2 * each))" >&2; exit 1; }
echo $((2 * each * 1000000000 / (end - begin)))
