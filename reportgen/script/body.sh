say() { printf '%s\n' "$*" >&2; }

stop() {
    status=$1
    shift
    printf 'reproduce.sh: %s\n' "$*" >&2
    exit "$status"
}

# A folder that holds no restored code is of no use to anybody.
tidy() {
    status=$?
    if [ -n "$folder" ] && [ "$restored" = no ]; then rm -rf -- "$folder"; fi
    exit "$status"
}

# What was handed over with a run lies beside this script or, in a bundle, around its folder:
# code.bundle (its code), wheels (its packages) and inputs (data that git does not hold).
find_handed_over() {
    handed=$beside
    if [ -f "$beside/../bundle.json" ]; then handed=$(CDPATH='' cd -- "$beside/.." && pwd -P); fi
    wheels=''
    if [ -d "$handed/wheels" ]; then
        wheels=$handed/wheels
        REQUIREMENTS=$(printf '%s\n' "$REQUIREMENTS" | sed 's/ @ .*//')
    fi
    data=${REPORTGEN_DATA:-}
    if [ -z "$data" ] && [ -d "$handed/inputs" ]; then data=$handed/inputs; fi
}

make_folder() {
    case ${1:-} in
        -h | --help)
            say "usage: bash reproduce.sh [NEW_FOLDER]"
            exit 0
            ;;
        -*) stop 2 "there is no option $1; usage: bash reproduce.sh [NEW_FOLDER]" ;;
        "") folder=$(mktemp -d "${TMPDIR:-/tmp}/reproduce.XXXXXX") || stop 3 "no new folder" ;;
        *)
            if [ -e "$1" ] || [ -L "$1" ]; then stop 2 "$1 exists; name a folder that does not"; fi
            mkdir -- "$1" || stop 2 "the folder $1 cannot be made"
            folder=$1
            ;;
    esac
    folder=$(CDPATH='' cd -- "$folder" && pwd -P)
    tree=$folder/tree
    printf '%s\n' "$STEPS" >"$folder/steps.py"
    printf '%s\n' "$COMPARISON" >"$folder/comparison.py"
    printf '%s\n' "$RECORDED" >"$folder/recorded.json"
    printf '%s\n' "$REQUIREMENTS" >"$folder/requirements.txt"
}

step() { "$python" -I "$folder/steps.py" "$@"; }

