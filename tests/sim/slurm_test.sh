#!/usr/bin/env bash
# A sweep as a real Slurm job array, on a cluster of one node that this test starts from Debian's packages,
# in a folder of its own, on loopback, and ends again. Prints TAP.
#
#     slurm_test.sh BERTH SOURCE-FOLDER
set -u
here=$(dirname "$(realpath "$0")")
berth=$(realpath "$1")
scenarios=$(realpath "$2")/scenarios
work=$(mktemp -d /tmp/berth-slurm-XXXXXX)
pids=()

clean_up()
{
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

skip()
{
    echo "1..0 # SKIP $1"
    exit 0
}

[ "$(id -u)" = 0 ] || skip 'slurmd needs root'
for program in munged slurmctld slurmd sbatch sinfo; do
    PATH=$PATH:/usr/sbin command -v $program >/dev/null || skip "no $program here"
done
export PATH=$PATH:/usr/sbin
cd "$work" || exit 1
chmod 755 "$work"

# Two ports that nobody uses: asked of the kernel, one after the other.
free_port()
{
    local port
    for port in $(shuf -i 20000-32000 -n 200); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

configure()
{
    local host
    host=$(uname -n | cut -d . -f 1)
    mkdir -p munge spool state
    chmod 700 munge
    head -c 128 /dev/urandom >munge/key
    chmod 400 munge/key
    cat >slurm.conf <<END
ClusterName=berth
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CryptoType=crypto/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=10 State=UP
END
    export SLURM_CONF=$work/slurm.conf
}

begin()
{
    munged --foreground --force --socket="$work/munge/socket" --key-file="$work/munge/key" \
        --log-file="$work/munge/log" --pid-file="$work/munge/pid" --seed-file="$work/munge/seed" 2>>munged.err &
    pids+=($!)
    slurmctld -D -c 2>>slurmctld.err &
    pids+=($!)
    slurmd -D 2>>slurmd.err &
    pids+=($!)
    for _ in $(seq 600); do
        sinfo -h -o %t 2>/dev/null | grep -qx idle && return 0
        sleep 0.1
    done
    return 1
}

. "$here/tap.sh"
shown=(out err 'slurm*.log' 'slurm*.err' munged.err 'arrayed/*.log')

configure
begin
report 'a node is idle' $?
cp "$scenarios/tournament.json" lab.json
axes=(--set instances.0.count=4..8..2 --seeds 8)
"$berth" sweep lab.json "${axes[@]}" -o plain >out 2>err
report 'the sweep without Slurm' $?
timeout 120 "$berth" sweep lab.json "${axes[@]}" -o arrayed --slurm --shards 3 >array.out 2>err
report 'the same as a job array' $?
cmp -s out array.out
report 'prints the same table' $?
cmp -s plain/table.csv arrayed/table.csv
report 'writes the same CSV' $?
[ "$(cat arrayed/runs.*-of-3 | wc -l)" = 24 ] && [ "$(find arrayed -name 'runs.*-of-3' | wc -l)" = 3 ]
report 'three jobs shared the runs' $?
echo "1..$n"
exit $failed
