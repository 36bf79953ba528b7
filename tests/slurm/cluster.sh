#!/usr/bin/env bash
# A real SLURM of one node on this machine's loopback: munged, slurmctld and slurmd, without systemd and cgroups.
#
#   cluster.sh start   install what is missing (apt-get), start, wait until a job can run
#   cluster.sh stop    cancel the jobs, end the daemons, remove everything
#
# All it writes lies in FOLDER, but for two links in /etc/slurm, where clients look: Snakemake drops SLURM_CONF before
# it calls srun. The node claims 4 CPUs and 2 GPUs, whatever the machine has; a GPU is a copy of /dev/null. A job that
# uses more memory than it asked for is killed.
set -euo pipefail
unset SLURM_CONF

FOLDER=/var/tmp/monosem-slurm
CPUS=4
GPUS=2
PORT=16817 # and the next
WAIT_S=30

fail() { echo "cluster.sh: $*" >&2; exit 1; }

# The process of a daemon's pid file, if it is really that daemon: numbers are used again.
pid_of() {
    local pid
    pid=$(cat "$FOLDER/$1.pid" 2>/dev/null) && grep -qa "$1" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

wait_for() { # WHAT COMMAND...
    local what=$1 end=$((SECONDS + WAIT_S)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { tail -n 20 "$FOLDER"/*.log >&2; fail "$what: not so after $WAIT_S s, see above"; }
        sleep 0.1
    done
}

install() {
    local missing=() name
    for name in munge slurm-wlm slurm-wlm-basic-plugins slurm-client; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    # Packages start their services when they are installed, unless this file forbids it.
    local policy=/usr/sbin/policy-rc.d
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

write_config() {
    local memory; memory=$(slurmd -C | grep -o 'RealMemory=[0-9]*' | cut -d= -f2)
    for number in $(seq 0 $((GPUS - 1))); do
        mknod "$FOLDER/nvidia$number" c 1 3 || fail "mknod is not allowed here: no device to count as a GPU"
        echo "NodeName=node1 Name=gpu File=$FOLDER/nvidia$number"
    done >"$FOLDER/gres.conf"
    # MinJobAge: squeue remembers ended jobs as long. KillWait: seconds from SIGTERM to SIGKILL.
    cat >"$FOLDER/slurm.conf" <<CONF
ClusterName=monosem
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$FOLDER/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$FOLDER/state
SlurmdSpoolDir=$FOLDER/spool
SlurmctldPidFile=$FOLDER/slurmctld.pid
SlurmdPidFile=$FOLDER/slurmd.pid
SlurmctldLogFile=$FOLDER/slurmctld.log
SlurmdLogFile=$FOLDER/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
PropagateResourceLimits=NONE
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1,sched_min_interval=100000
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=3600
KillWait=10
GresTypes=gpu
DefMemPerCPU=1000
NodeName=node1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$memory Gres=gpu:$GPUS
PartitionName=cpu Nodes=node1 Default=YES MaxTime=INFINITE DefaultTime=60
PartitionName=gpu Nodes=node1 MaxTime=INFINITE DefaultTime=60
CONF
}

start() {
    [ "$(id -u)" = 0 ] || fail "run as root"
    stop
    for name in slurm gres; do
        [ ! -e "/etc/slurm/$name.conf" ] || fail "/etc/slurm/$name.conf: this machine has a SLURM of its own"
    done
    getent hosts "$(hostname -s)" >/dev/null || fail "add '127.0.0.1 $(hostname -s)' to /etc/hosts: the name does not resolve"
    install
    mkdir -p "$FOLDER"/{state,spool} /etc/slurm
    chmod 755 "$FOLDER"
    write_config
    ln -s "$FOLDER"/{slurm,gres}.conf /etc/slurm/
    (umask 077; head -c 128 /dev/urandom >"$FOLDER/munge.key")
    local munge=(munged --key-file="$FOLDER/munge.key" --socket="$FOLDER/munge.socket")
    munge+=(--pid-file="$FOLDER/munged.pid" --log-file="$FOLDER/munged.log" --seed-file="$FOLDER/munge.seed")
    # A daemon that kept the caller's output open would keep the caller waiting for its end.
    "${munge[@]}" </dev/null >>"$FOLDER/start.log" 2>&1
    slurmctld </dev/null >>"$FOLDER/start.log" 2>&1
    wait_for "slurmctld answers" sinfo
    slurmd -N node1 </dev/null >>"$FOLDER/start.log" 2>&1
    wait_for "a job can run" timeout 5 srun --quiet --mem=50 --gpus=1 true
}

stop() {
    if pid_of slurmctld >/dev/null && pid_of slurmd >/dev/null; then
        scancel --user root || true
        wait_for "jobs have ended" sh -c '[ -z "$(squeue -h)" ]'
    fi
    for name in slurmd slurmctld munged; do
        if pid=$(pid_of $name); then
            kill "$pid"
            wait_for "$name has ended" sh -c "! kill -0 $pid"
        fi
    done
    for name in slurm gres; do
        case $(readlink "/etc/slurm/$name.conf" || true) in "$FOLDER"/*) rm "/etc/slurm/$name.conf" ;; esac
    done
    rm -rf "$FOLDER"
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    *) sed -n '2,/^set/p' "$0" | sed -n 's/^# \{0,1\}//p'; exit 2 ;;
esac
