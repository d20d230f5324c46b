# How ./test counts what a finished step ran. Sourced, not run. Each function is given the step's log and its exit status and
# prints "passed failed skipped".

count_one() { [ "$2" -eq 0 ] && echo 1 0 0 || echo 0 1 0; }

# The single tests inside meson's testlog.txt (cmocka prints them); an executable that prints none counts as one test, and one
# that ended badly without naming a failed test counts as one failure.
count_meson() {
    awk '
        function close_test() {
            if (!open) return
            if (bad && fail == 0) fail = 1
            if (ok + fail + skip == 0) { if (skipped_all) skip = 1; else ok = 1 }
            sum_ok += ok; sum_fail += fail; sum_skip += skip
            ok = fail = skip = bad = skipped_all = listing = 0
        }
        /^=+ [0-9]+\/[0-9]+ =+$/ { close_test(); open = 1 }
        /^result: / { bad = !/exit status (0|77)/; skipped_all = /exit status 77/ }
        /\[ +OK \] / { ok++ }
        /\[==========\] [0-9]+ test\(s\) run/ { listing = 1 }
        /\[ +RUN +\] / { listing = 0 }
        /\[ +FAILED +\] / && !listing && !/test\(s\)/ { fail++ }
        /\[ +SKIPPED +\] / && !listing && !/test\(s\)/ { skip++ }
        END { close_test(); print sum_ok + 0, sum_fail + 0, sum_skip + 0 }' "$1"
}

# Summaries of node's test runner, "# pass 3" (TAP) or "ℹ pass 3" (spec); cancelled tests are failures.
count_node() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        $1 != "#" && $1 != "ℹ" { next }
        NF != 3 || $3 !~ /^[0-9]+$/ { next }
        $2 == "pass" { ok += $3 }
        $2 == "fail" || $2 == "cancelled" { bad += $3 }
        $2 == "skipped" || $2 == "todo" { skip += $3 }
        END { print ok + 0, bad + 0, skip + 0 }'
}
