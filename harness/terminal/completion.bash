# Completion of ftdn's command lines in bash: commands, options, their words, and files by their kind.
#
# Installed as bash-completion/completions/ftdn, or read by `source`. What there is to complete, the program says
# itself (harness/terminal/completion.h), so that this file knows no command. It needs bash 4 and no library.

# _ftdn_offer WORDS CURRENT: those that begin with what is typed.
_ftdn_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _ftdn_offer_files CURRENT PATTERN...: folders, and the files that match; no pattern: all files.
_ftdn_offer_files() {
    local current=$1 pattern
    shift
    compopt -o filenames
    mapfile -t COMPREPLY < <(
        compgen -d -- "$current"
        [ $# -gt 0 ] || compgen -f -- "$current"
        for pattern; do compgen -f -X "!$pattern" -- "$current"; done | sort -u)
}

# _ftdn_words PROGRAM COMMAND...: what the last argument of a command may be.
_ftdn_words() { "$@" --help=words 2>/dev/null | sed -n 's/^word //p'; }

# _ftdn_offer_kind PROGRAM NAME CURRENT STORE: what the name of an argument or of an option's value stands for.
_ftdn_offer_kind() {
    local program=$1 name=$2 current=$3 store=$4
    case "$name" in
        *.jpg) _ftdn_offer_files "$current" '*.jpg' '*.jpeg' ;;
        DB | *.db) _ftdn_offer_files "$current" '*.db' ;;
        *.*) _ftdn_offer_files "$current" "*.${name##*.}" ;;
        MANIFEST) _ftdn_offer_files "$current" '*.json' ;;
        IMAGE) _ftdn_offer_files "$current" '*.jpg' '*.jpeg' '*.png' '*.tif' '*.tiff' ;;
        DIR | FOLDER | ROOT) _ftdn_offer_files "$current" '/' ;;
        FILE | IN) _ftdn_offer_files "$current" ;;
        NETWORK) _ftdn_offer "$(_ftdn_words "$program" inspect graph)" "$current" ;;
        ID)
            [ -f "$store" ] && [[ $current =~ ^[0-9a-f]*$ ]] && _ftdn_offer "$("$program" query "$store" \
                "SELECT substr(id, 1, 12) FROM v_trials WHERE id GLOB '$current*' LIMIT 200" --csv 2>/dev/null |
                tail -n +2 | tr -d '"')" "$current"
            ;;
    esac
}

_ftdn() {
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} command=() facts i
    COMPREPLY=()
    program=${program/#\~/$HOME}

    # Bash takes --db=FILE apart at its sign: back to an option and its value.
    local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}") given=()
    for ((i = 0; i < ${#words[@]}; i++)); do [ "${words[i]}" = = ] || given+=("${words[i]}"); done
    [ "$current" = = ] && current=''

    # The command, and behind it the word that may have a help of its own.
    for ((i = 0; i < ${#given[@]} && i < 2; i++)); do
        [[ ${given[i]} == -* ]] && break
        command+=("${given[i]}")
    done
    facts=$("$program" "${command[@]}" --help=words 2>/dev/null) || return

    local -A value=() allowed=()
    local arguments=() n_name=0 known='' options='' kind head rest
    while read -r kind head rest; do
        case "$kind" in
            command) n_name=$(wc -w <<<"$rest") ;;
            arguments) read -r -a arguments <<<"$(sed 's/[][]//g; s/ | [A-Z]*//g' <<<"$head $rest")" ;;
            word) known+=" $head" ;;
            option)
                options+=" $head"
                [ -z "$rest" ] || value[$head]=${rest%% *}
                [[ $rest != *' '* ]] || allowed[$head]=${rest#* }
                ;;
        esac
    done <<<"$facts"

    # Which argument is it? The words of the command's name come first; options and their values are none.
    local n_before=0 store='' option='' word
    for word in "${given[@]}"; do
        if [ -n "$option" ]; then
            option=''
        elif [[ $word == -?* ]]; then
            [ -n "${value[$word]:-}" ] && option=$word
        else
            [ $n_before -eq $n_name ] && store=$word
            n_before=$((n_before + 1))
        fi
    done
    store=${store/#\~/$HOME}

    if [ -n "$option" ]; then
        local name=${value[$option]}
        [ "$option" = --db ] && name=DB
        if [ -n "${allowed[$option]:-}" ]; then
            _ftdn_offer "${allowed[$option]}" "$current"
        elif [ -n "$known" ] && [ "$name" = "${arguments[-1]}" ]; then
            _ftdn_offer "$known" "$current"
        else
            _ftdn_offer_kind "$program" "$name" "$current" "$store"
        fi
    elif [[ $current == -* ]]; then
        _ftdn_offer "$options" "$current"
    else
        # An argument that may be repeated stands for all behind it.
        local place=$((n_before - n_name)) n=${#arguments[@]}
        [ "$n" -gt 0 ] && [ "$place" -ge "$n" ] && [[ ${arguments[n - 1]} == *... ]] && place=$((n - 1))
        [ "$place" -lt "$n" ] || return
        if [ "$place" -eq $((n - 1)) ] && [ -n "$known" ]; then
            _ftdn_offer "$known" "$current"
        else
            _ftdn_offer_kind "$program" "${arguments[place]%...}" "$current" "$store"
        fi
    fi
}

complete -F _ftdn ftdn
