#!/usr/bin/env bash
# The command line of berth as people meet it: exit codes, what goes to stdout and what to stderr,
# and that no mistake passes without a word of help. Prints TAP.
#
#     command_test.sh BERTH SOURCE-FOLDER
set -u
here=$(dirname "$(realpath "$0")")
berth=$(realpath "$1")
scenarios=$(realpath "$2")/scenarios
work=$(mktemp -d /tmp/berth-command-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

. "$here/tap.sh"

# expect NAME CODE STDOUT-PATTERN STDERR-PATTERN ARG...: runs berth. An empty pattern means that
# nothing may be printed there, "*" that anything may.
expect()
{
    local name=$1 code=$2 out=$3 err=$4 got bad=0
    shift 4
    "$berth" "$@" >out 2>err
    got=$?
    [ "$got" = "$code" ] || { bad=1; echo "exit code $got, not $code" >>err; }
    check "$out" out || bad=1
    check "$err" err || bad=1
    report "$name" $bad
}

check()
{
    case $1 in
    '*') return 0 ;;
    '') [ ! -s "$2" ] ;;
    *) grep -qE -- "$1" "$2" ;;
    esac
}

cp "$scenarios/first.json" "$scenarios/web.json" .

expect 'help begins with examples' 0 '^Examples:' '' --help
expect 'every command has help' 0 '^Examples:' '' sim --help
expect 'version' 0 '^berth [0-9]+\.[0-9]+\.[0-9]+$' '' --version
expect 'no command is wrong usage' 2 '^Examples:' ''
expect 'unknown command, near' 2 '' 'did you mean berth sim\?' smi
expect 'unknown command, far' 2 '' 'berth --help' frobnicate
expect 'a file as command' 2 '' 'berth sim first.json' first.json
expect 'unknown option' 2 '' 'did you mean --seed\?' sim first.json --sed 3
expect 'no scenario' 2 '' 'usage: berth sim SCENARIO' sim
expect 'two scenarios' 2 '' 'one too many' sim first.json web.json
expect 'missing file' 2 '' 'nofile.json.*No such file' sim nofile.json
expect 'a folder' 2 '' '.' sim .
expect 'an option of no command' 2 '' 'did you mean --help' --hlep
expect 'more tasks than there are numbers' 2 '' 'from 1 to 2147483647' sim web.json --count 99999999999
expect 'a folder as a run' 2 '' 'Is a directory' replay .
expect 'nothing is measured for a file that is not there' 2 '' '^nofile.json:1:1: error: .*No such file' predict nofile.json
expect 'bad level' 2 '' 'did you mean summary\?' sim first.json --log=sumary

expect 'a simulation' 0 'expect +3 of 3 hold' '' sim first.json
grep -q '^why  *t7 -> i2: binpack cpu prefers i1, but i1 lacks 384 CPU units' out; report 'says why' $?
[ -s first.run ]; report 'leaves first.run' $?
expect 'its log replays' 0 'replay: identical' '' replay first.run
cp first.run again.run
"$berth" sim first.json -o first.run >out 2>err && cmp first.run again.run >>err
report 'the same bytes again' $?
"$berth" sim first.json --seed 2 -o other.run >out 2>err && ! cmp -s first.run other.run
report 'another seed gives another run' $?
expect 'in a folder that is not there' 2 '' 'no/such/x.run' sim first.json -o no/such/x.run
expect 'a full disk' 3 '' '/dev/full.*No space left' sim first.json -o /dev/full
"$berth" sim first.json -o x.run >/dev/full 2>err; [ $? = 3 ] && grep -q 'standard output' err
report 'full standard output' $?

rm -f first.run
expect 'JSON has its members' 0 '"tasks": 8, "instances": 2, "micro_vms": 0, "events": [0-9]+, .*"state_hash": "[0-9a-f]{16}"' '' \
    sim first.json --json