# The interpreter that runs the steps: of the environment that was named, else any of the
# recorded version, from which the environment is made later.
choose_python() {
    wanted=$(printf '%s' "$PYTHON_VERSION" | cut -d . -f 1,2)
    if [ -n "${REPORTGEN_PYTHON:-}" ]; then
        python=$(command -v -- "$REPORTGEN_PYTHON") ||
            stop 2 "REPORTGEN_PYTHON is $REPORTGEN_PYTHON, which is no program"
        case $python in /*) ;; *) python=$PWD/$python ;; esac
        here=$(python_version "$python") || stop 3 "$python is no Python that runs"
        if [ -n "$wanted" ] && [ "$here" != "$wanted" ]; then
            say "  note      Python $here here, $PYTHON_VERSION recorded: numbers may differ"
        fi
        return
    fi
    for name in ${wanted:+"python$wanted"} python3 python; do
        python=$(command -v "$name") || continue
        if here=$(python_version "$python") && [ "${wanted:-$here}" = "$here" ]; then return; fi
    done
    if command -v uv >/dev/null; then
        uv venv --quiet ${wanted:+--python "$wanted"} "$folder/environment" >&2 &&
            python=$folder/environment/bin/python && return
    fi
    stop 3 "the run needs Python ${wanted:-3}; install it, or uv, or set REPORTGEN_PYTHON"
}

python_version() {
    "$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Never the user's repository: one of our own that reads its objects, with no hooks, filters or
# settings of it.
in_tree() {
    GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 GIT_LITERAL_PATHSPECS=1 \
        git -C "$tree" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false \
        -c apply.whitespace=nowarn -c apply.ignoreWhitespace=no -c advice.detachedHead=false "$@"
}

start_tree() {
    format=''
    if [ ${#COMMIT} -eq 64 ]; then format=--object-format=sha256; fi
    git init --quiet --template= $format -- "$tree" ||
        stop 3 "git cannot make a repository in $folder"
    if [ -n "$REMOTE" ]; then in_tree config remote.origin.url "$REMOTE"; fi
}

has_commit() { in_tree cat-file -e "$COMMIT^{commit}" 2>/dev/null; }

# Only where a repository is, which executes nothing of it; so its owner does not matter.
ask_git() { git -c safe.directory='*' -C "$1" rev-parse "$2" 2>/dev/null; }

# Leaves the commit's objects within reach, or fails.
borrow_from() {
    common=$(ask_git "$1" --git-common-dir) || return 1
    common=$(CDPATH='' cd -- "$1" && CDPATH='' cd -- "$common" && pwd -P) || return 1
    printf '%s\n' "$common/objects" >"$tree/.git/objects/info/alternates"
    if has_commit; then
        if [ -f "$common/shallow" ]; then cp -- "$common/shallow" "$tree/.git/shallow"; fi
        source=$1
        return
    fi
    rm -f -- "$tree/.git/objects/info/alternates"
    return 1
}

# code.bundle holds the commit with its history, or one commit without history of the recorded
# tree. Git names objects by what they hold, so nothing else can pass for either.
unpack_code() {
    given=$(in_tree bundle unbundle "$handed/code.bundle" 2>/dev/null) || return 1
    if ! has_commit; then
        given=$(printf '%s\n' "$given" | head -n 1 | cut -d ' ' -f 1)
        if [ -z "$TREE" ] || [ "$(ask_git "$tree" "$given^{tree}")" != "$TREE" ]; then return 1; fi
        COMMIT=$given
        PATCH_SHA256=''
    fi
    say "  source    $handed/code.bundle"
}

# Hosts that do not serve a commit by its id get asked for all branches and kept runs.
fetch_commit() {
    fetch --depth=1 -- "$REMOTE" "$COMMIT" 2>/dev/null ||
        fetch -- "$REMOTE" \
            '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' \
            '+refs/reportgen/*:refs/reportgen/*' || return 1
    has_commit
}

fetch() {
    (
        GIT_ALLOW_PROTOCOL=https:ssh
        export GIT_ALLOW_PROTOCOL
        in_tree fetch --quiet --no-tags --no-recurse-submodules "$@"
    )
}

find_commit() {
    start_tree
    if [ -n "${REPORTGEN_REPO:-}" ]; then
        borrow_from "$REPORTGEN_REPO" ||
            stop 3 "REPORTGEN_REPO is $REPORTGEN_REPO, which does not hold commit $COMMIT"
        say "  source    $REPORTGEN_REPO"
        return
    fi
    if [ -f "$handed/code.bundle" ]; then
        unpack_code || stop 3 "$handed/code.bundle does not hold commit $COMMIT nor its recorded tree"
        return
    fi
    if around=$(ask_git "$beside" --show-toplevel) && borrow_from "$around"; then
        say "  source    $around"
        return
    fi
    advice="clone the repository and set REPORTGEN_REPO to it"
    if [ "$REMOTE_REFUSED" = 1 ]; then
        stop 2 "the recorded remote is no https or ssh address, so nothing is fetched; $advice"
    fi
    if [ -z "$REMOTE" ]; then
        stop 3 "no repository around this script holds commit $COMMIT, and no remote was recorded; $advice"
    fi
    say "  source    $REMOTE"
    fetch_commit || stop 3 "$REMOTE does not give commit $COMMIT; $advice"
}

restore_code() {
    in_tree update-ref --no-deref HEAD "$COMMIT"
    in_tree read-tree "$COMMIT"
    in_tree checkout-index --all --index --quiet || stop 3 "the files of the commit cannot be written"
    if [ -n "$PATCH_SHA256" ]; then
        cp -- "$patch" "$folder/git_diff.patch"
        in_tree update-index -q --refresh
        in_tree apply --check --index --whitespace=nowarn -- "$folder/git_diff.patch" ||
            stop 3 "git_diff.patch does not apply to commit $COMMIT"
        in_tree apply --index --whitespace=nowarn -- "$folder/git_diff.patch"
    fi
    check_tree
    restored=yes
}

check_tree() {
    if [ -z "$TREE" ]; then
        say "  note      the run recorded no tree id: what was restored cannot be checked"
        return
    fi
    cp -- "$tree/.git/index" "$folder/index"
    in_tree ls-files -z >"$folder/paths"
    step reduce "$tree" <"$folder/paths" >"$folder/reduced"
    restored_tree=$(
        GIT_INDEX_FILE=$folder/index
        export GIT_INDEX_FILE
        in_tree update-index -z --force-remove --stdin <"$folder/reduced"
        in_tree write-tree
    ) || stop 3 "the restored code cannot be checked"
    if [ "$restored_tree" != "$TREE" ]; then
        stop 3 "the restored code is tree $restored_tree, recorded was $TREE"
    fi
    rm -f -- "$folder/index" "$folder/paths" "$folder/reduced"
    say "  tree      $TREE, as recorded"
}

make_environment() {
    if [ -n "${REPORTGEN_PYTHON:-}" ]; then
        step packages "$folder/requirements.txt"
        if [ -n "$REQUIREMENTS_OWN" ]; then use_tree; fi
        return
    fi
    unset PYTHONPATH PYTHONHOME
    if [ "$REQUIREMENTS_REFUSED" != '[]' ]; then
        stop 2 "requirements no installer is given: $REQUIREMENTS_REFUSED; set REPORTGEN_PYTHON"
    fi
    for pin in $REQUIREMENTS_LABELLED; do
        say "  note      $pin: the plain version is installed, for a build of another label perhaps"
    done
    if ! [ -d "$folder/environment" ]; then
        if command -v uv >/dev/null; then
            uv venv --quiet --python "$python" "$folder/environment" >&2
        else
            "$python" -m venv "$folder/environment"
        fi || stop 3 "no environment could be made with $python"
    fi
    python=$folder/environment/bin/python
    PATH=$folder/environment/bin:$PATH
    export PATH
    if [ -n "$REQUIREMENTS" ]; then
        say "  packages  installing what was recorded${wheels:+, from $wheels alone}"
        install -r "$folder/requirements.txt" ||
            install --no-deps -r "$folder/requirements.txt" ||
            stop 3 "the recorded packages cannot be installed; set REPORTGEN_PYTHON to have your own"
    fi
    if [ -n "$REQUIREMENTS_OWN" ]; then install --no-deps "$tree" || use_tree; fi
}

install() {
    if [ -n "$wheels" ]; then set -- --no-index --find-links "$wheels" "$@"; fi
    if command -v uv >/dev/null; then
        uv pip install --quiet --python "$python" "$@" >&2
    else
        "$python" -I -m pip --disable-pip-version-check --quiet install "$@" >&2
    fi
}

# The project's own package comes from the restored tree, whatever the environment has.
use_tree() {
    if [ -d "$tree/src" ]; then own=$tree/src:$tree; else own=$tree; fi
    PYTHONPATH=$own${PYTHONPATH:+:$PYTHONPATH}
    export PYTHONPATH
}

main() {
    folder=''
    restored=no
    source=''
    trap tidy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    unset REPORTGEN_RUN_DIR REPORTGEN_RUN_NAME REPORTGEN_ROOTS REPORTGEN_STOP_AFTER_STEP
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_NAMESPACE \
        GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS
    command -v git >/dev/null || stop 3 "git is not installed"
    beside=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
    patch=$beside/git_diff.patch
    find_handed_over
    make_folder "$@"
    choose_python
    step refuse "$patch" "$PATCH_SHA256"
    say "Running the recorded command again in $folder"
    step plan
    find_commit
    restore_code
    step inputs "$tree" "${data:-$source}"
    make_environment
    say ""
    step runs >"$folder/runs_before.json"
    started=0
    step run "$tree" "$python" || started=$?
    say ""
    if [ "$started" -ne 0 ]; then say "  note      the command ended with status $started"; fi
    step runs >"$folder/runs_after.json"
    compared=0
    "$python" -I "$folder/comparison.py" "$beside" || compared=$?
    exit "$compared"
}

main "$@"
