#include "tests/support/ledger.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <tuple>

namespace streamer::test {
namespace {

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  }
  return hash;
}

std::string random_bytes(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random{seed};
  std::string bytes;
  bytes.reserve(size + sizeof(std::uint64_t));
  while (bytes.size() < size) {
    auto word = random();
    for (std::size_t i = 0; i < sizeof word; ++i, word >>= 8) {
      bytes.push_back(static_cast<char>(word & 0xff));
    }
  }
  bytes.resize(size);
  return bytes;
}

} // namespace

std::string_view to_string(sent_state state) {
  switch (state) {
    case sent_state::pending: return "pending";
    case sent_state::acknowledged: return "acknowledged";
    case sent_state::failed: return "failed";
    case sent_state::aborted: return "aborted";
  }
  return "unknown";
}

std::string sent_record::id() const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [](const header& h) { return h.name == id_header; });
  return found == headers.end() ? std::string{} : found->value.value_or("");
}

sent_record record_maker::make(const std::string& tenant, const std::optional<std::string>& key,
                               std::optional<std::size_t> bytes, std::vector<header> more) {
  sent_record record;
  record.topic = topic_;
  record.tenant = tenant;
  record.key = key;
  record.sequence = sequences_[{tenant, key}]++;
  const auto id = tenant + "/" + key.value_or("(null)") + "/" + std::to_string(record.sequence);
  if (bytes) {
    record.value = random_bytes(fnv1a(id), *bytes);
  }
  record.headers = {{tenant_header, tenant},
                    {id_header, id},
                    {checksum_header, checksum(record.value.value_or(""))}};
  for (auto& added : more) {
    record.headers.push_back(std::move(added));
  }
  return record;
}

std::string checksum(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto hash = fnv1a(bytes);
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4) {
    *digit = digits[hash & 15];
  }
  return text;
}

std::vector<sent_record> acknowledged(const std::vector<sent_record>& sent) {
  std::vector<sent_record> result;
  std::copy_if(sent.begin(), sent.end(), std::back_inserter(result),
               [](const sent_record& r) { return r.state == sent_state::acknowledged; });
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.offset) < std::tie(b.partition, b.offset);
  });
  return result;
}

} // namespace streamer::test