python3 -c 'import json,sys; d=json.load(open("out")); sys.exit(d["expect"]["hold"]!=3 or d["log"] is not None)' 2>>err
report 'JSON is JSON' $?
[ ! -e first.run ]; report 'JSON writes no log unasked' $?
expect 'many seeds, a table' 0 '^ +3 ' '' sim first.json --runs 3
[ "$(grep -cE '^ +[123] +15.0' out)" = 3 ]; report 'one line a seed' $?
expect 'many seeds, JSON' 0 '^\{"runs": \[\{' '' sim first.json --runs 3 --json
python3 -c 'import json,sys; d=json.load(open("out")); sys.exit([x["seed"] for x in d["runs"]]!=[1,2,3])' 2>>err
report 'one object a seed' $?
expect 'many seeds, their means' 0 'placed +8.00 .+0.00' '' sim first.json --runs 3
expect 'without the beginning' 0 'the first 5.000 s are left out' '' sim first.json --runs 3 --warm-up 5s
expect 'without a beginning that is found' 0 'mean over 3 runs' '' sim first.json --runs 3 --warm-up auto
expect 'a warm-up that is no duration' 2 '' 'warm-up "5"' sim first.json --runs 3 --warm-up 5
expect 'a warm-up of one run' 2 '' 'two or more' sim first.json --warm-up 5s
expect 'many seeds and one log' 2 '' '--runs' sim first.json --runs 3 -o x.run

expect 'a bare task definition' 0 't10 ' '' sim web.json --count 10 --instances 4xm5.large
expect 'unknown instance type' 2 '' 'm5.large' sim web.json --instances 4xm5.lagre
expect 'a setting' 0 '4 s of work took' '' sim first.json --set 'behaviour.job/job.work=4s' --set until=30s
expect 'a wrong setting' 2 '' 'behavior' sim first.json --set 'behavior.job/job.work=4s'
expect 'all checks on' 0 'SIMULATED' '' sim first.json --paranoid
expect 'no room' 1 'REFUSED|WAITING' '*' sim first.json --instances 1xt3.nano
sed 's/"running": 4/"running": 5/' first.json >five.json
expect 'a failed expectation' 1 'FAILED line [0-9]+: .*4 running' '' sim five.json
expect 'summary only' 0 'SIMULATED' '' sim first.json --log=summary -o s.run
[ "$(wc -l <s.run)" = 2 ]; report 'two lines: header and summary' $?
expect 'the scheduler alone' 0 'SIMULATED' '' sim first.json --log=tasks -o s.run
! grep -q '"m":"i1"' s.run; report 'no agent in it' $?
sed 's/"at": "5s"/"at": "4.2s"/' first.json >near.json
expect 'nearly at once' 0 '*' 'near.json:[0-9]+: warning: RunTask at 4.000 s and RunTask at 4.200 s' sim near.json --set 'expect=[]'

expect 'a clean file is silent' 0 '' '' validate first.json web.json
printf '{"berth": "scenario/1",' >broken.json
expect 'broken JSON' 2 'broken.json:1:[0-9]+: error' '' validate broken.json
expect 'broken JSON in a simulation' 2 '' 'broken.json:1:[0-9]+: error' sim broken.json
expect 'all files, all findings' 2 'nofile.json.*error' '' validate first.json nofile.json broken.json
grep -q broken.json out; report 'one bad file does not hide the next' $?
expect 'findings as JSON' 2 '"errors": 1' '' validate --json broken.json
python3 -c 'import json,sys; d=json.load(open("out")); sys.exit(d["findings"][0]["severity"]!="error")' 2>>err
report 'findings are JSON' $?

for kind in service job task; do
    expect "a new $kind" 0 '' "$kind.json is written" new --$kind $kind.json
    expect "a new $kind is clean" 0 '' '' validate --verbose $kind.json
    expect "a new $kind simulates" 0 'SIMULATED' '*' sim --paranoid $kind.json
