// However a model's stream is cut, the answer is the same, and its text is UTF-8.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "llm/openai/stream.h"

namespace {

struct Outcome {
  std::string text;
  std::string failure;
  std::string answer;
  bool operator==(const Outcome&) const = default;
};

Outcome ReadInPieces(std::string_view bytes, std::size_t piece_bytes) {
  Outcome outcome;
  baton::llm::openai::ChatStream stream;
  baton::Status status;
  while (!bytes.empty() && status.ok() && !stream.done()) {
    const std::size_t size = std::min(piece_bytes, bytes.size());
    status = stream.Feed(bytes.substr(0, size));
    outcome.text += stream.TakeText();
    bytes.remove_prefix(size);
  }
  if (status.ok()) status = stream.End();
  outcome.text += stream.TakeText();
  if (status.ok()) {
    auto response = std::move(stream).Finish({});
    if (response) {
      outcome.answer = baton::json::Serialize(baton::llm::ToJson(response->message));
      BATON_CHECK(response->message.content == outcome.text, "streamed text and answer differ");
    } else {
      status = response.error();
    }
  }
  outcome.failure = status.ToString();
  BATON_CHECK(baton::IsValidUtf8(outcome.text), "invalid UTF-8 came out");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = ReadInPieces(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece_bytes : {1, 5, 64}) {
    BATON_CHECK(ReadInPieces(bytes, piece_bytes) == whole, "a split stream gave another answer");
  }
  return 0;
}
