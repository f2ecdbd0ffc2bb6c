#include "messages/cloud_event.hpp"

#include <nlohmann/json.hpp>

#include <cctype>

namespace streamer {
namespace {

constexpr std::string_view structured_type = "application/cloudevents+json";
constexpr std::string_view cloud_events_prefix = "application/cloudevents";

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) {
    return false;
  }
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != prefix[i]) {
      return false;
    }
  }
  return true;
}

// Keeps the two attributes of the outermost object and nothing else, so that a
// value of any size or depth costs no memory.
class envelope_reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit envelope_reader(std::size_t max_depth) : max_depth_{max_depth} {}

  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t) override { return scalar(); }
  bool number_unsigned(number_unsigned_t) override { return scalar(); }
  bool number_float(number_float_t, const string_t&) override { return scalar(); }
  bool string(string_t& value) override {
    if (depth_ == 1 && key_ == "type") {
      type = value;
    } else if (depth_ == 1 && key_ == "tenantid") {
      tenant = value;
    }
    return scalar();
  }
  bool binary(binary_t&) override { return scalar(); }
  bool start_object(std::size_t) override { return open(); }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      key_ = name;
    }
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override {
    if (depth_ == 0) {
      problem = "the envelope is a JSON array, not an object";
      return false;
    }
    return open();
  }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem = "the envelope is not JSON at byte " + std::to_string(position);
    return false;
  }

  std::string type;
  std::string tenant;
  std::string problem;

 private:
  bool scalar() {
    if (depth_ == 0) {
      problem = "the envelope is not a JSON object";
      return false;
    }
    return true;
  }
  bool open() {
    if (++depth_ > max_depth_) {
      problem = "the envelope is nested deeper than " + std::to_string(max_depth_);
      return false;
    }
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::size_t max_depth_;
  std::size_t depth_ = 0;
  std::string key_;
};

constexpr std::size_t most_attributes = 64;

// The scalars of the outermost object but the event's data.
class attribute_reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit attribute_reader(std::size_t max_depth) : max_depth_{max_depth} {}

  bool null() override { return true; }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(text); }
  bool string(string_t& value) override { return take(value); }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= max_depth_; }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      key_ = name;
    }
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return ++depth_ <= max_depth_; }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  std::vector<event_attribute> attributes;

 private:
  bool close() {
    --depth_;
    return true;
  }
  bool take(std::string text) {
    if (depth_ == 1 && key_ != "data" && key_ != "data_base64" &&
        attributes.size() < most_attributes) {
      attributes.emplace_back(key_, std::move(text));
    }
    return true;
  }

  std::size_t max_depth_;
  std::size_t depth_ = 0;
  std::string key_;
};

event_facts undecodable(std::string problem) {
  event_facts facts;
  facts.encoding = event_encoding::undecodable;
  facts.problem = std::move(problem);
  return facts;
}

} // namespace

event_encoding detect_encoding(const record_ref& record) {
  const auto content_type = record.header("content-type").view();
  if (starts_with_ignoring_case(content_type, structured_type)) {
    return event_encoding::structured;
  }
  if (starts_with_ignoring_case(content_type, cloud_events_prefix)) {
    return event_encoding::undecodable; // the batch format is not defined for Kafka
  }
  return record.header("ce_specversion").is_null() ? event_encoding::none : event_encoding::binary;
}

event_facts read_envelope(bytes_ref value, const envelope_limits& limits) {
  if (value.is_null()) {
    return undecodable("the envelope is null");
  }
  if (value.size() > limits.max_bytes) {
    return undecodable("the envelope has " + std::to_string(value.size()) +
                       " bytes, more than the limit of " + std::to_string(limits.max_bytes));
  }
  envelope_reader reader{limits.max_depth};
  const auto text = value.view();
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    return undecodable(std::move(reader.problem));
  }
  if (reader.type.empty()) {
    return undecodable("the envelope has no type");
  }
  event_facts facts;
  facts.encoding = event_encoding::structured;
  facts.type = std::move(reader.type);
  facts.tenant = std::move(reader.tenant);
  return facts;
}

std::vector<event_attribute> event_attributes(const record_ref& record,
                                              const envelope_limits& limits) {
  std::vector<event_attribute> attributes;
  switch (detect_encoding(record)) {
    case event_encoding::binary:
      for (const auto& h : record.headers()) {
        if (attributes.size() == most_attributes) {
          break;
        }
        if (h.name.starts_with("ce_") && !h.value.is_null()) {
          attributes.emplace_back(h.name.substr(3), h.value.view());
        } else if (h.name == "content-type") {
          attributes.emplace_back("datacontenttype", h.value.view());
        }
      }
      break;
    case event_encoding::structured: {
      const auto text = record.get().value.view();
      attribute_reader reader{limits.max_depth};
      if (text.size() <= limits.max_bytes &&
          nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
        attributes = std::move(reader.attributes);
      }
      break;
    }
    case event_encoding::none:
    case event_encoding::undecodable: break;
  }
  return attributes;
}

event_facts read_facts(const record_ref& record, const envelope_limits& limits) {
  event_facts facts;
  facts.encoding = detect_encoding(record);
  switch (facts.encoding) {
    case event_encoding::none: break;
    case event_encoding::binary: {
      const auto type = record.header("ce_type");
      if (!type.is_null()) {
        facts.type = std::string{type.view()};
      }
      facts.tenant = std::string{record.header("ce_tenantid").view()};
      break;
    }
    case event_encoding::structured: return read_envelope(record.get().value, limits);
    case event_encoding::undecodable:
      return undecodable("the content type is not one that Kafka's binding defines");
  }
  return facts;
}

} // namespace streamer