done
expect 'a file that exists' 2 '' 'service.json exists' new service.json
expect 'without a name' 0 '' 'scenario.json is written' new
cmp -s scenario.json service.json; report 'a service is the default' $?
expect 'to standard output' 0 '"title": "A service' '' new -
[ ! -e - ]; report 'and into no file' $?
expect 'a name for the shell' 0 '' "next: berth sim 'a b'..'c.json'" new "a b'c.json"
expect 'and of its run' 0 "next +berth exec 'a b'..'c.json' " '' sim "a b'c.json"
expect 'two kinds' 2 '' 'at most one' new --job --task x.json

cat >role.json <<'EOF'
{"family":"d","taskRoleArn":"r","containerDefinitions":[{"name":"a","image":"i","memory":8}]}
EOF
expect 'what is not simulated is no finding' 0 '' '' validate role.json
expect 'and named when asked' 0 'role.json:1:15: note: taskRoleArn: not simulated' '' validate -v role.json

"$berth" sim first.json -o first.run >out 2>err
expect 'a replay as JSON' 0 '"identical": true, "events": [1-9]' '' replay --json first.run
sed 's/"t":5000000,/"t":5000001,/' first.run >changed.run
expect 'a changed log' 1 '' 'changed.run:[0-9]+: scheduler event [0-9]+ \(RunTask d2\) at 5.000001 s' replay changed.run
expect 'a changed log as JSON' 1 '"identical": false.*"difference": ".*RunTask' '*' replay --json changed.run
head -c 9000 first.run >cut.run
expect 'a cut log' 0 'replayed up to its last whole line' '' replay cut.run
expect 'a summary cannot be replayed' 2 '' '--log=tasks.*--log=all' replay s.run
expect 'a scenario is no log' 2 '' 'this is a scenario, not a run log' replay first.json
expect 'no such log' 2 '' 'nolog.run' replay nolog.run
expect 'why there' 0 'decided: i2 was the only candidate; binpack cpu prefers i1, but i1 lacks' '' explain first.run --task t7
cat >daemon.json <<'EOF'
{"berth":"scenario/1","instances":"3xbox","instanceTypes":{"box":{"vcpu":1,"memory":"1GiB","boot":"0s"}},"until":"20s",
 "taskDefinitions":[{"family":"d","containerDefinitions":[{"name":"d","image":"d","cpu":100,"memory":100}]}],
 "services":[{"serviceName":"d","taskDefinition":"d","schedulingStrategy":"DAEMON"}]}
EOF
"$berth" sim daemon.json -o daemon.run >out 2>err
expect 'why there, of a daemon' 0 'decided: a DAEMON service has one task on every instance, so on i2 too' '' explain daemon.run --task t2
expect 'why there as JSON' 0 '"kind": "placed"' '' explain first.run --task t7 --json
python3 -c 'import json,sys; d=json.load(open("out")); sys.exit(d["instance"]!="i2" or d["removed"]["RESOURCE:CPU"]!=1)' 2>>err
report 'why there is JSON' $?
expect 'what if' 0 'One more job:1 at 6.000 s.* goes to i2' '' explain first.json --what-if job --at 6s
expect 'what if, from a file' 0 'as RunTask would place it' '' explain first.json --what-if web.json --at 6s
expect 'what if, misspelt' 2 '' 'did you mean job\?' explain first.json --what-if jbo --at 6s
expect 'what if, when' 2 '' 'Add --at' explain first.json --what-if job
expect 'no such task' 2 '' 'its tasks are t1 to t8' explain first.run --task t99
expect 'no such name' 2 '' '--task "seven"' explain first.run --task seven
expect 'not yet' 2 '' 'it comes at 5.000 s' explain first.run --task t7 --at 1s
expect 'nothing to explain' 2 '' '--task.*--what-if' explain first.run

