// What cmake/TargetDefaults.cmake asks of compiler and linker, looked for in the built binary.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/unlimited_cores.hpp"
#include "tests/support/worker.hpp"

#include <elf.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace streamer::test;

namespace {

template <class T>
T value_at(const std::string& file, std::size_t offset) {
  T value{};
  REQUIRE(offset + sizeof(T) <= file.size());
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

/// A 64-bit ELF file of this machine's byte order.
class elf_file {
 public:
  explicit elf_file(const std::filesystem::path& path) : bytes_{read_file(path)} {
    REQUIRE(bytes_.starts_with(ELFMAG));
    REQUIRE(bytes_[EI_CLASS] == ELFCLASS64);
    header_ = value_at<Elf64_Ehdr>(bytes_, 0);
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      segments_.push_back(
          value_at<Elf64_Phdr>(bytes_, header_.e_phoff + std::size_t{i} * header_.e_phentsize));
    }
  }

  [[nodiscard]] const Elf64_Ehdr& header() const { return header_; }

  [[nodiscard]] const std::vector<Elf64_Phdr>& segments() const { return segments_; }

  [[nodiscard]] const Elf64_Phdr* segment(std::uint32_t type) const {
    for (const auto& each : segments_) {
      if (each.p_type == type) {
        return &each;
      }
    }
    return nullptr;
  }

  /// The value of an entry of the dynamic section; 0 without one.
  [[nodiscard]] std::uint64_t dynamic(std::int64_t tag) const {
    const auto* const section = segment(PT_DYNAMIC);
    REQUIRE(section != nullptr);
    for (std::size_t at = 0; at < section->p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = value_at<Elf64_Dyn>(bytes_, section->p_offset + at);
      if (entry.d_tag == tag) {
        return entry.d_un.d_val;
      }
    }
    return 0;
  }

  /// The names of imported and exported symbols, one after the other.
  [[nodiscard]] std::string_view names() const {
    const auto address = dynamic(DT_STRTAB);
    for (const auto& each : segments_) {
      if (each.p_type == PT_LOAD && address >= each.p_vaddr &&
          address < each.p_vaddr + each.p_filesz) {
        return std::string_view{bytes_}.substr(each.p_offset + address - each.p_vaddr,
                                               dynamic(DT_STRSZ));
      }
    }
    FAIL("the binary has no names of symbols");
    return {};
  }

  [[nodiscard]] bool imports(std::string_view symbol) const {
    return names().find('\0' + std::string{symbol} + '\0') != std::string_view::npos;
  }

 private:
  std::string bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
};

/// How a worker ends that a signal kills while it waits for its brokers.
exit_status crashed(const temporary_directory& directory, int signal, bool may_dump) {
  worker_config config{"127.0.0.1:1", "group", "topic"};
  config.forward_to("output");
  if (may_dump) {
    config.value("runtime.core_dumps", "true");
  }
  worker w{directory, "signal-" + std::to_string(signal) + (may_dump ? "-dump" : ""), config};
  REQUIRE(wait_until([&] { return w.health() == 200; }, 30s));
  w.program().signal(signal);
  const auto status = w.program().wait(30s);
  REQUIRE(status);
  return *status;
}

} // namespace

TEST_CASE("a crash leaves no core dump unless the configuration permits it") {
  const unlimited_cores unlimited;
  const temporary_directory directory;
  for (const int signal : std::array{SIGSEGV, SIGABRT}) {
    const auto status = crashed(directory, signal, false);
    CHECK(status.signal == signal);
    CHECK_FALSE(status.core_dumped);
  }
  const auto permitted = crashed(directory, SIGSEGV, true);
  CHECK(permitted.signal == SIGSEGV);
  // Elsewhere the kernel asks a program of the machine, which may not be there; AddressSanitizer
  // permits no dump of its terabytes.
  CHECK((permitted.core_dumped || sanitized || !unlimited_cores::have_an_effect()));
}

TEST_CASE("the binary is hardened: PIE, full RELRO, no executable stack, canaries") {
  const elf_file binary{binary_path(worker_binary::product)};

  // Loaded at a random address.
  REQUIRE(binary.header().e_type == ET_DYN);
  REQUIRE((binary.dynamic(DT_FLAGS_1) & DF_1_PIE) != 0);

  // Every import is resolved at the start, and the table is read-only from then on.
  REQUIRE(((binary.dynamic(DT_FLAGS) & DF_BIND_NOW) != 0 ||
           (binary.dynamic(DT_FLAGS_1) & DF_1_NOW) != 0));
  REQUIRE(binary.segment(PT_GNU_RELRO) != nullptr);

  const auto* const stack = binary.segment(PT_GNU_STACK);
  REQUIRE(stack != nullptr);
  REQUIRE((stack->p_flags & PF_X) == 0);
  for (const auto& segment : binary.segments()) {
    REQUIRE((segment.p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
  }

  REQUIRE(binary.imports("__stack_chk_fail"));
#if defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE > 0
  // Every target has the same level; 3 checks also sizes that are known only at run time.
#if !defined(__GNUC__) || defined(__clang__) || __GNUC__ >= 12
  STATIC_REQUIRE(_FORTIFY_SOURCE >= 3);
#endif
  // Calls whose sizes the compiler could not prove go through checking ones.
  REQUIRE((binary.imports("__memcpy_chk") || binary.imports("__memmove_chk") ||
           binary.imports("__snprintf_chk") || binary.imports("__vsnprintf_chk")));
#endif
}
