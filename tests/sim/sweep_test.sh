#!/usr/bin/env bash
# Sweeps as people run them: killed and begun again, in parts, with one process or several; the table is
# the same to the byte. Prints TAP.
#
#     sweep_test.sh BERTH SOURCE-FOLDER
set -u
here=$(dirname "$(realpath "$0")")
berth=$(realpath "$1")
scenarios=$(realpath "$2")/scenarios
work=$(mktemp -d /tmp/berth-sweep-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$scenarios/tournament.json" lab.json
cp "$scenarios/web.json" .
axes=(--set 'instances.0.count=4..8..2' --set 'timeline.0.at=1s,2s')

. "$here/tap.sh"

# expect NAME CODE STDERR-PATTERN ARG...
expect()
{
    local name=$1 code=$2 pattern=$3 got bad=0
    shift 3
    PATH=${path:-$PATH} "$berth" sweep "$@" >out 2>err
    got=$?
    [ "$got" = "$code" ] || { bad=1; echo "exit code $got, not $code" >>err; }
    [ -z "$pattern" ] || grep -qE -- "$pattern" err || bad=1
    report "$name" $bad
}

same()
{
    cmp -s "$2" "$3"
    report "$1" $?
}

expect 'one process' 0 'table +one/table.csv' lab.json "${axes[@]}" --seeds 40 --jobs 1 -o one
cp out one.table
[ "$(wc -l <one/table.csv)" = 7 ] && [ "$(wc -l <one/runs.1-of-1)" = 240 ]
report 'a line for each point, and one for each run' $?
head -n 1 one/table.csv | grep -q '^instances.0.count,timeline.0.at,seeds,placed,placed_ci95,'
report 'the CSV names its columns' $?

expect 'four processes' 0 '' lab.json "${axes[@]}" --seeds 40 --jobs 4 -o four
same 'print the same table' out one.table
same 'and write the same CSV' four/table.csv one/table.csv

# Killed for good once it has some lines, and begun again.
"$berth" sweep lab.json "${axes[@]}" --seeds 40 --jobs 2 -o killed >out 2>err &
pid=$!
for _ in $(seq 1000); do
    [ "$(cat killed/runs.* 2>/dev/null | wc -l)" -ge 20 ] && break
    sleep 0.005
done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
printf '99 1 2' >>killed/runs.1-of-1 # half a line, as a crash would leave it
for _ in $(seq 200); do # its processes die with it
    flock -n killed/runs.1-of-1 true && break
    sleep 0.05
done
before=$(wc -l <killed/runs.1-of-1)
[ "$before" -ge 20 ] && [ ! -e killed/table.csv ]
report "killed after some runs, in the middle of a line" $?
expect 'begun again' 0 '' lab.json "${axes[@]}" --seeds 40 -o killed
same 'prints the same table' out one.table
same 'and writes the same CSV' killed/table.csv one/table.csv
[ "$(wc -l <killed/runs.1-of-1)" = 240 ]
report 'no run was made twice' $?

expect 'the first of two shards' 0 '120 of 240 simulations are done' lab.json "${axes[@]}" --seeds 40 -o two --shard 1/2
[ ! -s out ] && [ ! -e two/table.csv ]
report 'has no table yet' $?
expect 'the second one, by the folder alone' 0 'table +two/table.csv' two --shard 2/2
same 'prints the same table, too' out one.table
expect 'the folder again' 0 '' two
same 'prints it again without a run' out one.table

expect 'another sweep in the same folder' 2 'holds another sweep: it says "set' lab.json --set seed=1 --seeds 40 -o one
expect 'another number of seeds' 2 'it says "seeds 40"' lab.json "${axes[@]}" --seeds 41 -o one
sed -i 's/"cpu": 1024/"cpu": 1025/' lab.json
expect 'another scenario under the same name' 2 'the file has changed since' one
cp "$scenarios/tournament.json" lab.json

expect 'a warm-up' 0 '' lab.json "${axes[@]}" --seeds 2 --warm-up 10s -o warm
! cmp -s warm/table.csv one/table.csv
report 'leaves out what comes before' $?
expect 'a bare task definition' 0 '' web.json --count 4 --instances 2xm5.large --seeds 2 -o bare
expect 'JSON' 0 '' one --json
grep -q '"points": \[' out && { ! command -v jq >/dev/null || jq -e '.points | length == 6' out >/dev/null; }
report 'has the points' $?
expect 'what nobody knows is not 0' 0 '' "$scenarios/first.json" --seeds 2 -o unpriced --json
grep -q '"cost": {"mean": null, "ci95": null}' out && [ "$(tail -n 1 unpriced/table.csv | tail -c 3)" = ',,' ]
report 'but null, and empty in the CSV' $?
"$berth" sweep unpriced >out 2>err
grep -qE '^ +-$' out
report 'and - in the table' $?

expect 'a wrong value at the last point shows at once' 2 'lab.json.*count' lab.json --set instances.0.count=1,2,x -o wrong
[ ! -e wrong ]
report 'and leaves nothing' $?
grep -c 'error:' err | grep -qx 1; report 'and is said once' $?
expect 'no such file' 2 'cannot read none.json' none.json --set a=1
expect 'a folder says itself what is run' 2 'leave out --set' one --set a=1
for option in '--seeds 3' '-o two' '--warm-up 1s' '--count 2' '--instances 2xm5.large'; do
    # shellcheck disable=SC2086 # an option and its value
    expect "nor is it told by $option" 2 "leave out ${option%% *}" one $option
done
expect 'a shard that is none' 2 'wanted K/N' lab.json --shard 3/2
expect 'a warm-up longer than the run' 2 'leaves nothing' lab.json --seeds 1 --warm-up 1h -o long
expect 'a bad warm-up' 2 '"soon" ' lab.json --warm-up soon
expect 'a folder that cannot be' 2 'cannot use the folder' lab.json --seeds 1 -o /proc/none
sed -i '$d' one/runs.1-of-1
exec 9>>one/runs.1-of-1
flock 9
expect 'a sweep that goes on' 2 'already going on' one
exec 9>&-

path=/nowhere expect 'without Slurm' 3 'no sbatch here.*job.sh is written' lab.json --seeds 2 --slurm -o slurm
grep -q '^#SBATCH --array=1-2$' slurm/job.sh
report 'the job array is written all the same' $?

echo "1..$n"
exit $failed