cp "$scenarios/tournament.json" .
expect 'a tournament' 0 '^ 1  .* 0\.0 ±0\.0 ' '' tournament tournament.json --seeds 5
cp out first.out
expect 'the same tournament' 0 '^ranked by fewest unplaced' '' tournament tournament.json --seeds 5
cmp -s out first.out
report 'the same strategies and seeds, the same bytes' $?
expect 'a tournament of one seed' 0 'one seed is one story' '' tournament tournament.json --seeds 1
expect 'a tournament as JSON' 0 '"ranked_by"' '' tournament tournament.json --strategies all --seeds 3 --json
python3 -c '
import json, sys
ranking = json.load(open("out"))["ranking"]
keys = [(r["unplaced"]["mean"], r["waited_p95"]["mean"], r["instances"]["mean"]) for r in ranking]
own = {r["strategy"] for r in ranking}
sys.exit(keys != sorted(keys) or len(own) < 10 or any(r["placed"]["mean"] != 55 for r in ranking)
         or ranking[0]["against_best"]["waited_p95"]["ci95"] != 0)' 2>>err
report 'the ranking is one' $?
expect 'a tournament changes with its scenario' 0 'unplaced' '' tournament tournament.json --seeds 2 --set instances.0.count=4
expect 'the strategies by name' 0 '^best-fit  ' '' tournament --list
expect 'a long chain keeps the columns' 0 '^ [12]  spread-zone\+spread-instance\+binpack-memory  +[0-9.]' '' \
    tournament tournament.json --strategies spread-zone+spread-instance+binpack-memory,random --seeds 2
[ "$(sed -n '/^ [12]  /s/\..*//p' out | head -n 2 | awk '{ print length }' | sort -u | wc -l)" = 1 ]
report 'so that figures stand below each other' $?
expect 'an unknown strategy' 2 '' 'no strategy "worstfit"; did you mean worst-fit\?' tournament tournament.json --strategies random,worstfit
expect 'a tournament of nothing' 2 '' 'which SCENARIO' tournament
expect 'a tournament of a bad scenario' 2 '' 'did you mean best-fit\?' tournament tournament.json --set services.0.placementStrategy.0.type=bestfit

"$berth" sim tournament.json -o own.run >out 2>err
expect 'a run by an own strategy replays' 0 '^replay: identical' '' replay own.run
expect 'an own strategy explains itself' 0 'rule 1: best-fit: its score, the highest wins' '' explain own.run --task t2
expect 'with its scores' 0 '"rules": \["best-fit"\].*"values": \[[1-9]' '' explain own.run --task t2 --json
sed 's/"name":"best-fit"/"name":"of-mine"/' own.run >other.run
expect 'a log by a strategy of another berth' 2 '' 'strategy "of-mine", which this berth does not have' replay other.run
expect 'nothing to explain in it' 2 '' 'strategy "of-mine", which this berth does not have' explain other.run --task t2

# placed STRATEGY CONSTRAINT...: writes placed.json, in which one task asks for that.
placed()
{
    local constraints= strategy=$1
    shift
    for expression in "$@"; do
        constraints+="${constraints:+,}{\"type\":\"memberOf\",\"expression\":\"$expression\"}"
    done
    cat >placed.json <<END
{ "berth": "scenario/1", "until": "5s", "instanceTypes": { "box": { "vcpu": 1, "memory": "1GiB", "boot": "0s" } },
  "instances": [ { "type": "box", "attributes": { "rack": "r7" } } ],
  "taskDefinitions": [ { "family": "job", "containerDefinitions": [ { "name": "job", "image": "job", "memory": 32 } ] } ],
  "timeline": [ { "at": "1s", "wait": true, "runTask": { "taskDefinition": "job",
    "placementStrategy": [ $strategy ], "placementConstraints": [ $constraints ] } } ] }
END
}

