// Dead letters made of records with any headers: the original's are kept, the program's own are
// replaced and never stacked, and they are read back as they were written.
#include "actors/dlq/dead_letter_record.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tools/dlq/dead_letter.hpp"

#include <algorithm>

namespace {

using namespace streamer;
using fuzz::require;

bool is_own(std::string_view name) {
  return name.starts_with("__dlq.errors.") || name.starts_with("streamer.");
}

record_ref stored(const outbound_event& event, bytes_ref value) {
  record fields;
  fields.offset = offset_id{99};
  fields.timestamp_ms = 1'700'000'000'001;
  fields.value = value;
  return {std::make_shared<detached_records>(event.topic, partition_id{0}, fields, event.headers),
          0};
}

void check_kept(const record_ref& original, const outbound_event& event) {
  std::vector<owned_header> before;
  for (const auto& h : original.headers()) {
    if (!is_own(h.name)) {
      before.push_back({std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
    }
  }
  std::vector<owned_header> after;
  std::copy_if(event.headers.begin(), event.headers.end(), std::back_inserter(after),
               [](const auto& h) { return !is_own(h.name); });
  require(before == after, "the original's headers are kept, in order");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = fuzz::record_from(fuzz::as_text(data, size));
  dead_letter_facts facts;
  facts.tenant = record.header("ce_tenantid").view();
  facts.group = "g";
  facts.attempts = 3;
  facts.first_failed_ms = 1'700'000'000'000;
  facts.message = record.get().value.view();
  const auto letter = make_dead_letter(record, facts, "orders.dlq", 8'192);
  check_kept(record, letter);
  const auto there = stored(letter, record.get().value);
  const auto read = tools::read_dead_letter(there);
  require(read.source_topic == "orders" && read.source_partition == 3 && read.source_offset == 17,
          "where it came from is read back");
  require(read.reason == to_string(facts.reason) && read.attempts == 3, "and why");
  const auto again = make_dead_letter(there, facts, "orders.dlq", 8'192);
  require(again.headers.size() == letter.headers.size(), "error headers are not stacked");
  const auto pointer = make_pointer_record(record, facts, "orders.dlq", 8'192);
  require(tools::read_dead_letter(stored(pointer, {})).reason == "too_large", "a pointer says so");
  // What anybody may have put into a DLQ topic can be looked at.
  const auto any = tools::read_dead_letter(record);
  static_cast<void>(tools::source_of(any));
  return 0;
}
