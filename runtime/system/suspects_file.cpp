#include "runtime/system/suspects_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <system_error>

namespace streamer {
namespace {

constexpr const char* suspects_file_name = "suspects";
constexpr std::size_t most_suspect_lines = 20'000;

/// Keeps other workers that share the folder from changing the file meanwhile.
class file_lock {
 public:
  explicit file_lock(const std::filesystem::path& path)
      : descriptor_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
    if (descriptor_ >= 0) {
      ::flock(descriptor_, LOCK_EX);
    }
  }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

 private:
  int descriptor_;
};

std::map<record_place, suspect_mark> read_suspect_marks(const std::filesystem::path& path) {
  std::map<record_place, suspect_mark> marks;
  std::ifstream in{path};
  std::size_t lines = 0;
  for (std::string line; lines < most_suspect_lines && std::getline(in, line); ++lines) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos) {
      continue;
    }
    const auto place = parse_mark_key(std::string_view{line}.substr(0, tab));
    auto mark = decode_mark(std::string_view{line}.substr(tab + 1));
    if (place && mark) {
      marks.insert_or_assign(*place, std::move(*mark));
    }
  }
  return marks;
}

} // namespace

void suspects_file::read(suspect_board& board) const {
  for (const auto& [place, mark] : read_suspect_marks(dir_ / suspects_file_name)) {
    board.put(place, mark);
  }
}

std::optional<std::string> suspects_file::write(std::span<const mark_change> changes) const {
  const auto path = dir_ / suspects_file_name;
  const file_lock lock{path.string() + ".lock"};
  auto marks = read_suspect_marks(path);
  for (const auto& c : changes) {
    if (c.mark) {
      marks.insert_or_assign(c.place, *c.mark);
    } else {
      marks.erase(c.place);
    }
  }
  const auto next = path.string() + ".new";
  std::ofstream out{next, std::ios::trunc};
  for (const auto& [place, mark] : marks) {
    out << mark_key(place) << '\t' << encode_mark(mark) << '\n';
  }
  out.close();
  std::error_code error;
  if (out) {
    std::filesystem::rename(next, path, error);
  }
  if (!out || error) {
    return "cannot write " + path.string() + (error ? ": " + error.message() : "");
  }
  return std::nullopt;
}

} // namespace streamer
