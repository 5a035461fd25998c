// Protobuf messages on their way in and out, with errors that name the cause.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "base/status.h"

namespace baton::rpc::internal {

// Reads `bytes` into `message`. kInvalidArgument names what is wrong with them:
// "ChatRequest.metadata[topic]: byte 12 is not valid UTF-8", "not a valid ChatRequest message".
Status ParseInto(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

template <typename Message>
Result<Message> ParseMessage(const grpc::ByteBuffer& bytes) {
  Message message;
  Status status = ParseInto(bytes, message);
  if (!status.ok()) return Fail(std::move(status));
  return message;
}

// protobuf writes no larger message.
inline constexpr std::size_t kMaxEncodedBytes = std::numeric_limits<std::int32_t>::max();

// kResourceExhausted for a message larger than `max_bytes`.
Result<grpc::ByteBuffer> EncodeMessage(const google::protobuf::Message& message,
                                       std::size_t max_bytes = kMaxEncodedBytes);

// Why `bytes`, which protobuf could not parse, are no message of this type. Walks the wire
// format; for the failing path only.
Status ExplainParseFailure(const google::protobuf::Descriptor& type, std::string_view bytes);

// Text for a string field. What comes from files and models may not be UTF-8, and one bad
// byte would make other languages' clients drop the whole message.
std::string WireText(std::string text);

}  // namespace baton::rpc::internal
