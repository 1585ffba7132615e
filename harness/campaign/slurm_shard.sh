# The body of a shard's script: slurm_script.c writes above it what ftdn and n_shards are.
shard=${SLURM_ARRAY_TASK_ID:?is not set: this script is a task of a Slurm job array}
store=shard_${shard}_of_$n_shards.db
kept='SELECT (SELECT count(*) FROM v_trials) + (SELECT count(*) FROM v_scores)'

say() { echo "== $(date '+%F %T') shard $shard of $n_shards: $*"; }

# Trials and channel scores in the store.
count_kept() {
    [ -e "$store" ] || { echo 0; return; }
    "$ftdn" query "$store" --csv "$kept" | tail -n 1
}

# SIGUSR1 comes before the time limit and to this script alone; it is handed on, once, as SIGTERM, on which finished
# trials are kept. SIGTERM (preempted, requeued, cancelled) comes from Slurm to every process of the task.
run='' warned='' told=''
warn() {
    warned=1
    if [ -n "$run" ] && [ -z "$told" ]; then
        told=1
        kill -TERM "$run" 2>/dev/null
    fi
}
trap warn USR1
trap : TERM CONT

say "start ${SLURM_RESTART_COUNT:-0} on $HOSTNAME"
n_before=$(count_kept)
# What Slurm gave to the task, whatever else the node has: a worker per GPU, or per core.
n_cores=${SLURM_CPUS_ON_NODE:-1}
n_workers=${SLURM_GPUS_ON_NODE:-$n_cores}
n_threads=$((n_cores > n_workers ? n_cores / n_workers : 1))
"$ftdn" run manifest.json --shard "$shard/$n_shards" --db "$store" --workers "$n_workers" --threads "$n_threads" &
run=$!
[ -z "$warned" ] || warn
# Not by wait alone: one that a signal interrupts as the run ends can lose its exit code (bash 5.2).
while [ -n "$(jobs -pr)" ]; do sleep 0.3; done
wait "$run"
code=$?

case $code in
    0) say 'finished' ;;
    10)
        say "finished; trials that failed are kept with their causes: ftdn query $store v_failures"
        code=0
        ;;
    130)
        if [ -z "$warned" ]; then
            say 'stopped'
        elif [ "$(count_kept)" = "$n_before" ]; then
            say 'no trial was finished within the time limit; give tasks more time'
            code=1
        else
            say 'the time limit is near; it goes on when Slurm starts it again'
            scontrol requeue "$SLURM_JOB_ID" || say 'it could not be requeued; submit again'
        fi
        ;;
    *) say "failed with exit code $code" ;;
esac
exit $code