placed '{"type":"binpack","field":"memroy"}'
expect 'a field misspelt' 2 '' "binpack's field is cpu or memory \(did you mean memory\?\)" sim placed.json
placed '{"type":"binpak","field":"memory"}'
expect 'a strategy misspelt' 2 '' 'did you mean binpack\?' sim placed.json
placed '{"type":"spread","field":"atribute:rack"}'
expect 'an attribute misspelt' 2 '' 'did you mean attribute:rack\?' sim placed.json
placed '{"type":"spread","field":"ecs.availability-zone"}'
expect 'an attribute without its prefix' 2 '' 'did you mean attribute:ecs.availability-zone\?' sim placed.json
placed '{"type":"spread","field":"hots"}'
expect 'hosts misspelt' 2 '' 'did you mean host\?' sim placed.json
placed '{"type":"spread","field":"attribute:rak"}'
expect 'an attribute that no instance has' 0 SIMULATED \
    'field: no instance has the attribute rak, so all count as one \(did you mean rack\?\)' sim placed.json
placed '{"type":"spread","field":"attribute:rack"},{"type":"spread","field":"attribute:ecs.availability-zone"}'
"$berth" sim placed.json >out 2>err
[ ! -s err ]
report 'and nothing of one that some have' $?
placed '' 'attribute:rack\t= r1'
expect 'a place in an expression' 2 '' 'expression: column 16 of the expression: expected an operator .*, found .=. \(did you mean ==\?\)$' sim placed.json
[ "$(tail -n 2 err)" = "$(printf '    attribute:rack = r1\n                   ^')" ]
report 'which is shown below' $?
expect 'in one line where each is a finding' 2 "found '=' \\(did you mean ==\\?\\): attribute:rack \\^= r1$" '' validate placed.json
[ "$(wc -l <out)" = 1 ]
report 'and no more lines' $?
expect 'as JSON in one line' 2 "found '=' \\(did you mean ==\\?\\): attribute:rack \\^= r1\"" '' validate placed.json --json
placed '' 'attribute:rack exists' 'attribute:rack == r1'
expect 'who waits, and how to ask why' 1 '^why not  berth explain placed.run --task t1$' '' sim placed.json -o placed.run
sed 's/"wait": true, //' placed.json >refused.json
expect 'or what if, as it was run' 1 \
    '^why not  berth explain refused.json --what-if job --at 1.000s --set until=4s --set seed=2$' '' \
    sim refused.json --seed 2 --set until=4s
expect 'which constraint is not met, and by what' 0 \
    'no room; nearest miss: i1 does not meet "attribute:rack == r1": it has attribute:rack = r7 \(MemberOf placement constraint unsatisfied\.\)$' '' explain placed.run --task t1
expect 'what is still to be called counts for what would be' 0 'RESOURCE:CPU": 0.*"MemberOf placement constraint unsatisfied.": 1' '' \
    explain placed.json --what-if job --at 0.5s --json
expect 'with another value' 0 'the cluster has 1 instance$' '' \
    explain placed.json --what-if job --at 0.5s --set instances.0.attributes.rack=r1
expect 'by which there is one' 0 '^decided: i1 was the only candidate' '' \
    explain placed.json --what-if job --at 0.5s --set instances.0.attributes.rack=r1
expect 'not before it is up' 0 'launching, draining, gone\) +1 +i1 is not ACTIVE but LAUNCHING$' '' \
    explain placed.json --what-if job --at 0s
expect 'and its state is told last' 0 'nearest miss: i1 is not ACTIVE but LAUNCHING .INACTIVE.$' '' \
    explain placed.json --what-if job --at 0s
cat >rising.json <<'SCENARIO'
{ "berth": "scenario/1", "instanceTypes": { "box": { "vcpu": 1, "memory": "1GiB", "boot": "2s" } }, "instances": "1xbox",
  "taskDefinitions": [ { "family": "job", "containerDefinitions": [ { "name": "c", "image": "x", "memory": 32 } ] } ],
  "timeline": [ { "at": "0s", "wait": true, "runTask": { "taskDefinition": "job" } } ] }
