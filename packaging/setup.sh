#!/bin/sh
# Sets gradviz up in .venv, and where told to, starts a Python command there.
#
#   sh packaging/setup.sh run      [ARGUMENTS OF PYTHON]   what the program needs
#   sh packaging/setup.sh dev      [ARGUMENTS OF PYTHON]   and what its tests and checks need
#   sh packaging/setup.sh display  [ARGUMENTS OF PYTHON]   dev, on the display there is, else on a virtual one
#   sh packaging/setup.sh virtual  [ARGUMENTS OF PYTHON]   dev, on a virtual display where there can be one
#   sh packaging/setup.sh test     [ARGUMENTS OF PYTHON]   virtual, with TensorFlow in .venv-tensorflow besides
#   sh packaging/setup.sh package  [ARGUMENTS OF PYTHON]   virtual, with what builds and checks the packages besides
#
# PYTHON=/path/to/python chooses the Python that .venv is made from (3.11 or newer).
# A set-up that is complete leaves .venv/.gradviz-run or .venv/.gradviz-dev, a stamp of everything it depended on.
# TensorFlow is for the tests of exported scripts alone: where it cannot be installed they are skipped, except with CI=true.
set -u
unset CDPATH
cd -- "$(dirname -- "$0")/.." || exit 1

say() { printf 'gradviz: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

mode=${1:-}
case $mode in
    run) extra='' level=run ;;
    dev | display | virtual | test | package) extra='[dev]' level=dev ;;
    *) die "usage: sh packaging/setup.sh run|dev|display|virtual|test|package [ARGUMENTS OF PYTHON]" ;;
esac
shift

system=$(uname -s)
case $system in
    MINGW* | MSYS* | CYGWIN*) programs=Scripts python=.venv/Scripts/python.exe ;;
    *) programs=bin python=.venv/bin/python ;;
esac
busy=.venv/.gradviz-busy       # there while packages are being installed: what it outlives cannot be trusted
missing=.venv/.gradviz-missing # there when system packages were missing: look again at the next start

# ---- The stamp ----

# Everything that the set-up depends on, in one line; -V answers without starting the interpreter.
stamp_now() {
    set -- "$(cat pyproject.toml packaging/constraints.txt packaging/system-libraries.txt packaging/setup.sh | cksum)" \
        "$("$python" -V 2>&1)" "$PWD"
    printf '%s\n' "$*"
}

stamped() {
    [ -f ".venv/.gradviz-$1" ] && IFS= read -r stamped_line <".venv/.gradviz-$1" && [ "$stamped_line" = "$now" ]
}

# A stamp from dev is good for run. A PYTHON that was asked for by name must be the one that is there.
up_to_date() {
    [ -x "$python" ] && [ ! -f "$busy" ] || return 1
    now=$(stamp_now)
    { stamped dev || { [ "$level" = run ] && stamped run; }; } && same_python
}

same_python() {
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -V 2>&1)" = "$("$python" -V 2>&1)" ]
}

# ---- System packages ----

# One word for each need; a|b: either will do, and the first that is on offer is installed; a|: where it is on offer
# (Ubuntu has Chromium as a snap alone: the tests that need a browser take another one there, or are skipped).
system_packages() {
    if [ "$system" != Linux ]; then
        family=none
    elif has dpkg-query && has apt-get; then
        family=debian
        for_tests='xvfb xauth xdotool fonts-wqy-zenhei|fonts-noto-cjk fonts-dejavu-core chromium| graphviz'
    elif has rpm && has dnf; then
        family=fedora
        for_tests='xorg-x11-server-Xvfb xorg-x11-xauth xdotool dejavu-sans-fonts chromium| graphviz'
        for_tests="$for_tests google-noto-sans-cjk-fonts|google-noto-sans-cjk-vf-fonts"
    else
        family=none
    fi
    [ "$family" != none ] || for_tests=''
    libraries=$(sed -n "s/^$family //p" packaging/system-libraries.txt | tr '\n' ' ')
    needs=$libraries
    [ "$level" = run ] || needs="$libraries $for_tests"
}

# The installed packages among the names given, one on a line.
# shellcheck disable=SC2016 # ${...} is dpkg-query's own
installed() {
    case $family in
        debian) dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' ;;
        fedora) rpm -q --qf '%{NAME}\n' "$@" 2>/dev/null | grep -v ' ' ;;
    esac
}

