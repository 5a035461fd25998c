#!/usr/bin/env bash
# Installs the Debian packages Baton needs. Does nothing when they are present.
#
#   scripts/install-deps.sh          what building and running `baton` takes
#   scripts/install-deps.sh --dev    also what tests, lint and benchmarks take
set -euo pipefail

base_packages=(
  # compiler and build tools
  clang-19 lld-19 cmake ninja-build ccache mold make pkg-config git ca-certificates curl
  # gRPC and protobuf
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  # Boost, 1.81 only: never beside the unversioned 1.74 packages
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  # storage
  libpq-dev libsqlite3-dev
  # logs, metrics, HTTP
  libspdlog-dev libfmt-dev prometheus-cpp-dev libcurl4-openssl-dev libidn2-dev libssl-dev
  # text and file formats
  libyaml-cpp-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libgumbo-dev poppler-utils
  libpugixml-dev libarchive-dev
  libvalijson-dev libre2-dev libicu-dev libstemmer-dev zlib1g-dev libhnswlib-dev
  # command line, memory
  libcli11-dev libmimalloc-dev
)
dev_packages=(
  clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19
  libgtest-dev libgmock-dev libbenchmark-dev
  postgresql
  python3 python3-aiosmtpd python3-grpcio python3-protobuf
)

die() {
  echo "install-deps: $*" >&2
  exit 1
}

wanted=("${base_packages[@]}")
case "${1-}" in
  '') ;;
  --dev)
    wanted+=("${dev_packages[@]}")
    # A node from elsewhere is as good as Debian's, and the two do not mix.
    command -v npm >/dev/null || wanted+=(nodejs npm)
    ;;
  *) die "unknown argument '$1' (usage: $0 [--dev])" ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install-deps: this is not a Debian system; install the equivalents of these yourself:" >&2
  printf '  %s\n' "${wanted[@]}" >&2
  exit 1
fi

# dpkg-query exits with 1 when it knows nothing of a package: that is an answer, not an error.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  sed -n 's/^installed //p') || true
mapfile -t missing < <(
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(printf '%s\n' "$installed" | sort -u))
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null ||
    die "not root and no sudo; as root run: apt-get install ${missing[*]}"
  as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 -o Dpkg::Use-Pty=0 -y -qq)
"${apt[@]}" update || die "apt-get update failed: is there a network, and are the sources right?"
"${apt[@]}" install --no-install-recommends "${missing[@]}" ||
  die "apt-get install failed; Baton is built on Debian bookworm (12), this is Debian $(
    cat /etc/debian_version 2>/dev/null || echo unknown)"