SCENARIO
expect 'nor has it room in the summary' 1 'no room: nearest is i1, which is not ACTIVE but LAUNCHING' '' \
    sim rising.json --set until=1s
"$berth" sim rising.json -o rising.run >/dev/null
expect "nor in a task's life" 0 'waits for room; nearest miss: i1 is not ACTIVE but LAUNCHING .INACTIVE.$' '' \
    explain rising.run --task t1
expect 'a profile that is named like a number' 2 '' 'costs: found 2012; the profile of that name is a text: "2012"' \
    sim rising.json --set costs=2012
expect 'no value of a run that is over' 2 '' 'goes with --what-if' explain placed.run --task t1 --set seed=2
expect 'when all is over, the last moment' 0 '^One more job:1 at 5.000 s.*no room' \
    'placed.json is over before 1h; this is how things stand at its end, 5.000 s' explain placed.json --what-if job --at 1h
expect 'which is before the teardown' 0 '^decided: i1 was the only candidate' '' \
    explain placed.json --what-if job --at 5s --set instances.0.attributes.rack=r1
expect 'as JSON' 0 '"constraint": "attribute:rack == r1", "has": \[\{"subject": "attribute:rack", "value": "r7"\}\]' '' explain placed.run --task t1 --json

# An assertion that fails raises SIGABRT: so does this, in the middle of a long run.
"$berth" sim first.json --set instances.0.count=3000 --set services.0.desiredCount=5000 --json --paranoid >out 2>err &
sleep 0.5
kill -ABRT $! && wait $!
[ $? = 70 ] && grep -q 'a bug in berth: event [0-9]* .*berth sim first.json --seed 1 --paranoid' err
report 'a bug says how to see it again' $?
# Sooner or later, on a slow machine, the service is there and with it its strategy.
for pause in 0.5 1 2 4 8; do
    "$berth" sim first.json --set instances.0.count=300 --set services.0.desiredCount=50000 \
        --set 'services.0.placementStrategy=[{"type":"best-fit"}]' --json --paranoid >out 2>err &
    sleep $pause
    kill -FPE $! 2>/dev/null
    wait $!
    [ $? = 70 ] && grep -q 'or in the strategy best-fit in sim/core/strategies.c: event' err && break
done
grep -q '^berth: divided by zero' err && grep -q 'or in the strategy best-fit in sim/core/strategies.c: event' err
report 'as does one in a strategy of your own' $?
mkfifo slow.run
"$berth" explain slow.run --task t1 >out 2>err &
sleep 0.3
kill -FPE $! && wait $!
[ $? = 70 ] && grep -q '^berth: divided by zero' err && grep -q 'a bug in berth: to see it again: berth explain slow.run --task t1$' err
report 'and one while a run is explained' $?


mkdir alone && cp "$berth" alone/berth
berth=$work/alone/berth
expect 'no executor beside it' 3 '' 'berth-exec.*libcgroup-dev' exec first.json
expect 'no viewer beside it' 3 '' 'berth-view.*libsdl2-dev' view first.run

"$berth" sim first.json -o exported.run >/dev/null 2>&1
expect 'a run for Perfetto' 0 '"traceEvents"' '' export exported.run --format chrome
expect 'a run as CSV' 0 '^task,family,' '' export exported.run --format csv
expect 'its containers' 0 '^task,container,' '' export exported.run --format csv --table containers
expect 'into a file' 0 '' '' export exported.run --format csv -o exported.csv
expect 'what the columns hold' 0 'stopped_reason +why' '' export --columns
expect 'export without a run' 2 '' 'which RUN' export
expect 'export without a format' 2 '' 'chrome or' export exported.run
expect 'export in an unknown format' 2 '' 'crome' export exported.run --format crome
expect 'export of no run' 2 '' 'first.json' export first.json --format csv
expect 'export to a full disk' 3 '' 'incomplete' export exported.run --format csv -o /dev/full

echo "1..$n"
exit $failed
