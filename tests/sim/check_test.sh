# `berth check`: scores, the third state, formats, and that nothing is believed. Prints TAP.
#
#     tests/sim/check_test.sh BERTH SOURCE_ROOT
set -u
berth=$(realpath "$1") source_root=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
n=0

check()
{
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        printf '%s\n' "wanted: $2" "got: $3" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}

holds()
{
    check "$1" yes "$([[ $3 == *"$2"* ]] && echo yes || echo "$3")"
}

# A scenario whose expectations hold, and one where the second does not.
world='"berth":"scenario/1","instances":"1xm5.large","costs":"laptop",
  "taskDefinitions":[{"family":"job","containerDefinitions":[{"name":"c","image":"x","memory":64}]}],
  "behaviour":{"job/c":{"work":"1s","idle":"0s"}},
  "timeline":[{"at":"0s","wait":true,"runTask":{"taskDefinition":"job"}}]'
echo "{$world,\"expect\":[{\"task\":\"t1\",\"lastStatus\":\"STOPPED\"}]}" >good.json
echo "{$world,\"expect\":[{\"task\":\"t1\",\"instance\":\"i1\"},{\"task\":\"t1\",\"instance\":\"i2\"}]}" >bad.json
echo "{$world}" >nothing.json

check 'a scenario that does what it expects' 0 "$("$berth" check good.json >out 2>&1; echo $?)"
check 'its score' 'score    1 of 1' "$(tail -n 1 out)"
check 'a scenario that does not' 1 "$("$berth" check bad.json >out 2>&1; echo $?)"
check 'one line for what fails' 1 "$(grep -c FAILED out)"
holds 'it says what was found' 'found it is on i1' "$(cat out)"
check 'a scenario that expects nothing' 2 "$("$berth" check nothing.json >out 2>&1; echo $?)"
check 'a lab that is not there' 2 "$("$berth" check . >out 2>&1; echo $?)"

# A log that says otherwise lies beside it.
"$berth" sim good.json -o bad.run >/dev/null 2>&1
check 'a log that lies around is not believed' 1 "$("$berth" check bad.json >out 2>&1; echo $?)"

mkdir lab work
cp good.json bad.json lab/
cat >lab/check.json <<'END'
{ "berth": "check/1", "title": "A lab", "checks": [
  { "name": "said", "points": 1, "answered": [ "q" ] },
  { "name": "good", "points": 2, "run": { "sim": "good.json" } },
  { "name": "bad", "points": 4, "run": { "sim": "bad.json" } },
  { "name": "after", "points": 8, "needs": [ "bad" ], "run": { "sim": "good.json" } },
  { "name": "value", "points": 16, "answer": "q", "value": { "sim": "good.json", "what": "completion" } },
  { "name": "larger", "points": 32, "answer": "l", "largest": [
      { "name": "one", "sim": "good.json", "what": "completion" },
      { "name": "two", "sim": "good.json", "set": { "behaviour.job/c.work": "3s" }, "what": "completion" } ] },
  { "name": "theirs", "points": 64, "run": { "sim": "mine.json", "student": true } } ] }
END
echo '{ "q": "1.2s", "l": "two" }' >work/answers.json
cp good.json work/mine.json
check 'a lab in which one check fails' 1 "$("$berth" check lab --work work >out 2>&1; echo $?)"
check 'its score' 'score    115 of 127' "$(tail -n 1 out)"
holds 'what needs a failed check is not run' 'not run  0/8  after: not run: it needs "bad"' "$(cat out)"
check 'JSON has three states' 'True True False None True True True' "$("$berth" check lab --work work --format json |
    python3 -c 'import json, sys; print(*[r["passed"] for r in json.load(sys.stdin)["results"]])')"
check 'Gradescope gets its members' '115 7 115' "$("$berth" check lab --work work --format gradescope |
    python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["score"], len(r["tests"]), sum(t["score"] for t in r["tests"]))')"
echo '{ "q": "5s", "l": "one" }' >work/answers.json
"$berth" check lab --work work >out 2>&1
check 'wrong answers get nothing' 'score    67 of 127' "$(tail -n 1 out)"
holds 'they are repeated' 'found one' "$(cat out)"
check 'and no right one is told' '' "$(grep -E '/(16|32) .*wanted' out)"
echo '{ "q": "12", "l": " three" }' >work/answers.json
"$berth" check lab --work work >out 2>&1
holds 'an answer that is none of those asked for' 'larger: is none of the answers that there are; found' "$(cat out)"
check 'nor the right one for a mistake in writing' '' "$(grep -E '/(16|32) .*wanted' out)"
echo '{ "q": "1.2s", "l": "TWO" }' >work/answers.json
check 'a word may begin with a capital' 'score    115 of 127' "$("$berth" check lab --work work 2>&1 | tail -n 1)"
rm work/answers.json
"$berth" check lab --work work >out 2>&1
check 'no answers get nothing' 'score    66 of 127' "$(tail -n 1 out)"
echo '{ "q": "1.2s", "l": "two" }' >teachers.json
ln -s "$PWD/teachers.json" work/answers.json
"$berth" check lab --work work >out 2>&1
check "a link to the teacher's answers gets nothing" 'score    66 of 127' "$(tail -n 1 out)"
holds 'and is named' 'work/answers.json is no file of its own' "$(cat out)"
rm work/answers.json
mkfifo work/answers.json
timeout 20 "$berth" check lab --work work >out 2>&1
check 'nor is a pipe waited for' 'score    66 of 127' "$(tail -n 1 out)"
rm work/answers.json
mv work/mine.json mine.json
ln -s "$PWD/mine.json" work/mine.json
"$berth" check lab --work work >out 2>&1
holds 'nor is a scenario a link' 'work/mine.json is no file of its own' "$(cat out)"
mv mine.json work/mine.json
"$berth" check lab --work work --patience 1us >out 2>&1
holds 'a run that takes too long is not run' 'not run  0/2  good' "$(cat out)"
check 'and gets no points' 'score    0 of 127' "$(tail -n 1 out)"

lab=$source_root/labs/01-vm-or-container
"$berth" check "$lab" --work "$lab/teacher" --format json >out 2>&1
check "the teacher's answers pass" 'no False' "$(python3 -c 'import json; print("no False" if all(r["passed"] is not False for r in json.load(open("out"))["results"]) else open("out").read())')"
echo "1..$n"
