#include "workspace/internal/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

namespace baton::workspace::internal {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks for the gzip wrapper
constexpr std::size_t kInflateStep = std::size_t{64} << 10U;

// Inflates one member and yields the number of bytes of `in` it took.
Result<std::size_t> InflateMember(z_stream& stream, std::string_view in, std::size_t max_bytes,
                                  std::string& out) {
  // zlib's own interface is not const-correct.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  for (;;) {
    if (out.size() > max_bytes) {
      return Fail(Code::kResourceExhausted, "larger than {} MiB when decompressed",
                  max_bytes >> 20U);
    }
    const std::size_t before = out.size();
    out.resize(before + kInflateStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = kInflateStep;
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kInflateStep - stream.avail_out);
    if (status == Z_STREAM_END) return in.size() - stream.avail_in;
    if (status != Z_OK) {
      return Fail(Code::kInvalidArgument, "damaged gzip file: {}",
                  stream.msg != nullptr ? stream.msg : "it ends too early");
    }
  }
}

bool HasGzipMagic(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

}  // namespace

Result<std::string> Gunzip(std::string_view bytes, std::size_t max_bytes) {
  if (!HasGzipMagic(bytes)) return Fail(Code::kInvalidArgument, "not a gzip file");
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return Fail(Code::kResourceExhausted, "no memory to decompress");
  }
  std::string out;
  Status status;
  // What follows the last member (padding of tapes) is ignored, as gzip itself does.
  while (status.ok() && HasGzipMagic(bytes)) {
    inflateReset(&stream);
    const Result<std::size_t> taken = InflateMember(stream, bytes, max_bytes, out);
    if (taken) {
      bytes.remove_prefix(*taken);
    } else {
      status = taken.error();
    }
  }
  inflateEnd(&stream);
  if (!status.ok()) return Fail(std::move(status));
  if (out.size() > max_bytes) {
    return Fail(Code::kResourceExhausted, "larger than {} MiB when decompressed", max_bytes >> 20U);
  }
  return out;
}

}  // namespace baton::workspace::internal