# Sets absent to the needs among the arguments that no installed package meets, and absent_names to what to install.
find_absent() {
    absent='' absent_names=''
    [ $# -gt 0 ] || return 0
    # shellcheck disable=SC2046 # one word each is meant
    found=" $(installed $(printf '%s ' "$@" | tr '|' ' ') | tr '\n' ' ') "
    for need in "$@"; do
        met=no
        for name in $(printf '%s' "$need" | tr '|' ' '); do
            case $found in *" $name "*) met=yes ;; esac
        done
        [ $met = yes ] || absent="$absent $need"
    done
    for need in $absent; do absent_names="$absent_names $(on_offer "$need")"; done
    absent_names=$(printf '%s' "$absent_names" | tr -s ' ')
    absent_names=${absent_names# } absent_names=${absent_names% }
}

# The first of a|b that the package lists offer, else the last; of a| nothing where it is not offered.
on_offer() {
    for name in $(printf '%s' "$1" | tr '|' ' '); do
        if is_offered "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    case $1 in *'|') ;; *) printf '%s\n' "$name" ;; esac
}

is_offered() {
    case $family in
        debian) LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]' ;;
        fedora) dnf -q list "$1" >/dev/null 2>&1 ;;
    esac
}

may_install() { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }

as_root() { if [ "$(id -u)" = 0 ]; then env "$@"; else sudo -n env "$@"; fi; }

# Installs the needs given; what the package manager says is shown only when it fails.
install_system() {
    if [ "$family" = debian ] && [ -z "${lists_read:-}" ]; then
        as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq update >/dev/null 2>&1 || :
        lists_read=yes
    fi
    names=
    for need in "$@"; do names="$names $(on_offer "$need")"; done
    names=$(printf '%s' "$names" | tr -s ' ')
    case $family in
        debian) set -- DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -qq -y \
            install --no-install-recommends ;;
        fedora) set -- dnf -q -y --setopt=install_weak_deps=False install ;;
    esac
    [ -n "${names# }" ] || return 0
    # shellcheck disable=SC2086 # one word each is meant
    if said=$(as_root "$@" $names 2>&1 </dev/null); then return 0; fi
    printf '%s\n' "$said" | tail -n 20 >&2
    return 1
}

set_up_system() {
    system_packages
    # shellcheck disable=SC2086 # one word each is meant
    find_absent $needs
    if [ -n "$absent" ] && may_install; then
        say "installing system packages"
        # shellcheck disable=SC2086
        install_system $absent || :
        # shellcheck disable=SC2086
        find_absent $needs
    fi
}

warn_of_absent() {
    [ -z "$absent_names" ] || say "these system packages are missing and could not be installed from here: $absent_names."
}

# ---- Python ----

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

makes_venvs() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }

# Sets base to a Python that is new enough: one that can make environments if there is one. A name alone proves
# nothing, pyenv puts some on the path that only say that they are not there.
find_python() {
    base=
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || die "PYTHON=$PYTHON does not run as Python 3.11 or newer."
        base=$PYTHON
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 python; do
        new_enough "$name" || continue
        [ -n "$base" ] || base=$name
        if makes_venvs "$name"; then
            base=$name
            return
        fi
    done
    [ -n "$base" ] || die "Python 3.11 or newer was not found: install one, or name it in PYTHON=/path/to/python."
}

make_venv() {
    find_python
    if ! makes_venvs "$base"; then
        version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$family" = debian ] && may_install; then
            say "installing python$version-venv"
            install_system "python$version-venv|python3-venv" || :
        fi
        makes_venvs "$base" ||
            die "$base has no venv module with pip: install python$version-venv (or another Python, named in PYTHON=)."
    fi
    say "making .venv with $("$base" -V 2>&1)"
    "$base" -m venv --clear .venv || die ".venv could not be made."
}

# An environment is kept only where its Python and pip run and no installation was cut short in it.
venv_is_sound() {
    [ -x "$python" ] && [ ! -f "$busy" ] && same_python && new_enough "$python" &&
        "$python" -m pip --version >/dev/null 2>&1
}

# The version that a constraint pins.
pinned() { grep "^$1==" packaging/constraints.txt; }

pip_install() {
    "$python" -m pip install -qq --disable-pip-version-check --no-input -c packaging/constraints.txt "$@"
}

