# The body of the merge's script: slurm_script.c writes above it what ftdn, store and n_shards are.
set -o pipefail
say() { echo "== $(date '+%F %T') $*"; }

shards=()
for ((k = 1; k <= n_shards; k++)); do shards+=("shard_${k}_of_$n_shards.db"); done

say "merge of $n_shards shards into $store"
"$ftdn" merge "$store" "${shards[@]}" || exit
counts=$("$ftdn" query "$store" --csv \
    'SELECT (SELECT count(*) FROM v_trials), (SELECT count(DISTINCT id) FROM v_missing)' | tail -n 1) || exit
say "${counts%,*} trials are in $store"
if [ "${counts#*,}" != 0 ]; then
    say "${counts#*,} trials that were asked for are missing; why: ftdn query '$store' v_failures"
fi
