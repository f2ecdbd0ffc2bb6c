# shellcheck shell=bash disable=SC2034  # sourced; the variables are used by the other files
#
# What is built from source, and why not the distribution's own package.
# A pin is the sha256 of the upstream tarball as Debian carries it, so any Debian revision and any
# suite that still has that tarball will do. Changing a line here changes the prefix.
#
# fields: name | version | source package | sha256 of NAME_VERSION.orig.tar.gz | upstream archive
# The upstream archive is the last resort; it has to match the same checksum.

SOURCE_PINS=(
  # Debian's binary package is 0.17.6 of 2020.
  "caf|0.18.7|actor-framework|d5c3abe8fd67a729aab1baeece10367637d903ba335f4c79378bcadfbcd34552|https://github.com/actor-framework/actor-framework/archive/refs/tags/0.18.7.tar.gz"
  # 2.10.0 loses messages; 2.14 has the new group protocol and consume_batch without offset bugs.
  "librdkafka|2.14.2|librdkafka|4d53568c13717b167d12c7b2a0fe12aeb5d6bfe02de53df5b68f86d870a81b33|https://github.com/confluentinc/librdkafka/archive/refs/tags/v2.14.2.tar.gz"
  # Debian has it from trixie on.
  "hdr_histogram|0.11.8|libhdr-histogram|bb95351a6a8b242dc9be1f28562761a84d4cf0a874ffc90a9b630770a6468e94|https://github.com/HdrHistogram/HdrHistogram_c/archive/refs/tags/0.11.8.tar.gz"
  # bookworm's catch2 is version 2.
  "catch2|3.7.1|catch2|c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c|https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz"
)

# OpenTelemetry, which only the tracing module uses, as Debian has built it: shared libraries that go
# where the module goes, so no gRPC is installed for them. Changing a line here rebuilds nothing else.
#
# fields: package | version | architecture | sha256 of the package
BINARY_SUITE=bookworm-backports
BINARY_PINS=(
  "opentelemetry-cpp|1.19.0-3~bpo12+1|amd64|aed1af6f7c0295c0b25a6d377b742da6751cd2ae5031cad2d4e945589ef1a26d"
  "opentelemetry-cpp-dev|1.19.0-3~bpo12+1|amd64|3b6e3a2d9cd23e003679244f156ef0067a9607afddd58570b7840c8389c95441"
  "opentelemetry-cpp|1.19.0-3~bpo12+1|arm64|1104d3b0e8b015e50ced0bb3066a970d984e7ff132b5aa3ce13b23a194fb9124"
  "opentelemetry-cpp-dev|1.19.0-3~bpo12+1|arm64|e51240c132a8f0615ce4f3a3f1ced94c5ed58827b1bd60bdc28ac6a5c930069d"
)

# Used, with a warning, only when the pinned librdkafka can be had from nowhere: trixie keeps it.
LIBRDKAFKA_FALLBACK="librdkafka|2.8.0|librdkafka|5bd1c46f63265f31c6bfcedcde78703f77d28238eadf23821c2b43fc30be3e25|https://github.com/confluentinc/librdkafka/archive/refs/tags/v2.8.0.tar.gz"

# Debian suites searched for the tarballs, all of them at once.
SOURCE_SUITES=(unstable experimental trixie bookworm-backports)

KAFKA_VERSION=4.1.1
KAFKA_SCALA=2.13

# From the distribution. Order does not matter; recommends are not installed.
BUILD_PACKAGES=(
  g++ make cmake ninja-build patch pkg-config xz-utils ca-certificates
  libssl-dev zlib1g-dev libzstd-dev liblz4-dev libcurl4-openssl-dev
  libspdlog-dev nlohmann-json3-dev prometheus-cpp-dev libcli11-dev libtomlplusplus-dev
  libmicrohttpd-dev libmimalloc-dev
  libabsl-dev libprotobuf-dev
)
KAFKA_PACKAGES=(openjdk-17-jre-headless maven)
# Handlers in other languages, which the tests run.
TEST_PACKAGES=(python3 nodejs jq)
# The image, where there is neither a container engine nor a registry of images.
IMAGE_PACKAGES=(buildah debootstrap)
# Validators of the files for operators: schemas of Kubernetes and compose, KEDA's, the Prometheus
# operator's, and the rules of Prometheus itself.
MANIFEST_PACKAGES=(python3 python3-venv nodejs prometheus)
MANIFEST_PIP=(kubernetes-validate==1.37.0 compose-spec==0.2.1)
MANIFEST_NPM=(@kubernetes-models/keda@0.4.2 @kubernetes-models/prometheus-operator@6.0.0)
# Packages of streamer, and what looks into them.
PACKAGE_PACKAGES=(python3 binutils dpkg-dev file fakeroot)
PACKAGE_CHECK_PACKAGES=(lintian systemd jq python3-venv)
SBOM_PIP=("cyclonedx-python-lib[json-validation]==11.12.0")
# What the examples of the library need beside it.
EXAMPLE_PACKAGES=(libsqlite3-dev sqlite3 jq)
DOCS_PACKAGES=(doxygen)
LINT_PACKAGES=(clang-format clang-tidy shellcheck)
# The dashboard's test leads a headless browser.
BROWSER_PACKAGES=(chromium chromium-driver)
FUZZ_PACKAGES=(clang)
COVERAGE_PACKAGES=(gcovr)