set_up_python() {
    venv_is_sound || make_venv
    rm -f .venv/.gradviz-run .venv/.gradviz-dev
    : >"$busy" || die ".venv cannot be written."
    say "installing Python packages (a few minutes the first time)"
    # The build backend goes into .venv too, so that it is as pinned as the rest.
    pip_install "$(pinned hatchling)" "$(pinned editables)" && pip_install --no-build-isolation -e ".$extra"
    status=$?
    # An error that pip reports itself leaves nothing that its next run would take for whole; a signal may.
    [ $status -gt 128 ] || rm -f "$busy"
    [ $status -eq 0 ] || die "the Python packages could not be installed; what pip said is above."
}

# ---- TensorFlow ----

# It pins versions of its own, some of which are not ours: hence the second environment.
set_up_tensorflow() {
    stamp=.venv-tensorflow/.gradviz-tensorflow
    wanted="$(cksum <packaging/constraints-tensorflow.txt) $("$python" -V 2>&1) $PWD"
    if [ -f "$stamp" ] && IFS= read -r stamped_line <"$stamp" && [ "$stamped_line" = "$wanted" ]; then return 0; fi
    say "installing TensorFlow in .venv-tensorflow (about a minute)"
    rm -f "$stamp"
    if "$python" -m venv --clear .venv-tensorflow &&
        ".venv-tensorflow/$programs/python" -m pip install -qq --disable-pip-version-check --no-input \
            -c packaging/constraints-tensorflow.txt tensorflow-cpu; then
        printf '%s\n' "$wanted" >"$stamp"
        return 0
    fi
    rm -rf .venv-tensorflow
    [ "${CI:-}" != true ] || die "TensorFlow could not be installed; what pip said is above."
    say "TensorFlow could not be installed: the tests of TensorFlow scripts are skipped."
}

# ---- Packaging ----

# What builds a .deb and checks it, and a bare Debian to try it in. Elsewhere packaging/package.py says what it leaves out.
set_up_packaging() {
    system_packages
    [ "$family" = debian ] || return 0
    needs='binutils xz-utils dpkg-dev chrpath desktop-file-utils appstream lintian libxml2-utils shared-mime-info'
    needs="$needs man-db debootstrap"
    # shellcheck disable=SC2086 # one word each is meant
    find_absent $needs
    if [ -n "$absent" ] && may_install; then
        say "installing what builds and checks the packages"
        # shellcheck disable=SC2086
        install_system $absent || :
        # shellcheck disable=SC2086
        find_absent $needs
    fi
    warn_of_absent
}

# ---- Displays ----

has_display() { [ "$system" != Linux ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; }

has_virtual() { [ "$system" = Linux ] && has xvfb-run && has xauth; }

demand_display() {
    has_display || has_virtual ||
        die "this needs a display, and there is neither one (DISPLAY) nor Xvfb:" \
            "install ${absent_names:-xvfb-run and xauth}."
}

# ---- What is done ----

# A shell that is interrupted stops here, even where pip makes an ordinary error of it, and leaves the busy mark.
trap 'exit 130' INT
trap 'exit 143' TERM HUP

absent='' absent_names=''
if ! up_to_date; then
    set_up_system
    case $mode$# in display* | virtual* | test[1-9]* | package[1-9]*) demand_display ;; esac
    warn_of_absent
    set_up_python
    if [ -n "$absent_names" ]; then : >"$missing"; else rm -f "$missing"; fi
    stamp_now >".venv/.gradviz-$level" # last: without it everything is done again
elif [ -f "$missing" ]; then
    system_packages
    # shellcheck disable=SC2086 # one word each is meant
    find_absent $needs
    warn_of_absent
fi

[ "$mode" != test ] || set_up_tensorflow
[ "$mode" != package ] || set_up_packaging
case $mode$# in test[1-9]* | package[1-9]*) mode=virtual ;; esac

case $mode in
    display) demand_display && has_display && mode=dev ;;
    virtual) demand_display && { has_virtual || mode=dev; } ;;
esac
[ $# -gt 0 ] || exit 0
case $mode in run | dev) exec "$python" "$@" ;; esac
# Qt would choose a Wayland session's own screen before Xvfb's.
unset WAYLAND_DISPLAY
XDG_SESSION_TYPE=x11 exec xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" "$python" "$@"
