#include "rpc/internal/wire_message.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include "base/check.h"
#include "base/utf8.h"

namespace baton::rpc::internal {
namespace {

namespace pb = google::protobuf;
using WireFormat = pb::internal::WireFormatLite;

// protobuf's own limit for nested messages.
constexpr int kMaxMessageDepth = 100;

std::string Flatten(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!bytes.Dump(&slices).ok()) return out;
  out.reserve(bytes.Length());
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

// Finds the first text that is not UTF-8 and says where it is.
class TextCheck {
 public:
  // Empty if all text up to the end, or up to what cannot be read, is well-formed.
  std::optional<std::string> Message(const pb::Descriptor& type, std::string_view bytes,
                                     const std::string& path, int depth) {
    if (depth > kMaxMessageDepth) return std::nullopt;
    pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                static_cast<int>(bytes.size()));
    std::map<int, int> seen;  // field number → values so far, to name the element
    std::string map_key;
    while (const std::uint32_t tag = in.ReadTag()) {
      if (WireFormat::GetTagWireType(tag) != WireFormat::WIRETYPE_LENGTH_DELIMITED) {
        if (!WireFormat::SkipField(&in, tag)) return std::nullopt;
        continue;
      }
      std::uint32_t length = 0;
      if (!in.ReadVarint32(&length)) return std::nullopt;
      const auto at = static_cast<std::size_t>(in.CurrentPosition());
      if (length > bytes.size() - at || !in.Skip(static_cast<int>(length))) return std::nullopt;
      const auto* field = type.FindFieldByNumber(WireFormat::GetTagFieldNumber(tag));
      if (field == nullptr) continue;
      const std::string_view value = bytes.substr(at, length);
      const std::string name = NameOf(*field, path, map_key, seen[field->number()]++);
      if (auto found = Field(*field, value, name, depth)) return found;
      if (type.options().map_entry() && field->number() == 1) map_key = value;
    }
    return std::nullopt;
  }

 private:
  static std::string NameOf(const pb::FieldDescriptor& field, const std::string& path,
                            const std::string& map_key, int index) {
    if (field.containing_type()->options().map_entry()) {
      return field.number() == 1 ? path + " key" : fmt::format("{}[{}]", path, map_key);
    }
    if (field.is_map() || !field.is_repeated()) return path + "." + field.name();
    return fmt::format("{}.{}[{}]", path, field.name(), index);
  }

  std::optional<std::string> Field(const pb::FieldDescriptor& field, std::string_view value,
                                   const std::string& name, int depth) {
    if (field.type() == pb::FieldDescriptor::TYPE_MESSAGE) {
      return Message(*field.message_type(), value, name, depth + 1);
    }
    if (field.type() != pb::FieldDescriptor::TYPE_STRING) return std::nullopt;
    const std::size_t bad = FindInvalidUtf8(value);
    if (bad == std::string_view::npos) return std::nullopt;
    return fmt::format("{}: byte {} is not valid UTF-8", name, bad);
  }
};

}  // namespace

Status ExplainParseFailure(const pb::Descriptor& type, std::string_view bytes) {
  if (auto found = TextCheck().Message(type, bytes, type.name(), 0)) {
    return {Code::kInvalidArgument, *std::move(found)};
  }
  return Fail(Code::kInvalidArgument, "not a valid {} message", type.name());
}

Status ParseInto(const grpc::ByteBuffer& bytes, pb::Message& message) {
  if (!bytes.Valid()) {  // gRPC could not receive it and tells the client so itself
    return Fail(Code::kInvalidArgument, "no {} message", message.GetDescriptor()->name());
  }
  grpc::ByteBuffer shared(bytes);  // refers to the same slices; reading needs it mutable
  grpc::ProtoBufferReader reader(&shared);
  if (reader.status().ok() && message.ParseFromZeroCopyStream(&reader)) return {};
  return ExplainParseFailure(*message.GetDescriptor(), Flatten(bytes));
}

Result<grpc::ByteBuffer> EncodeMessage(const pb::Message& message, std::size_t max_bytes) {
  // Asked before gRPC does, which counts in an int.
  const std::size_t size = message.ByteSizeLong();
  if (size > max_bytes) {
    return Fail(Code::kResourceExhausted,
                "the {} has {} bytes, more than can be sent: ask for less",
                message.GetDescriptor()->name(), size);
  }
  grpc::ByteBuffer bytes;
  bool owned = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, pb::Message>(message, &bytes, &owned);
  // proto3 messages have no required fields: nothing can be missing.
  BATON_CHECK(status.ok(), status.error_message());
  return bytes;
}

std::string WireText(std::string text) {
  return IsValidUtf8(text) ? std::move(text) : ReplaceInvalidUtf8(text);
}

}  // namespace baton::rpc::internal
