// What the first bytes of an image tell.
#include "workspace/images/image_service.h"

namespace baton::workspace::images {
namespace {

using std::string_view_literals::operator""sv;

// `count` bytes from `at` as a number, the first the highest; they are there.
int BigEndian(std::string_view bytes, std::size_t at, std::size_t count) {
  unsigned value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return static_cast<int>(value & 0x7FFFFFFFU);
}

// Width and height stand in the first frame header (SOF), behind segments of any number.
ImageHeader ReadJpeg(std::string_view bytes) {
  ImageHeader header{.format = "jpeg"};
  std::size_t at = 2;
  while (at + 9 <= bytes.size() && bytes[at] == '\xFF') {
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame) {
      header.height = BigEndian(bytes, at + 5, 2);
      header.width = BigEndian(bytes, at + 7, 2);
      return header;
    }
    at += 2 + static_cast<std::size_t>(BigEndian(bytes, at + 2, 2));
  }
  return header;
}

}  // namespace

ImageHeader ReadImageHeader(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv) && bytes.size() >= 24) {
    return {.format = "png", .width = BigEndian(bytes, 16, 4), .height = BigEndian(bytes, 20, 4)};
  }
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return ReadJpeg(bytes);
  if (bytes.starts_with("RIFF"sv) && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP"sv) {
    return {.format = "webp"};
  }
  return {};
}

}  // namespace baton::workspace::images
