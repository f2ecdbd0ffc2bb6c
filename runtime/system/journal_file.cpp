#include "runtime/system/journal_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

namespace streamer {
namespace {

constexpr const char* journal_prefix = "calls-";
constexpr const char* journal_suffix = ".journal";
// No journal of ours is larger: 65,536 slots are 1.3 MB.
constexpr off_t largest_journal = 16 << 20;

std::string unique_journal_name() {
  std::random_device device;
  return journal_prefix + std::to_string(::getpid()) + "-" + std::to_string(device());
}

std::string journal_failure(const std::string& what, const std::filesystem::path& path, int error) {
  return what + " " + path.string() + ": " + std::generic_category().message(error);
}

bool is_journal(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  return name.starts_with(journal_prefix) && name.ends_with(journal_suffix);
}

std::optional<std::vector<std::byte>> read_journal_file(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink == 0 ||
      status.st_size > largest_journal) {
    return std::nullopt;
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto got =
        ::pread(descriptor, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return std::nullopt;
    }
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

} // namespace

std::variant<std::unique_ptr<journal_file>, std::string> journal_file::create(
    const std::filesystem::path& state_dir, std::size_t slots) {
  std::error_code error;
  if (!std::filesystem::is_directory(state_dir, error)) {
    std::filesystem::create_directories(state_dir, error);
    if (error) {
      return journal_failure("cannot make the folder", state_dir, error.value());
    }
    std::filesystem::permissions(state_dir, std::filesystem::perms::owner_all, error);
  }
  const auto path = state_dir / (unique_journal_name() + journal_suffix);
  // Whoever looks for journals must not see this one before it is locked.
  const auto unfinished = path.string() + ".new";
  const int descriptor = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return journal_failure("cannot create", unfinished, errno);
  }
  const auto give_up = [&](const std::string& what, int reason) {
    ::unlink(unfinished.c_str());
    ::close(descriptor);
    return journal_failure(what, unfinished, reason);
  };
  const auto size = crash_journal::bytes_for(slots);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return give_up("cannot lock", errno);
  }
  if (const int refused = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
      refused != 0) {
    return give_up("no space for", refused);
  }
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) {
    return give_up("cannot map", errno);
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::munmap(memory, size);
    return give_up("cannot rename", reason);
  }
  return std::unique_ptr<journal_file>{
      new journal_file{path, descriptor, static_cast<std::byte*>(memory), size}};
}

journal_file::~journal_file() {
  ::munmap(memory_, size_);
  ::close(descriptor_);
}

void journal_file::remove() const { ::unlink(path_.c_str()); }

left_journal::left_journal(left_journal&& other) noexcept
    : contents{std::move(other.contents)},
      path_{std::move(other.path_)},
      descriptor_{std::exchange(other.descriptor_, -1)} {}

left_journal::~left_journal() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void left_journal::remove() const { ::unlink(path_.c_str()); }

std::vector<left_journal> take_over_journals(const std::filesystem::path& state_dir) {
  std::vector<left_journal> left;
  std::error_code error;
  for (std::filesystem::directory_iterator at{state_dir, error}, end; !error && at != end;
       at.increment(error)) {
    if (!is_journal(at->path())) {
      continue;
    }
    const int descriptor = ::open(at->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
      continue;
    }
    // A living process has the lock.
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
      if (const auto bytes = read_journal_file(descriptor)) {
        if (auto contents = crash_journal::read(*bytes)) {
          left.emplace_back(at->path(), descriptor, std::move(*contents));
          continue;
        }
      }
    }
    ::close(descriptor);
  }
  return left;
}

} // namespace streamer
