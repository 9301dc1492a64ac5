#!/bin/sh
# documents.sh SALLYPORT TOP: whether what the documents show is so: the manual pages are sound mdoc, the README's first
# rule file is sound, and explain, prove and diff print what README and sallyport(8) show.
set -u
sallyport=$(realpath "$1") top=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
number=0

# result STATUS DESCRIPTION: one test; what is in the scratch file "said" explains a failure.
result() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$scratch/said"
        failed=1
    fi
}

for page in "$top/milter/sallyport.8" "$top/rules/sallyport.conf.5"; do
    mandoc -T lint -W warning "$page" >"$scratch/said" 2>&1
    result $? "$(basename "$page") is sound mdoc"
done

sed -n '/^    # \/etc\/sallyport/,/^[^ ]/{/^    /s/^    //p; /^$/p}' "$top/README.md" >"$scratch/sallyport.conf"
grep -q listeners "$scratch/sallyport.conf" && "$sallyport" check --elsewhere --strict "$scratch/sallyport.conf" >"$scratch/said" 2>&1
result $? "the README's first rule file is sound"

"$sallyport" explain -c "$scratch/sallyport.conf" --listener server --client 203.0.113.10 --recipient test@example.com \
    >"$scratch/said" 2>&1
[ $? -eq 1 ] && grep -q "550 5.7.1 Unable to relay for test@example.com" "$scratch/said"
result $? "and does not relay for a stranger"

# said_in_readme: whether what is in "said" stands in the README, line by line, set in by four blanks.
said_in_readme() {
    [ -s "$scratch/said" ] && sed 's/..*/    &/' "$scratch/said" | python3 -c '
import sys
sys.exit(sys.stdin.read().rstrip("\n") + "\n" not in open(sys.argv[1], encoding="utf-8").read())' "$top/README.md"
}

# said_in_page PAGE: whether it stands in a manual page, as it is.
said_in_page() {
    [ -s "$scratch/said" ] && python3 -c '
import sys
sys.exit(sys.stdin.read().rstrip("\n") + "\n" not in open(sys.argv[1], encoding="utf-8").read())' "$1" <"$scratch/said"
}

(cd "$scratch" && "$sallyport" prove sallyport.conf) >"$scratch/said" 2>&1 && said_in_readme
result $? "its prove prints what the README says"

(cd "$top/rules/examples" && "$sallyport" prove gateway.conf) >"$scratch/said" 2>&1
said_in_page "$top/milter/sallyport.8"
result $? "sallyport(8) shows what prove prints of the gateway"

mkdir "$scratch/mistaken"
sed 's/, "!@router"//' "$scratch/sallyport.conf" >"$scratch/mistaken/sallyport.conf"
(cd "$scratch/mistaken" && "$sallyport" prove sallyport.conf) | sed -n '/BROKEN/,/--recipient/p' >"$scratch/said" 2>&1
said_in_readme
result $? "and, with the router on the list, shows the session that the README shows"

cp "$scratch/sallyport.conf" "$scratch/new.conf"
sed -i 's/, "!@router"//' "$scratch/new.conf"
(cd "$scratch" && "$sallyport" diff sallyport.conf new.conf) >"$scratch/said"
sed -n '/sallyport diff sallyport.conf new.conf/,/^$/{s/^    //; /^\$/d; /./p}' "$top/README.md" | cmp -s - "$scratch/said"
result $? "and its diff says what the README shows"

# The router of the gateway, on the list: what sallyport(8) shows.
cp "$top"/rules/examples/gateway.conf "$top"/rules/examples/blocked.networks "$top"/rules/examples/staff.users "$scratch"
sed 's/, "!@router"//' "$scratch/gateway.conf" >"$scratch/new.conf"
(cd "$scratch" && "$sallyport" diff gateway.conf new.conf) | sed '/^$/q' >"$scratch/said"
said_in_page "$top/milter/sallyport.8"
result $? "sallyport(8) shows what diff prints first of the gateway with the router on the list"

(cd "$scratch" && "$sallyport" diff --json gateway.conf new.conf) >"$scratch/diff.json"
(cd "$scratch" && "$sallyport" prove --json gateway.conf) >"$scratch/prove.json"
python3 - "$top/milter/sallyport.8" "$scratch" >"$scratch/said" 2>&1 <<'EOF'
import json
import sys

page, scratch = sys.argv[1:]
shown = [each.split(".Ed\n")[0] for each in open(page, encoding="utf-8").read().split(".Bd -literal -offset indent\n")]
(diff,) = (json.loads(each) for each in shown if each.startswith("[{"))
(proof,) = (json.loads(each) for each in shown if each.startswith('{"listeners"'))
printed_diff, printed_proof = (json.load(open(f"{scratch}/{name}.json", encoding="utf-8")) for name in ("diff", "prove"))
assert diff == printed_diff[:1], printed_diff[0]
assert all(part in printed_proof[name] for name in proof for part in proof[name]), printed_proof
EOF
result $? "and what diff --json and prove --json print of it"

"$(dirname "$0")/../support/documents.py" "$top/contrib/nat.md" "$scratch" >"$scratch/said" 2>&1
for name in only-list all-except logins-only two-ports; do
    "$sallyport" check --elsewhere --strict "$scratch/$name.conf" >"$scratch/said" 2>&1
    result $? "contrib/nat.md: $name.conf is sound"
done

# The mistake that the page is about, with the page's own examples.
sed -i 's/, "!@router"//' "$scratch/only-list.conf"
"$sallyport" check "$scratch/only-list.conf" >"$scratch/said" 2>&1
[ $? -eq 1 ] && grep -q "error: expected reject, and the session gets accept" "$scratch/said"
result $? "and its examples do not let the router onto the list"

echo "1..$number"
exit $failed
