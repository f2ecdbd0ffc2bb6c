# shellcheck shell=bash
# How each source dependency is built into $PREFIX. Needs common.sh; used by scripts/deps, which
# calls build_NAME SOURCE_DIR VERSION.

# -O2 as the distribution's own packages; hardened like streamer itself, since librdkafka and CAF read
# from the network.
DEPS_FLAGS="-O2 -g1 -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
if [[ $(uname -m) == x86_64 ]]; then
  DEPS_FLAGS+=" -fstack-clash-protection -fcf-protection"
fi
DEPS_VARIANT="${DEPS_VARIANT:-}"
rdkafka_options=()
case "$DEPS_VARIANT" in
  "") ;;
  # ThreadSanitizer has to see the atomics of CAF's mailboxes and librdkafka's reference counts, or
  # it reports races that are none. It knows threads of pthread_create alone, and dies in one that
  # thrd_create has begun.
  tsan)
    DEPS_FLAGS="-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread"
    rdkafka_options=(--disable-c11threads)
    ;;
  *) die "unknown variant '$DEPS_VARIANT' (known: tsan)" ;;
esac

unpack() { # INTO ARCHIVE
  local into="$1" archive="$2"
  rm -rf "$into"
  mkdir -p "$into"
  tar -xf "$archive" -C "$into" --strip-components=1
}

cmake_recipe() { # SRC OPTION…
  local src="$1"
  shift
  cmake -G Ninja -S "$src" -B "$src/_build" \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$DEPS_FLAGS" -DCMAKE_CXX_FLAGS="$DEPS_FLAGS" \
    -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF "$@"
  nice cmake --build "$src/_build" -j "$(jobs)"
  cmake --install "$src/_build"
}

# NDEBUG: CAF's assertions off, as in any release of it. Batch 5: with other sizes names collide.
# Log level WARNING: what CAF complains of can be read; finer levels cost on every message.
build_caf() {
  DEPS_FLAGS="$DEPS_FLAGS -DNDEBUG"
  cmake_recipe "$1" -DCMAKE_CXX_STANDARD=20 \
    -DCAF_ENABLE_EXAMPLES=OFF -DCAF_ENABLE_TESTING=OFF -DCAF_ENABLE_TOOLS=OFF \
    -DCAF_ENABLE_IO_MODULE=ON -DCAF_ENABLE_OPENSSL_MODULE=ON -DCAF_LOG_LEVEL=WARNING \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=5
}

# Its own configure and not its CMake: there SCRAM needs Cyrus SASL, here OpenSSL is enough. Without
# GSSAPI nothing of Cyrus is linked. The C++ wrapper is left out.
build_librdkafka() {
  # shellcheck disable=SC2164  # step runs it with errexit
  cd "$1"
  CFLAGS="$DEPS_FLAGS -fPIC" ./configure --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --disable-gssapi --enable-ssl --enable-zstd --enable-zlib --enable-curl --enable-lz4-ext \
    "${rdkafka_options[@]}"
  local feature
  for feature in WITH_SSL WITH_SASL_SCRAM WITH_OAUTHBEARER_OIDC WITH_ZSTD WITH_ZLIB WITH_LZ4_EXT; do
    grep -q "define $feature 1" config.h || {
      echo "librdkafka was configured without $feature" >&2
      return 1
    }
  done
  nice make -C src -j "$(jobs)" librdkafka.a
  install -D -m 644 src/librdkafka.a "$PREFIX/lib/librdkafka.a"
  install -D -m 644 -t "$PREFIX/include/librdkafka" src/rdkafka.h src/rdkafka_mock.h
  mkdir -p "$PREFIX/lib/pkgconfig"
  cat >"$PREFIX/lib/pkgconfig/rdkafka.pc" <<EOF
prefix=$PREFIX
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: librdkafka
Description: The Apache Kafka C library, static
Version: $2
Requires.private: libssl libcrypto zlib libzstd liblz4 libcurl
Libs: -L\${libdir} -lrdkafka
Libs.private: -lm -ldl -lrt -lpthread
Cflags: -I\${includedir}
EOF
}

build_hdr_histogram() {
  cmake_recipe "$1" -DHDR_HISTOGRAM_BUILD_PROGRAMS=OFF -DHDR_HISTOGRAM_BUILD_SHARED=OFF \
    -DHDR_LOG_REQUIRED=DISABLED
}

# Only the tests use it.
build_catch2() {
  cmake_recipe "$1" -DCMAKE_CXX_STANDARD=20 -DCATCH_INSTALL_DOCS=OFF -DCATCH_DEVELOPMENT_BUILD=OFF \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12
}
